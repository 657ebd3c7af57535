"""Rows of named values (CSV, JSON Lines, lists in JSON): an insight each, a page an episode."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.domain.model import Brief, Origin, normalise
from newsletter.ingest.parsers.columns import (
    ABOUT_SOURCE,
    CLAIMS,
    KINDS,
    OWN_LINKS,
    PODCASTS,
    QUOTES,
    SECONDS,
    SPEAKERS,
    SURELY_EPISODES,
    TEXT,
    TOPICS,
    holds_text,
    known_field_of,
    named,
    text_among,
)
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
from newsletter.ingest.parsers.vocabulary import Field

_TIMED = {"time offset", "time", "timestamp", "offset", "seconds"}
_IS_PAGE = re.compile(
    r"^#{1,4} \S|^https?://\S+$(?=\s+\S)|^[ \t]*[-*•] \S[^\n]*\n(?:[^\n]*\n)*?[ \t]*[-*•] \S",
    re.MULTILINE,
)
_BESIDE = {*SPEAKERS, *TOPICS, *OWN_LINKS}
_PARTS = re.compile(r"^(?:Summary|Transcript):[ \t]*$", re.MULTILINE)
_BULLETS = re.compile(r"^[ \t]*[-*•] (?=\S)", re.MULTILINE)
_LEFT_OUT = re.compile(
    r"transcript|\bmeta|note|comment|tag|chapter|segment|utterance|caption|subtitle"
)

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
        each = _Values(line, named(row))
        text = text_among(each.named)
        lists = [name for name in each.named if holds_text(name) and _is_page(each, name)]
        for name in lists:
            pages += _note(each, name, dialect)
        if text not in lists:
            groups.setdefault(_episode(each), []).append(each)
    return [*pages, *(_page(values, dialect) for values in groups.values())]


def _is_page(each: _Values, name: str) -> bool:
    """A highlight that Snipd gave Readwise, with a summary and a transcript, is none."""
    text = each.named[name]
    return bool(_IS_PAGE.search(text)) and not _PARTS.search(text)


def _note(each: _Values, name: str, dialect: str) -> list[Page]:
    """A column that holds a whole note: headings, list items, an address by itself."""
    about, facts = _titled(_about(each.named, [each]), each)
    # Who takes part did not say what somebody has noted.
    known = about if each.first(SPEAKERS) else replace(about, speakers=())
    quoted = name in QUOTES
    return [
        replace(
            page,
            about=replace(page.about, speakers=about.speakers or page.about.speakers),
            dialect=dialect if page.dialect else "",
            paragraphs=[
                replace(said, origin="quote" if quoted else said.origin) for said in page.paragraphs
            ],
        )
        for page in notes(each.named[name], each.line, known, facts)
    ]


def _titled(about: Brief, each: _Values) -> tuple[Brief, Facts]:
    """What only the title of a note says of its episode counts where no field in it does."""
    facts = Facts()
    if any(name in each.named for name in SURELY_EPISODES):
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
        field, rank = known_field_of(name)
        if field and rank < surest.get(field, (rank + 1,))[0]:
            surest[field] = rank, normalise(value[:MAX_LABEL])
    podcast, episode = (surest.get(field, (0, ""))[1] for field in ("podcast", "episode"))
    titled = any(name in each.named for name in SURELY_EPISODES) or len(surest) > 1
    return podcast, episode if titled else ""


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
        beside = name in _BESIDE or _leads_to_rows(value, values)
        if name != text and not beside and len(value) < 2 * MAX_LABEL:
            facts.add(name, value)
    timed = any(_at(each) is not None for each in values)
    podcasts = "podcast" in facts.raw("category").lower() or _says_podcast(shared)
    about = completed(Brief(()), facts, author_is_podcast=timed or podcasts)
    if not about.url:  # a file to hear leads to the episode as well
        about = replace(about, url=address(shared.get("audio url", "")))
    speakers = [name for each in values[:1000] for name in names(each.first(SPEAKERS))]
    known = tuple(dict.fromkeys((*about.speakers, *speakers)))
    return replace(about, speakers=known[:20] if single or len(known) <= 20 else about.speakers)


def _leads_to_rows(value: str, values: Sequence[_Values]) -> bool:
    """A second that no row has, where rows have their own, is where somebody shared the episode."""
    second = time_in_url(value)
    return second is not None and second in ({_at(each) for each in values} - {None} or {second})


def _says_podcast(shared: Mapping[str, str]) -> bool:
    """By a whole word of a list: the source may as well be a show, "The Salt Podcast"."""
    parts = (part for name in ABOUT_SOURCE for part in re.split(r"[,;]", shared.get(name, "")))
    return any(part.strip(" #").lower() in PODCASTS for part in parts)


def _text_column(values: Sequence[_Values]) -> str:
    used = {name for each in values if (name := text_among(each.named))}
    return next((name for name in TEXT if name in used), "") or min(used, default="")


def _paragraphs(values: Sequence[_Values], about: Brief) -> Iterator[Paragraph]:
    text_column = _text_column(values)
    for each in values:
        name = text_among(each.named)
        if not name or (name == "note" and text_column != name):
            text = clean(" ".join(each.named.values()))
            yield Paragraph(each.line, text, verdict="noise", rule="row without text")
        else:
            yield from _row(each, name, about)
            if beside := _beside(each, name):
                yield from _row(each, beside, about)


def _beside(each: _Values, name: str) -> str:
    """The column with the words that a claim rests on, or with the claim beside such words."""
    quotes = ("quote", "quote text")
    others = CLAIMS if name in quotes else quotes if name in CLAIMS else ()
    named = (other for other in others if other in each.named and not _is_page(each, other))
    return next(named, "")


def _row(each: _Values, name: str, about: Brief) -> Iterator[Paragraph]:
    kind = each.first(KINDS).lower()
    text = each.named[name]
    if kind and _LEFT_OUT.search(kind) and "highlight" not in kind:
        yield Paragraph(
            each.line, clean(text), verdict="noise", rule=f"row of type {clean(kind)[:40]}"
        )
        return
    # The bullets of a summary part it.
    plain = text if _PARTS.search(text) else _BULLETS.sub("", text)
    lines = [Line(each.line, raw) for raw in plain.split("\n") if raw.strip()]
    people = names(each.first(SPEAKERS))
    topics = tuple(clean(part) for part in re.split(r"[,;]", each.first(TOPICS)) if clean(part))
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
    return "quote" if column in QUOTES else "takeaway"


def _link(each: _Values, about: Brief) -> str:
    """The row's own: a column that says so, or an address that other rows do not share."""
    own = address(each.first(OWN_LINKS))
    urls = sorted((name for name in each.named if _is(name, "url")), key="episode url".__eq__)
    url = address(each.first(urls))
    return own or (url if is_web(url) and url != about.url else "")


def _is(name: str, wanted: Field) -> bool:
    return known_field_of(name)[0] == wanted


def _at(each: _Values) -> int | None:
    name = next((name for name in each.named if name in SECONDS), "")
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
