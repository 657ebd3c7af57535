import json
from datetime import UTC, date, datetime

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.feeds import Feed, FeedEntry, atom, json_feed, sitemap, sitemap_index

SITE = "https://news.example.org"
THEN = datetime(2026, 3, 14, 7, tzinfo=UTC)


def feed(*entries: FeedEntry, title: str = "The Five") -> Feed:
    return Feed(SITE, title, "en", entries)


@given(st.text(), st.text())
def test_whatever_is_said_both_feeds_can_be_read(title: str, html: str) -> None:
    made = feed(FeedEntry(f"{SITE}/archive/2026-03-14", title, THEN, html), title=title)
    parsed = feedparser.parse(atom(made))
    assert not parsed.bozo
    assert [entry.id for entry in parsed.entries] == [f"{SITE}/archive/2026-03-14"]
    assert json.loads(json_feed(made))["items"][0]["content_html"] == html


def test_html_comes_out_as_it_went_in() -> None:
    html = '<ol><li><p dir="auto">1 &lt; 2 &amp; “3”</p></li></ol>'
    parsed = feedparser.parse(
        atom(feed(FeedEntry(f"{SITE}/a", "T", THEN, html))), sanitize_html=False
    )
    assert parsed.entries[0].content[0].value == html


def test_a_feed_without_entries_is_one() -> None:
    parsed = feedparser.parse(atom(feed()))
    assert (parsed.bozo, parsed.version, parsed.feed.id) == (False, "atom10", f"{SITE}/")
    assert json.loads(json_feed(feed()))["items"] == []


def test_maps() -> None:
    made = sitemap([(f"{SITE}/a?b&c", date(2026, 3, 14)), (f"{SITE}/d", None)]).decode()
    assert made.startswith('<?xml version="1.0" encoding="utf-8"?>\n<urlset')
    assert f"<loc>{SITE}/a?b&amp;c</loc>" in made
    assert made.count("<lastmod>") == 1
    assert "<sitemapindex" in sitemap_index([f"{SITE}/sitemap-0.xml"]).decode()
