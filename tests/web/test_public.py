"""The public pages, over the whole application as ``newsletter serve`` has it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import quote, urlencode

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring
from sqlalchemy import func, select

from newsletter.cli import main
from newsletter.domain.model import Brief, Mention
from newsletter.services.insights import Editor
from newsletter.storage.schema import metadata
from tests.builders import NOON, TODAY, unlike
from tests.web.public_site import (
    BASE,
    HARBOURS,
    SLEEP,
    YESTERDAY,
    PublicSite,
    filled,
    new_site,
    said,
)

BERTHS = "berth plans"
TABLES = metadata.sorted_tables
EVERYWHERE = (
    "/archive",
    f"/archive/{TODAY}",
    "/shows",
    "/shows/salt-steel",
    "/topics",
    "/topics/harbours-ships",
    "/search",
    "/search?q=harbours",
    "/feed.atom",
    "/feed.json",
    "/sitemap.xml",
    "/robots.txt",
    "/site.css",
    "/healthz",
)


@pytest.fixture(autouse=True, scope="module")
def no_second_passes() -> Iterator[None]:
    """What changes shows at once, not within a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newsletter.web.page_cache._FRESH_SECONDS", -1.0)
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicSite]:
    """For who changes nothing."""
    made = filled(tmp_path_factory.mktemp("site"))
    yield made
    made.app.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[PublicSite]:
    made = filled(tmp_path)
    yield made
    made.app.close()


def page(site: PublicSite, path: str) -> HtmlElement:
    answer = site.client.get(path)
    assert answer.status_code == 200, path
    return document_fromstring(answer.text)


def links(html: HtmlElement) -> list[str]:
    return [str(link) for link in html.xpath("//main//a/@href")]


def shown(html: HtmlElement) -> str:
    return " ".join(html.text_content().split())


def editor(site: PublicSite) -> Editor:
    return Editor(site.store, "ed", NOON)


def test_the_archive_has_the_issues_that_went_out(site: PublicSite) -> None:
    assert links(page(site, "/archive")) == [f"/archive/{TODAY}", f"/archive/{YESTERDAY}"]


def test_an_issue_shows_from_its_hour_on(tmp_path: Path) -> None:
    """Composed for a reader far in the east, it is public once the house reader's hour has come."""
    early = filled(tmp_path, "[schedule]\nsend_hour = 13\n")
    assert links(page(early, "/archive")) == [f"/archive/{YESTERDAY}"]
    assert early.client.get(f"/archive/{TODAY}").status_code == 404
    early.app.close()


def test_an_issue_has_the_very_body_of_its_message(own: PublicSite) -> None:
    """The message that `newsletter preview --eml` writes; the page's end alone is its own."""
    target = own.folder / "preview.eml"
    words = ["--config", str(own.folder / "config.toml"), "preview", "--date", str(TODAY)]
    assert main([*words, "--eml", "--out", str(target)], clock=lambda: NOON) == 0
    parsed = message_from_bytes(target.read_bytes(), policy=policy.default).get_body(("html",))
    assert parsed
    email_head, email_body, email_end = in_three(str(parsed.get_content()).replace("\r\n", "\n"))
    answer = own.client.get(f"/archive/{TODAY}")
    page_head, page_body, page_end = in_three(answer.text)
    assert len(email_body) > 5_000
    assert page_body == email_body
    assert page_head.startswith(email_head)
    assert "/u/" in email_end
    assert "reader@example.org" in email_end
    assert "/u/" not in answer.text
    assert "reader@example.org" not in answer.text
    leads_to = re.findall(r'href="([^"]+)"', page_end)
    assert leads_to == [f"{BASE}/", f"{BASE}/archive", f"{BASE}/link"]
    csp = answer.headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in csp
    assert "script-src" not in csp
    assert "default-src 'none'" in csp


def in_three(html: str) -> list[str]:
    """Its head, its body down to the end, and the end."""
    head, body = html.split("</head>")
    return [head, *body.split('<tr><td class="footer"')]


def test_an_insight_has_its_source_its_subjects_and_its_kin(site: PublicSite) -> None:
    html = page(site, site.path(BERTHS))
    assert shown(html.xpath("//h1")[0]) == HARBOURS[0].partition(". ")[0] + "."
    text = shown(html)
    assert "Inês Carvalho" in text
    assert "Listen from 12:34" in text
    found = links(html)
    assert "https://salt.example/41#t=754" in found
    assert {"/shows/salt-steel", "/topics/harbours-ships", "/topics/sleep"} <= set(found)
    [kin] = html.xpath("//section//a/@href")
    assert kin == site.path("tell ships")


def test_the_beginning_of_an_episode_is_no_second_of_it(own: PublicSite) -> None:
    start = Mention("Owls turn their heads because their eyes cannot move.", "lead", at=0)
    own.record("owl.txt", Brief((start,), podcast="Owls", url="https://owl.example/1"))
    text = shown(page(own, own.path("Owls")))
    assert "Go to the episode" in text
    assert "0:00" not in text


def test_other_addresses_of_an_insight_lead_to_the_right_one(site: PublicSite) -> None:
    right = site.path(BERTHS)
    number = site.number(BERTHS)
    for path in (f"/insight/{number}", f"/insight/{number}/wrong", f"{right}-and-more"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (301, right)
    canonical = page(site, right).xpath("//link[@rel='canonical']/@href")
    assert canonical == [BASE + right]


def test_a_correction_is_what_is_shown(own: PublicSite) -> None:
    before = own.path(SLEEP)
    assert own.client.get(before).status_code == 200
    editor(own).edit(own.number(SLEEP), "Naps before a night shift help. So say nurses.")
    assert own.client.get(before).headers["location"] == own.path(SLEEP)
    text = shown(page(own, own.path(SLEEP)))
    assert "Naps before a night shift help." in text
    assert SLEEP not in text
    assert "Naps before" in shown(page(own, "/shows/night-desk"))


def test_a_blocked_insight_is_nowhere(own: PublicSite) -> None:
    path, number = own.path(BERTHS), own.number(BERTHS)
    kin = own.path("tell ships")
    assert path in links(page(own, kin))
    editor(own).block(number)
    assert own.client.get(path).status_code == 404
    assert own.client.get(f"/picture/insight-{number}.png").status_code == 404
    assert path not in links(page(own, kin))
    assert own.client.get("/shows/salt-steel").status_code == 404
    for listed in ("/search?q=berth+plans", "/feed.atom", "/sitemap.xml", "/archive"):
        text = own.client.get(listed).text.replace('value="berth plans"', "")
        assert "berth plans" not in text, listed
        assert path not in text, listed
    editor(own).unblock(number)
    assert own.client.get(path).status_code == 200


def test_what_is_dated_tomorrow_is_not_public_yet(own: PublicSite) -> None:
    own.record("9.txt", said(("A melon ripens off its vine.",), "Stall", "", TODAY + timedelta(1)))
    assert own.client.get(f"/insight/{own.number('melon')}").status_code == 404
    assert "melon" not in own.client.get("/search?q=melon").text.partition("</form>")[2]
    assert own.client.get("/shows/stall").status_code == 404


@pytest.mark.parametrize(("query", "first"), [("harbour berths", "berth"), ("nap", "nap")])
def test_search_finds_the_nearest(site: PublicSite, query: str, first: str) -> None:
    html = page(site, f"/search?q={query}")
    assert first in shown(html.xpath("//main//li")[0])


def test_search_finds_parts_of_words_and_says_when_there_is_nothing(site: PublicSite) -> None:
    assert "varnish" in shown(page(site, "/search?q=varni").xpath("//main")[0])
    assert "Nothing in the archive" in shown(page(site, "/search?q=zzzz"))
    assert "<li>" not in site.client.get("/search").text.partition("<main")[2]
    answer = site.client.get("/search?q=nap")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"


def test_long_lists_have_pages(tmp_path: Path) -> None:
    many = new_site(tmp_path)
    texts = [unlike(number) for number in range(45)]
    many.record("1.txt", said(texts, "Long Show", "", TODAY))
    first, last = page(many, "/shows/long-show"), page(many, "/shows/long-show?page=3")
    assert (len(first.xpath("//main//li")), len(last.xpath("//main//li"))) == (20, 5)
    assert first.xpath("//a[@rel='next']/@href") == ["?page=2"]
    assert page(many, "/shows/long-show?page=2").xpath("//a[@rel='prev']/@href") == [
        "/shows/long-show"
    ]
    assert not last.xpath("//a[@rel='next']")
    seen = [link for n in (1, 2, 3) for link in links(page(many, f"/shows/long-show?page={n}"))]
    assert len({link for link in seen if "/insight/" in link}) == 45
    for wrong in ("4", "0", "-1", "x", "1e9", "99999999999", "²", ""):
        assert many.client.get(f"/shows/long-show?page={wrong}").status_code == 404
    many.app.close()


def test_an_empty_archive_is_no_mistake(tmp_path: Path) -> None:
    empty = new_site(tmp_path)
    for path in ("/archive", "/shows", "/topics", "/search?q=x", "/feed.atom", "/sitemap.xml"):
        assert empty.client.get(path).status_code == 200, path
    assert "No issue has gone out yet." in empty.client.get("/archive").text
    empty.app.close()


def test_atom_is_read_by_a_feed_reader(site: PublicSite) -> None:
    answer = site.client.get("/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert [entry.link for entry in feed.entries] == [
        f"{BASE}/archive/{TODAY}",
        f"{BASE}/archive/{YESTERDAY}",
    ]
    assert feed.entries[0].published == f"{TODAY}T07:00:00Z"
    assert "<script>" not in str(feed.entries)


def test_json_feed_has_what_the_format_asks_for(site: PublicSite) -> None:
    answer = site.client.get("/feed.json")
    feed = answer.json()
    assert answer.headers["content-type"].startswith("application/feed+json")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{BASE}/feed.json"
    for item in feed["items"]:
        assert item["id"] == item["url"]
        assert item["content_html"]
        assert item["date_published"].endswith("T07:00:00Z")


def mapped(site: PublicSite, path: str) -> list[str]:
    """The paths of a map's addresses, which are all ours."""
    urls = re.findall("<loc>(.*?)</loc>", site.client.get(path).text)
    assert all(url.startswith(BASE) for url in urls)
    return [url.removeprefix(BASE) for url in urls]


def test_the_map_leads_to_pages_that_are_there(site: PublicSite) -> None:
    found = mapped(site, "/sitemap.xml")
    assert len(found) > 10
    for path in found:
        assert site.client.get(path).status_code == 200, path
    assert site.client.get("/robots.txt").text.endswith(f"Sitemap: {BASE}/sitemap.xml\n")


def test_a_large_archive_has_a_map_of_maps(
    own: PublicSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.web.feeds._BLOCK", 2)
    maps = mapped(own, "/sitemap.xml")
    assert "<sitemapindex" in own.client.get("/sitemap.xml").text
    assert len(maps) == 5  # the lists, and eight insights by two
    paths = [path for each in maps for path in mapped(own, each)]
    assert len(paths) == len(set(paths))
    assert sum("/insight/" in path for path in paths) == 8
    assert own.client.get("/sitemap-5.xml").status_code == 404


def test_pictures_are_made_once_and_are_png(own: PublicSite) -> None:
    for path in (f"/picture/insight-{own.number(SLEEP)}.png", f"/picture/issue-{TODAY}.png"):
        answer = own.client.get(path)
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
        assert own.client.get(path).content == answer.content
        assert (
            own.client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code
            == 304
        )
    assert len(list((own.folder / "newsletter.db.pictures").iterdir())) == 2
    assert own.client.get("/picture/insight-99.png").status_code == 404
    assert own.client.get("/picture/issue-2020-01-01.png").status_code == 404


def test_shared_pages_say_what_they_are(site: PublicSite) -> None:
    for path in (site.path(BERTHS), f"/archive/{TODAY}"):
        html = page(site, path)
        about = {
            str(one.get("property")): one.get("content") for one in html.xpath("//meta[@property]")
        }
        assert about["og:url"] == BASE + path
        assert about["og:title"]
        picture = str(about["og:image"]).removeprefix(BASE)
        assert site.client.get(picture).status_code == 200


def test_the_public_side_can_be_turned_off(tmp_path: Path) -> None:
    closed = filled(tmp_path, "[web]\npublic = false\n")
    for path in EVERYWHERE:
        expected = 200 if path in {"/site.css", "/healthz"} else 404
        assert closed.client.get(path).status_code == expected, path
    assert "/archive" not in closed.client.get("/nothing").text
    assert closed.client.get("/u/x").status_code == 404
    assert "Unsubscribe" not in closed.client.get("/nothing").text
    closed.app.close()


def test_search_engines_can_be_asked_to_stay_away(tmp_path: Path) -> None:
    shy = filled(tmp_path, '[web]\nrobots = "noindex"\n')
    for path in ("/archive", f"/archive/{TODAY}", "/topics", "/feed.atom", "/site.css"):
        assert shy.client.get(path).headers["x-robots-tag"] == "noindex", path
    assert 'name="robots" content="noindex"' in shy.client.get("/archive").text
    assert "Sitemap" not in shy.client.get("/robots.txt").text
    shy.app.close()


def test_without_an_address_there_is_nothing_absolute(tmp_path: Path) -> None:
    bare = filled(tmp_path, base_url="")
    assert bare.client.get("/feed.atom").status_code == 404
    html = page(bare, bare.path(BERTHS))
    assert not html.xpath("//link[@rel='canonical']|//meta[@property]")
    bare.app.close()


def test_links_stand_under_the_path_of_the_address(tmp_path: Path) -> None:
    below = filled(tmp_path, base_url=f"{BASE}/daily")
    html = document_fromstring(below.client.get("/archive").text)
    inside = [str(link) for link in html.xpath("//@href") if str(link).startswith("/")]
    assert inside
    assert all(link.startswith("/daily/") for link in inside)
    number = below.number(SLEEP)
    assert below.client.get(f"/insight/{number}").headers["location"].startswith("/daily/insight/")
    below.app.close()


def test_the_host_header_changes_nothing(site: PublicSite) -> None:
    for path in ("/archive", "/feed.atom", "/robots.txt", f"/archive/{TODAY}"):
        answer = site.client.get(path, headers={"Host": "evil.example"})
        assert answer.text == site.client.get(path).text
        assert "evil.example" not in answer.text


def test_a_page_says_when_it_is_known_already(site: PublicSite) -> None:
    for path in ("/archive", site.path(BERTHS), f"/archive/{TODAY}", "/feed.atom", "/sitemap.xml"):
        first = site.client.get(path)
        assert first.headers["last-modified"]
        again = site.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        since = {"If-Modified-Since": first.headers["last-modified"]}
        assert site.client.get(path, headers=since).status_code == 304


def test_public_pages_are_small(site: PublicSite) -> None:
    sheet = len(site.client.get("/site.css").content)
    for path in (*EVERYWHERE[:8], site.path(BERTHS)):
        size = len(site.client.get(path).content) + sheet * ("/archive/" not in path)
        assert size < 30_000, (path, size)


def test_what_is_hostile_is_text(site: PublicSite) -> None:
    """Also where it is a show, a topic, an episode, and the name of the newsletter."""
    paths = [*EVERYWHERE[:8], site.path("alert"), "/feed.atom", "/feed.json"]
    for path in paths:
        text = site.client.get(path).text
        assert "<script" not in text, path
        assert "<h1>Big" not in text, path
        assert "javascript:" not in text, path
        assert "49" not in shown(document_fromstring(site.client.get(site.path("alert")).text))
    text = shown(page(site, site.path("alert")))
    assert "<script>alert(1)</script> {{ 7*7 }} {% raw %}" in text
    assert "\x1b" not in text
    assert "\x00" not in site.client.get(site.path("alert")).text


def test_a_very_long_insight_has_its_page(tmp_path: Path) -> None:
    long = new_site(tmp_path)
    long.record(
        "1.txt", said(("x" * 10_000, "word " * 2_000, "👩🏽‍🚀" * 500), "y" * 3_000, "", TODAY)
    )
    for path in ("/shows", "/search?q=word", "/sitemap.xml", "/topics/sleep"):
        assert long.client.get(path).status_code == 200
    for number in (1, 2, 3):
        right = long.client.get(f"/insight/{number}").headers["location"]
        assert len(right) < 1_000
        assert long.client.get(right).status_code == 200
        assert long.client.get(f"/picture/insight-{number}.png").status_code == 200
    long.app.close()


def test_head_is_answered_like_get(site: PublicSite) -> None:
    for path in EVERYWHERE:
        got, asked = site.client.get(path), site.client.head(path)
        assert (asked.status_code, asked.content) == (got.status_code, b"")


def test_a_database_that_is_gone_is_said_so(own: PublicSite) -> None:
    assert own.client.get("/healthz").text == "ok\n"
    own.store.engine.dispose()
    (own.folder / "newsletter.db").rename(own.folder / "away")
    assert own.client.get("/healthz").status_code == 503
    answer = own.client.get("/archive")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert str(own.folder) not in answer.text + own.client.get("/healthz").text
    (own.folder / "away").rename(own.folder / "newsletter.db")
    assert own.client.get("/archive").status_code == 200


PIECES = st.one_of(
    st.sampled_from(
        [
            *("archive", "insight", "shows", "topics", "search", "view", "picture", "u"),
            *("feed.atom", "sitemap-1.xml", "insight-1.png", "issue-2026-03-14.png", "1", "-1"),
            *("2026-03-14", "20260314", "2026-W11-6", "99999999999999999999", "salt-steel", ".."),
            *("%00", "%ff", "%2e%2e", "%c0%af", "<b>", "{{7*7}}", "\u202e", "é", "*", "'--"),
        ]
    ),
    st.text(max_size=12),
)
QUERIES = st.dictionaries(
    st.sampled_from(["q", "page", "x", "undo"]), st.text(max_size=300), max_size=3
)


@given(st.lists(PIECES, max_size=4), QUERIES, st.sampled_from(["GET", "HEAD", "POST", "PUT"]))
def test_no_path_breaks_anything(
    site: PublicSite, pieces: list[str], query: dict[str, str], method: str
) -> None:
    """No 500, nothing changed, nothing of the request in the answer as markup."""
    asked = urlencode({**query, "mark": "<i>mark</i>"}, errors="replace")
    path = "/".join(quote(piece, safe="%*", errors="replace") for piece in pieces).lstrip("/")
    before = counts(site)
    answer = site.client.ask(method, f"/{path}?{asked}")
    assert answer.status_code < 500
    assert "<i>" not in answer.text
    assert "<b>" not in answer.text
    assert counts(site) == before


@given(st.text(max_size=400))
def test_what_is_searched_for_is_only_ever_text(site: PublicSite, query: str) -> None:
    asked = urlencode({"q": query + "<i>\"'</i>"}, errors="replace")
    answer = site.client.get(f"/search?{asked}")
    assert answer.status_code == 200
    assert "<i>" not in answer.text


def counts(site: PublicSite) -> list[int]:
    """The rows of every table."""
    with site.store.reading() as db:
        return [db.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]
