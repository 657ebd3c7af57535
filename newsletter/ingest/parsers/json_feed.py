"""JSON Feed: the episodes of a podcast, or the clips that somebody keeps."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import markdown_blocks
from newsletter.ingest.parsers.dialects import page_of
from newsletter.ingest.parsers.inline import time_in_url
from newsletter.ingest.parsers.its_links import without_time
from newsletter.ingest.parsers.metadata import Facts, completed, names
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, clean, is_web

DIALECT = "JSON Feed"


def is_feed(whole: Mapping[str, Any]) -> bool:
    items = whole.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return False
    return any("content_html" in item or "content_text" in item for item in items)


def pages_of_feed(whole: Mapping[str, Any]) -> list[Page]:
    """The feed is the podcast. Its items are episodes where one of them says several things, and
    else the clips of a page, of which each has its own address."""
    show = replace(Brief(()), podcast=clean(text_at(whole, "title"))[:500])
    told = [(item, list(_content(item))) for item in whole["items"]]
    if any(time_in_url(_elsewhere(item)) is not None for item in whole["items"]):
        return [_kept(item, said) for item, said in told]
    if len(told) == 1 or any(sum(not each.verdict for each in said) > 1 for _, said in told):
        return [_item(show, item, said) for item, said in told]
    return [Page(show, [each for item, said in told for each in _clips(item, said)], DIALECT)]


def _elsewhere(item: Mapping[str, Any]) -> str:
    """The address on another site that an item is about; "" where it is about none."""
    url = text_at(item, "external_url")
    return url if is_web(url) and _site(url) != _site(text_at(item, "url")) else ""


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "") if is_web(url) else ""


def _kept(item: Mapping[str, Any], said: Sequence[Paragraph]) -> Page:
    """A clip in somebody's log: neither the feed nor the day on which it was kept is the episode's.
    What leads to no episode is about the log."""
    link = _elsewhere(item)
    if not link:
        beside = [replace(each, line=1, verdict="noise", rule="about the feed") for each in said]
        return Page(Brief(()), beside)
    facts = Facts()
    facts.add_heading(text_at(item, "title"))
    about = completed(Brief((), url=without_time(link)), facts)
    second = time_in_url(link)
    placed = [
        replace(each, line=1, link=each.link or link, at=second if each.at is None else each.at)
        for each in said
    ]
    return Page(about, placed, DIALECT)


def _item(show: Brief, item: Mapping[str, Any], said: Sequence[Paragraph]) -> Page:
    facts = Facts()
    facts.add("title", text_at(item, "title"))
    facts.add("url", text_at(item, "url") or text_at(item, "external_url"))
    facts.add("published", text_at(item, "date_published"))
    facts.speakers += _authors(item)
    about = completed(show, facts)
    return Page(about, [replace(each, line=1) for each in said], DIALECT)


def _clips(item: Mapping[str, Any], said: Sequence[Paragraph]) -> Iterator[Paragraph]:
    url, authors = text_at(item, "url"), _authors(item)
    own = url if is_web(url) else ""
    alone = authors[0] if len(authors) == 1 else ""
    for each in said:
        yield replace(each, line=1, link=each.link or own, speaker=each.speaker or alone)


def _content(item: Mapping[str, Any]) -> Iterator[Paragraph]:
    if content := text_at(item, "content_html"):
        from newsletter.ingest.parsers import html

        with suppress(BriefRejected):  # of an item without text the others are read
            for page in html.read(content):
                yield from page.paragraphs
    elif content := text_at(item, "content_text"):
        yield from page_of(Brief(()), markdown_blocks(content, 1), Facts()).paragraphs


def text_at(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""


def _authors(item: Mapping[str, Any]) -> list[str]:
    listed = item.get("authors")
    people = listed if isinstance(listed, list) else [item.get("author")]
    named = (text_at(person, "name") for person in people if isinstance(person, dict))
    return [name for text in named for name in names(text)]
