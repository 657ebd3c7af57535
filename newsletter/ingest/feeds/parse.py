"""A feed's bytes as episodes, by feedparser: RSS and Atom, broken ones too. Pure."""

import html
import math
import re
from calendar import timegm
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser

from newsletter.domain.episode import Chapter, Episode
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import digest
from newsletter.domain.urls import resolved, web_address, without_user
from newsletter.ingest.feeds.podcast_tags import PodcastTags, podcast_tags
from newsletter.ingest.feeds.text import as_xml_text, without_traps

_MOST_TAGS = 300_000
"""A thousand long items have half as many; a broken tag takes up to 80 microseconds."""
_MOST_ATTRIBUTES = 1_000
"""Of one tag, and of all namespaces: feedparser's time grows with the square of either. An address
with many parameters or a page's styles inside of one have a few hundred equals signs."""
_LONGEST_TITLE = 500
_LONGEST_NOTES = 200_000
_MOST_CHAPTERS = 500
_FIRST_YEAR, _LAST_YEAR = 1995, 2999
_TAG = re.compile(r"<[^<>]*>")
_OPEN_TAG = re.compile(r"<[A-Za-z_](?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+")
_NAMESPACE = re.compile(r"xmlns:([^\s=]{1,100})")
_ROOT = re.compile(r"<(?:\w{1,40}:)?(?:rss|feed|rdf)\b[^<>]*(?<!/)>", re.IGNORECASE)
_ROOT_END = re.compile(r"</(?:\w{1,40}:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w{1,40}:)?(?:item|entry)\b", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:\w{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_LINK = re.compile(r"<link\b[^<>]{1,2000}>", re.IGNORECASE)
_NAMED = re.compile(r"""(?<![\w-])(rel|type|href)\s?=\s?(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IS_FEED = re.compile(r"application/(?:rss|atom)\+xml\b", re.IGNORECASE)
_LONGEST_EPISODE = 7 * 24 * 3600


class FeedRejected(NewsletterError):
    """The bytes are no feed."""


@dataclass(frozen=True, slots=True)
class Feed:
    """``episodes`` are sorted, the newest first; those without a date keep their place in the file,
    after the others. No two have the same guid. ``cut_off``: the end of it never came; an entry of
    which only the beginning did is none of them."""

    title: str
    episodes: tuple[Episode, ...]
    cut_off: bool = False


def parse(data: bytes, url: str, charset: str = "") -> Feed:
    """``url`` is where the bytes came from: relative links are relative to it. Raises FeedRejected.

    An episode is itself by its guid; where that is missing, or shared with another item, by its
    enclosure as well, and without one by its link.
    """
    text = as_xml_text(data, charset)
    if not text:
        raise FeedRejected("it is empty")
    if trap := _trap(text):
        raise FeedRejected(trap)
    cut_off = bool(_ROOT.search(text)) and not _ROOT_END.search(text)
    text = _without_half(text) if cut_off else text
    document = _document(text, url)
    if not document["entries"] and not document["version"]:
        raise FeedRejected(_no_feed(text, url))
    channel, tags = podcast_tags(text, url)
    title = _title(document["feed"])
    entries = document["entries"]
    dated = [
        (_instant(entry), _episode(entry, tag, channel, title))
        for entry, tag in zip(entries, _matched(entries, tags), strict=True)
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    dated.sort(key=lambda pair: pair[0] or oldest, reverse=True)
    return Feed(title, tuple(_told_apart([episode for _, episode in dated])), cut_off)


def _without_half(text: str) -> str:
    """Without the entry in the middle of which it was cut off: half of its notes are none."""
    last = max((end.end() for end in _ENTRY_END.finditer(text)), default=0)
    half = _ENTRY.search(text, last)
    return text[: half.start()] if half else text


def _trap(text: str) -> str:
    """Why it would take too long to read; empty where it does not."""
    if text.count("<") > _MOST_TAGS:
        return f"it has more than {_MOST_TAGS:,} tags"
    if any(tag[0].count("=") > _MOST_ATTRIBUTES for tag in _OPEN_TAG.finditer(text)):
        return f"a tag of it has more than {_MOST_ATTRIBUTES:,} attributes"
    if len(set(_NAMESPACE.findall(text))) > _MOST_ATTRIBUTES:
        return f"it has more than {_MOST_ATTRIBUTES:,} namespaces"
    return ""


def _document(text: str, url: str) -> Any:
    # feedparser opens a file of that name if it is given bytes, and fetches if it is given an
    # address; from a stream it only reads. Without a content type it takes UTF-8 for Latin-1.
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        return feedparser.parse(
            BytesIO(without_traps(text).encode()),
            response_headers=headers,
            resolve_relative_uris=False,  # inside of notes: with cleaning, nearly half the time
            sanitize_html=False,
        )
    except Exception as error:  # its loose parser raises what int() and chr() do, and others
        raise FeedRejected(f"feedparser cannot read it: {error!r:.200}") from error


def _no_feed(text: str, url: str) -> str:
    start = text[:2000].lower()
    if "<opml" in start:
        return (
            "it is OPML, a list of feeds and no feed: download it, and name the file to"
            " `newsletter sources add`"
        )
    if "<html" not in start:
        return "it is neither RSS nor Atom"
    feed = _feed_of_page(text, url)
    return f"it is a web page, no feed; its feed is {feed}" if feed else "it is a web page, no feed"


def _feed_of_page(page: str, url: str) -> str:
    """The first that it names, as ``<link rel="alternate" type="application/rss+xml">``."""
    for tag in _LINK.findall(page):
        named = {match[1].lower(): match[2] or match[3] or "" for match in _NAMED.finditer(tag)}
        alternate = "alternate" in named.get("rel", "").lower().split()
        if alternate and _IS_FEED.match(named.get("type", "")) and named.get("href"):
            address = web_address(resolved(url, html.unescape(named["href"])))
            return without_user(address)[:_LONGEST_TITLE]
    return ""


def _matched(entries: Sequence[Any], tags: Sequence[PodcastTags]) -> Iterator[PodcastTags]:
    """The tags of each entry: by its place, or by its guid where the two parsers count differently.

    They do where the XML is broken.
    """
    if len(entries) == len(tags):
        yield from tags
        return
    by_guid = {resolved(tag.base, tag.guid): tag for tag in tags if tag.guid}
    by_guid |= {tag.guid: tag for tag in tags}
    for entry in entries:
        yield by_guid.get(_line(entry.get("id")), PodcastTags())


def _episode(entry: Any, tags: PodcastTags, channel: PodcastTags, podcast: str) -> Episode:
    # feedparser makes an address of a guid that is none: it would change when the feed moves.
    guid = tags.guid or _line(entry.get("id"))
    is_address = web_address(guid) or _text(entry.get("link")) != entry.get("id")
    link = without_user(web_address(_text(entry.get("link")))) if is_address else ""
    enclosure, instant = _enclosure(entry, tags.base), _instant(entry)
    people = tags if tags.people else channel
    return Episode(
        guid=guid or enclosure or link or _nameless(entry),
        title=_title(entry),
        podcast=podcast,
        url=link,
        enclosure=enclosure,
        published=instant.date() if instant else None,
        notes=_notes(entry),
        duration=_seconds(_text(entry.get("itunes_duration"))),
        speakers=people.people,
        hosts=people.hosts,
        transcripts=tags.transcripts,
        chapters=_chapters(entry),
        chapters_url=tags.chapters_url,
    )


def _told_apart(episodes: Sequence[Episode]) -> Iterator[Episode]:
    """Some programs give every item the same guid; of items that are wholly alike one is kept."""
    counts = Counter(episode.guid for episode in episodes)
    seen: set[str] = set()
    for episode in episodes:
        guid = episode.guid
        if counts[guid] > 1:
            guid = f"{guid} {episode.enclosure or episode.url or episode.title}".strip()
        if guid not in seen:
            seen.add(guid)
            yield replace(episode, guid=guid)


def _nameless(entry: Any) -> str:
    """For an item that has neither guid nor links."""
    return digest(_line(entry.get("title")), _text(entry.get("published")))


def _title(entry: Any) -> str:
    """As text: a title may be HTML."""
    title = _text(entry.get("title"))
    if _mapping(entry.get("title_detail")).get("type") in ("text/html", "application/xhtml+xml"):
        title = html.unescape(_TAG.sub("", title))
    return _line(title)


def _enclosure(entry: Any, base: str) -> str:
    """Audio or video first. feedparser leaves it relative."""
    links = [link for link in _mappings(entry.get("links")) if link.get("rel") == "enclosure"]
    links.sort(key=lambda link: not str(link.get("type", "")).startswith(("audio", "video")))
    media = _mappings(entry.get("media_content"))
    written = (_text(link.get("href") or link.get("url")).strip() for link in (*links, *media))
    addresses = (web_address(resolved(base, text)) for text in written if text)
    return without_user(next(filter(None, addresses), ""))


def _notes(entry: Any) -> str:
    """The longest of description, content and summary: feeds put the short one anywhere."""
    contents = [part.get("value") for part in _mappings(entry.get("content"))]
    texts = [_text(value) for value in (*contents, entry.get("summary"), entry.get("subtitle"))]
    return max(texts, key=len)[:_LONGEST_NOTES]


def _instant(entry: Any) -> datetime | None:
    """When it was published, in UTC; None for what no podcast can mean."""
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        # As a plain dict's: feedparser's own get() guesses one from another, and warns.
        if parsed := dict.get(entry, name):
            with suppress(ValueError, OverflowError, TypeError, OSError):
                instant = datetime.fromtimestamp(timegm(parsed), UTC)
                return instant if _FIRST_YEAR <= instant.year <= _LAST_YEAR else None
    return None


def _chapters(entry: Any) -> tuple[Chapter, ...]:
    """Podlove's, which stand in the feed itself."""
    listed = _mappings(_mapping(entry.get("psc_chapters")).get("chapters"))
    return tuple(
        Chapter(seconds, _line(chapter.get("title")))
        for chapter in listed[:_MOST_CHAPTERS]
        if (seconds := _seconds(_text(chapter.get("start")))) is not None and chapter.get("title")
    )


def _seconds(text: str) -> int | None:
    """From "3600", "61:05" or "1:02:03.5"; None where it is none of them."""
    if not text or len(text) > 20:
        return None
    total = 0.0
    try:
        for part in text.split(":"):
            total = total * 60 + float(part)
    except ValueError:
        return None
    return int(total) if math.isfinite(total) and 0 <= total <= _LONGEST_EPISODE else None


def _mapping(value: object) -> Mapping[str, Any]:
    """A tag that is named as a key of feedparser's puts a text in its place."""
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _line(value: object) -> str:
    return " ".join(_text(value).split())[:_LONGEST_TITLE]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
