"""Feeds of the house issues (Atom, RFC 4287; JSON Feed 1.1), and the map of the site."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from newsletter.rendering.renderer import without_controls

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An issue; ``html`` is a fragment."""

    url: str
    title: str
    published: datetime
    html: str


@dataclass(frozen=True, slots=True)
class Feed:
    """``site`` is the address of the newsletter, without a slash at its end; ``entries`` have the
    newest first."""

    site: str
    title: str
    language: str
    entries: Sequence[FeedEntry]

    @property
    def updated(self) -> datetime:
        return self.entries[0].published if self.entries else _BEGINNING


def atom(feed: Feed) -> bytes:
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": feed.language})
    _add(root, "id", f"{feed.site}/")
    _add(root, "title", feed.title)
    _add(root, "updated", _written(feed.updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{feed.site}/feed.atom")
    _add(root, "link", rel="alternate", type="text/html", href=f"{feed.site}/archive")
    _add(_add(root, "author"), "name", feed.title)
    for entry in feed.entries:
        element = _add(root, "entry")
        _add(element, "id", entry.url)
        _add(element, "title", entry.title)
        _add(element, "link", rel="alternate", type="text/html", href=entry.url)
        _add(element, "published", _written(entry.published))
        _add(element, "updated", _written(entry.published))
        _add(element, "content", entry.html, type="html")
    return _xml(root)


def json_feed(feed: Feed) -> bytes:
    return msgspec.json.encode(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": f"{feed.site}/archive",
            "feed_url": f"{feed.site}/feed.json",
            "language": feed.language,
            "authors": [{"name": feed.title}],
            "items": [_item(entry) for entry in feed.entries],
        }
    )


def _item(entry: FeedEntry) -> dict[str, Any]:
    return {
        "id": entry.url,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": _written(entry.published),
    }


def sitemap(pages: Iterable[tuple[str, date | None]]) -> bytes:
    """sitemaps.org: addresses, each with the day of its last change where that is known; at most
    50,000."""
    return _map("urlset", "url", pages)


def sitemap_index(maps: Iterable[str]) -> bytes:
    return _map("sitemapindex", "sitemap", ((url, None) for url in maps))


def _map(name: str, each: str, pages: Iterable[tuple[str, date | None]]) -> bytes:
    root = Element(name, {"xmlns": _SITEMAP})
    for url, day in pages:
        element = _add(root, each)
        _add(element, "loc", url)
        if day:
            _add(element, "lastmod", day.isoformat())
    return _xml(root)


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    element = SubElement(parent, name, attributes)
    element.text = _plain(text) or None
    return element


def _plain(text: str) -> str:
    """XML 1.0 (2.2) has no place for control characters, nor for two that are no characters."""
    return without_controls(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def _xml(root: Element) -> bytes:
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n%s\n' % tostring(root, encoding="utf-8")


def _written(instant: datetime) -> str:
    """RFC 3339."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
