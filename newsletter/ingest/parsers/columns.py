"""What the columns of a table and the keys of an object are called, and which of them says what."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.vocabulary import Field, bare, names_in

TEXT = (
    "insight", "takeaway", "highlight", "highlight text", "quote", "text", "quote text",
    "snip", "clip", "content", "content text", "body", "summary", "idea", "passage", "note",
    "zitat", "citation", "text content", "detail", "details", "explanation",
    "point", "answer",
    "selection", "digest",
)  # fmt: skip
"""The columns that may hold the insight; the first of them that a row has is read."""

CLAIMS = (
    "insight",
    "takeaway",
    "content",
    "body",
    "idea",
    "point",
    "detail",
    "details",
    "explanation",
)
"""Beside a quote: what somebody makes of it."""
QUOTES = names_in(
    """
    highlight, highlights, highlight text, quote, quotes, quote text, clip, passage, selection,
    zitat,
    citation"""
)
SPEAKERS = ("speaker", "said by", "speaker name", "sprecher", "who", "quoted")
TOPICS = ("topics", "topic", "tags", "tag", "keywords")
OWN_LINKS = (
    "snip url", "snip link", "highlight url", "highlight link", "quote url", "quote link",
    "clip url", "clip link", "deep link", "deeplink", "timestamp url", "share url", "share link",
    "readwise url",
)  # fmt: skip
SECONDS = names_in(
    """
    at, t, time, timecode, time code,
    timestamp, start, start time, seconds, offset, position, time offset, start
    seconds, second, snip start time, start ms, offset ms, time ms, zeit, start at"""
)
KINDS = ("type", "kind", "origin", "highlight type", "item type")
ABOUT_SOURCE = names_in(
    """
    source, source category, book category, document category, media type, content type"""
)
PODCASTS = {"podcast", "podcasts", "podcast episode", "snipd", "airr"}
RENAMED: Mapping[str, str] = {
    "book title": "episode title", "book author": "author", "source title": "episode title",
    "source author": "author", "document title": "episode title", "feed title": "show title",
    "series title": "show title", "series name": "show title", "published on": "published",
    "podcast title": "show title", "episode name": "episode title", "episode date": "published",
    "podcast author": "owner", "episode guid": "id", "video title": "episode title",
    "video url": "episode url", "video channel": "show title",
    "my note": "note", "my notes": "note", "user note": "note", "personal note": "note",
    "pod": "show title", "snip note": "takeaway", "snip quote": "quote",
    "channel name": "show title", "channel title": "show title",
}  # fmt: skip
SURELY_EPISODES = {"episode title", "episode"}

_FORM = re.compile(r"(?<=[a-z])_(?:md|markdown|en|zh|cn|ja|ko|de|fr|es|it|pt|nl)$")  # "title_en"


@lru_cache(1_000)
def known_field_of(name: str) -> tuple[Field | None, int]:
    """The field of a plain name, and its rank."""
    return vocabulary.field(name) or (None, 0)


def field_of(column: str) -> Field | None:
    """What a column holds by its name."""
    return known_field_of(plain(column))[0]


def has_text(columns: Iterable[str]) -> bool:
    return any(holds_text(plain(column)) for column in columns)


@lru_cache(1_000)
def holds_text(name: str) -> bool:
    """Whether a column's name is one of ours, or what a section of insights is called."""
    return name in TEXT or vocabulary.section(name) in vocabulary.LISTED


def text_among(names: Collection[str]) -> str:
    """The name of the column with the insight; "" where there is none."""
    known = next((name for name in TEXT if name in names), "")
    return known or next((name for name in names if holds_text(name)), "")


def plain(column: str) -> str:
    """In lower case, with single spaces between the words, and of two names for one the usual."""
    column = _FORM.sub("", column[:80])
    spaced = re.sub(r"[_.\-/]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column))
    name = " ".join(bare(spaced).split())
    return RENAMED.get(name, name)


def named(row: Mapping[str, str]) -> Mapping[str, str]:
    """The values of a row that holds any, by the plain names of their columns."""
    found = {plain(column): value for column, value in row.items() if column and value.strip()}
    if "source url" in found and "url" in found:
        found["highlight url"] = found.pop("url")  # the other is that of what it stands in
    return found
