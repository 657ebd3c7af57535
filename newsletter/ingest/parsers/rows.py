"""Rows of named values (CSV, JSON Lines, lists in JSON): an insight each, a page an episode."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from newsletter.domain.model import Brief, Origin, normalise
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.dialects.readwise import Line, highlight
from newsletter.ingest.parsers.inline import time_in, time_in_url
from newsletter.ingest.parsers.markdown import notes
from newsletter.ingest.parsers.metadata import Facts, address, completed, names
from newsletter.ingest.parsers.paragraphs import (
    MAX_LABEL,
    MAX_SECONDS,
    Page,
    Paragraph,
    clean,
    is_web,
)
from newsletter.ingest.parsers.vocabulary import Field, bare, names_in

TEXT = (
    "insight", "takeaway", "highlight", "highlight text", "quote", "text", "quote text",
    "snip", "clip", "content", "content text", "body", "summary", "idea", "passage", "note",
    "zitat", "citation", "text content", "detail", "details", "explanation",
    "point", "answer",
    "selection",
)  # fmt: skip
"""The columns that may hold the insight; the first of them that a row has is read."""

_QUOTES = names_in(
    """
    highlight, highlights, highlight text, quote, quotes, quote text, clip, passage, selection,
    zitat,
    citation"""
)
_SPEAKERS = {"speaker", "said by", "speaker name", "sprecher", "who", "quoted"}
_TOPICS = {"topics", "topic", "tags", "tag", "keywords"}
_OWN_LINKS = names_in(
    """
    snip url, snip link, highlight url, highlight link, quote url, quote link, clip url, clip
    link, deep link, deeplink, timestamp url, share url, share link, readwise url"""
)
_SECONDS = names_in(
    """
    at, t, time, timecode, time code,
    timestamp, start, start time, seconds, offset, position, time offset, start
    seconds, second, snip start time, start ms, offset ms, time ms, zeit, start at"""
)
_KINDS = {"type", "kind", "origin", "highlight type", "item type"}
_ABOUT_SOURCE = names_in(
    """
    source, source category, book category, document category, media type, content type"""
)
_PODCASTS = {"podcast", "podcasts", "podcast episode", "snipd", "airr"}
_RENAMED: Mapping[str, str] = {
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
_SURELY_EPISODES = {"episode title", "episode"}
_TIMED = {"time offset", "time", "timestamp", "offset", "seconds"}
_IS_PAGE = re.compile(
    r"^#{1,4} \S|^https?://\S+$(?=\s+\S)|^[ \t]*[-*•] \S[^\n]*\n(?:[^\n]*\n)*?[ \t]*[-*•] \S",
    re.MULTILINE,
)
_BULLET = re.compile(r"^[ \t]*[-*•] (?=\S)")
_LEFT_OUT = re.compile(r"transcript|metadata|note|comment|tag|chapter")

Row = tuple[int, Mapping[str, str]]
"""Its line, and its values by the names of their columns."""


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one row by name: lower case, words parted by single spaces."""

    line: int
    named: Mapping[str, str]

    def first(self, keys: Iterable[str]) -> str:
        return next((value for key in keys if (value := self.named.get(key, ""))), "")


def pages_of_rows(rows: Iterable[Row], dialect: str) -> list[Page]:
    """A page for each episode. What its rows agree on is of the page; the rest of the insights."""
    groups: dict[tuple[str, str], list[_Values]] = {}
    pages = []
    for line, row in rows:
        each = _Values(line, _named(row))
        text = _text_of(each)
        lists = [name for name in each.named if _holds_text(name) and _is_page(each, name)]
        for name in lists:
            pages += _note(each, name, dialect)
        if text not in lists:
            groups.setdefault(_episode(each), []).append(each)
    return [*pages, *(_page(values, dialect) for values in groups.values())]


def _is_page(each: _Values, name: str) -> bool:
    return bool(_IS_PAGE.search(each.named[name]))


def _note(each: _Values, name: str, dialect: str) -> list[Page]:
    """A column that holds a whole note: headings, list items, an address by itself."""
    about, facts = _titled(_about(each.named, [each]), each)
    pages = notes(each.named[name], each.line, about, facts)
    quoted = name in _QUOTES
    return [
        replace(
            page,
            dialect=dialect if page.dialect else "",
            paragraphs=[
                replace(said, origin="quote" if quoted else said.origin) for said in page.paragraphs
            ],
        )
        for page in pages
    ]


def _titled(about: Brief, each: _Values) -> tuple[Brief, Facts]:
    """What only the title of a note says of its episode counts where no field in it does."""
    facts = Facts()
    if any(name in each.named for name in _SURELY_EPISODES):
        return about, facts
    facts.add("title", about.episode)
    about = replace(about, episode="")
    if about.podcast and not any(_is(name, "podcast") for name in each.named):
        facts.add_prose({"podcast": about.podcast})
        about = replace(about, podcast="")
    return about, facts


def _page(values: Sequence[_Values], dialect: str) -> Page:
    about = _about(_shared(values), values)
    return Page(about, _paragraphs(values, about), dialect)


def _episode(each: _Values) -> tuple[str, str]:
    """The podcast and the episode that a row names. A title alone may be that of the insight."""
    surest: dict[str, tuple[int, str]] = {}
    for name, value in each.named.items():
        field, rank = _field(name)
        if field and rank < surest.get(field, (rank + 1,))[0]:
            surest[field] = rank, normalise(value[:MAX_LABEL])
    podcast, episode = (surest.get(field, (0, ""))[1] for field in ("podcast", "episode"))
    titled = any(name in each.named for name in _SURELY_EPISODES) or len(surest) > 1
    return podcast, episode if titled else ""


@lru_cache(1_000)
def _field(name: str) -> tuple[Field | None, int]:
    return vocabulary.field(name) or (None, 0)


def field_of(column: str) -> Field | None:
    """What a column holds by its name."""
    name = _plain(column)
    return _field(_RENAMED.get(name, name))[0]


def has_text(names_: Iterable[str]) -> bool:
    plain = map(_plain, names_)
    return any(_holds_text(_RENAMED.get(name, name)) for name in plain)


@lru_cache(1_000)
def _holds_text(name: str) -> bool:
    """Whether a column's name is one of ours, or what a section of insights is called."""
    return name in TEXT or vocabulary.section(name) in vocabulary.LISTED


def _text_of(each: _Values) -> str:
    """The name of the column with the insight; "" where the row has none."""
    plain = next((name for name in TEXT if name in each.named), "")
    return plain or next((name for name in each.named if _holds_text(name)), "")


def _plain(name: str) -> str:
    return " ".join(
        bare(re.sub(r"[_.\-/]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:80]))).split()
    )


def _named(row: Mapping[str, str]) -> Mapping[str, str]:
    plain = ((_plain(name), value) for name, value in row.items() if name and value.strip())
    named = {_RENAMED.get(name, name): value for name, value in plain}
    if "source url" in named and "url" in named:
        named["highlight url"] = named.pop("url")  # the other is that of what it stands in
    return named


def _shared(values: Sequence[_Values]) -> dict[str, str]:
    """The values that are the same wherever a row has them."""
    first: dict[str, str] = {}
    for each in values:
        for name, value in each.named.items():
            first.setdefault(name, value)
    return {
        name: value
        for name, value in first.items()
        if all(_same(each.named.get(name, value), value) for each in values)
    }


def _same(value: str, expected: str) -> bool:
    short = max(len(value), len(expected)) <= MAX_LABEL
    return value == expected or (short and normalise(value) == normalise(expected))


def _about(shared: Mapping[str, str], values: Sequence[_Values]) -> Brief:
    facts = Facts()
    text = _text_column(values)
    single = len(values) == 1
    for name, value in shared.items():
        beside = name in _SPEAKERS | _TOPICS | _OWN_LINKS or _leads_to_rows(value, values)
        if name != text and not beside and len(value) < 2 * MAX_LABEL:
            facts.add(name, value)
    timed = any(_at(each) is not None for each in values)
    podcasts = "podcast" in facts.raw("category").lower() or _says_podcast(shared)
    about = completed(Brief(()), facts, author_is_podcast=timed or podcasts)
    speakers = [name for each in values[:1000] for name in names(each.first(_SPEAKERS))]
    known = tuple(dict.fromkeys((*about.speakers, *speakers)))
    return replace(about, speakers=known[:20] if single or len(known) <= 20 else about.speakers)


def _leads_to_rows(value: str, values: Sequence[_Values]) -> bool:
    """A second that no row has, where rows have their own, is where somebody shared the episode."""
    second = time_in_url(value)
    return second is not None and second in ({_at(each) for each in values} - {None} or {second})


def _says_podcast(shared: Mapping[str, str]) -> bool:
    """By a whole word of a list: the source may as well be a show, "The Salt Podcast"."""
    parts = (part for name in _ABOUT_SOURCE for part in re.split(r"[,;]", shared.get(name, "")))
    return any(part.strip(" #").lower() in _PODCASTS for part in parts)


def _text_column(values: Sequence[_Values]) -> str:
    used = {name for each in values if (name := _text_of(each))}
    return next((name for name in TEXT if name in used), "") or min(used, default="")


def _paragraphs(values: Sequence[_Values], about: Brief) -> Iterator[Paragraph]:
    text_column = _text_column(values)
    for each in values:
        name = _text_of(each)
        if not name or (name == "note" and text_column != name):
            text = clean(" ".join(each.named.values()))
            yield Paragraph(each.line, text, verdict="noise", rule="row without text")
        else:
            yield from _row(each, name, about)


def _row(each: _Values, name: str, about: Brief) -> Iterator[Paragraph]:
    kind = each.first(_KINDS).lower()
    text = each.named[name]
    if kind and _LEFT_OUT.search(kind) and "highlight" not in kind:
        yield Paragraph(
            each.line, clean(text), verdict="noise", rule=f"row of type {clean(kind)[:40]}"
        )
        return
    lines = [Line(each.line, _BULLET.sub("", raw)) for raw in text.split("\n") if raw.strip()]
    people = names(each.first(_SPEAKERS))
    topics = tuple(clean(part) for part in re.split(r"[,;]", each.first(_TOPICS)) if clean(part))
    link = _link(each, about)
    for paragraph in highlight(lines):
        origin = _origin(name, kind, paragraph)
        # A column may hold the hour of the day; a link was made for this place.
        times = (paragraph.at, time_in_url(link), _at(each))
        yield replace(
            paragraph,
            speaker=people[0] if people else "",
            at=next((time for time in times if time is not None), None),
            link=paragraph.link or link,
            topics=tuple(topic.lstrip("#") for topic in topics),
            origin=origin,
        )


def _origin(column: str, kind: str, paragraph: Paragraph) -> Origin:
    if "quote" in kind:
        return "quote"
    if kind in {"takeaway", "insight", "summary"} or paragraph.rule == "summary":
        return "takeaway"
    return "quote" if column in _QUOTES else "takeaway"


def _link(each: _Values, about: Brief) -> str:
    """The row's own: a column that says so, or an address that other rows do not share."""
    own = address(each.first(_OWN_LINKS))
    url = address(each.first(name for name in each.named if _is(name, "url")))
    return own or (url if is_web(url) and url != about.url else "")


def _is(name: str, wanted: Field) -> bool:
    return _field(name)[0] == wanted


def _at(each: _Values) -> int | None:
    name = next((name for name in each.named if name in _SECONDS), "")
    value = each.named.get(name, "")
    if not name and each.named.get("location type", "").replace("_", " ").lower() in _TIMED:
        value = each.named.get("location", "")
    if ":" in value:
        return time_in(value)
    try:
        number = float(value) / (1000 if name.endswith(" ms") else 1)
    except ValueError:
        return None
    return int(number) if 0 <= number <= MAX_SECONDS else None
