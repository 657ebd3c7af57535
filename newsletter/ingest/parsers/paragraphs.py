"""Shared by the parsers: paragraphs are cleaned and judged: mentions, and what is dropped."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Dropped, Mention, Origin, Role, normalise
from newsletter.ingest.parsers.boilerplate import boilerplate_rule

Verdict = Literal["insight", "metadata", "noise"]

MAX_INSIGHT = 4_000
MAX_LABEL = 500
MAX_URL = 2_000
MAX_SECONDS = 359_999  # 99:59:59
_MAX_SHOWN = 80
_LONGEST_NAME = 100

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    "\u00ad\u180e\u200b\u2060-\u2064\u3164\ufeff"  # joiners stay: scripts and emoji need them
    "\U000e0000-\U000e007f]"  # letters that nobody sees, and a machine reads
)
_SPACE = re.compile(r"[^\S\n\t]")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt ]+[0-9]{1,2}:[0-9]{2}[^\n]*)?")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Clean text and its line. ``role`` None: the first insight is the lead, the others related.

    ``verdict`` None: an insight, unless it is boilerplate. ``rule`` says what gave the verdict.
    ``heading``: it may be a heading, if it is short.
    """

    line: int
    text: str
    role: Role | None = None
    speaker: str = ""
    at: int | None = None
    topics: tuple[str, ...] = ()
    heading: bool = True
    verdict: Verdict | None = None
    rule: str = "paragraph"
    link: str = ""
    origin: Origin = "takeaway"


@dataclass(frozen=True, slots=True)
class Page:
    """A file, or an episode in it: what it says of itself (no mentions), and its paragraphs.

    ``beside``: the lines that are private if the file is a day of a diary, though it names a show.
    ``of_a_day``: it says that it is one.
    """

    about: Brief
    paragraphs: Iterable[Paragraph]
    dialect: str = ""
    beside: frozenset[int] = frozenset()
    of_a_day: bool = False


def clean(text: str) -> str:
    """Remove control characters, bidirectional overrides, lone surrogates and double spaces.

    Soft hyphens and zero-width marks for line breaks are removed as well.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(_UNPRINTABLE.sub("", whole).split())


def name_of(text: str) -> str:
    """A clean name of a person; "" for what is too long to be one."""
    name = clean(text) if len(text) <= MAX_LABEL else ""
    return name if len(name) <= _LONGEST_NAME else ""


def spaced(text: str) -> str:
    """Make a space of any white space (U+00A0, U+2028, form feeds) but tabs and newlines."""
    return _SPACE.sub(" ", text)


def cut(value: str) -> str:
    """The start of a value, to be repeated in a reason."""
    return value if len(value) <= _MAX_SHOWN else f"{value[: _MAX_SHOWN - 1]}…"


def judge(paragraphs: Iterable[Paragraph], phrases: Sequence[str]) -> Iterator[Paragraph]:
    """Each paragraph with its verdict and the rule that gave it."""
    for paragraph in paragraphs:
        if not paragraph.verdict and is_web(paragraph.text):
            yield replace(paragraph, verdict="metadata", rule="address")
            continue
        rule = "" if paragraph.verdict else _boilerplate(paragraph, phrases)
        verdict: Verdict = paragraph.verdict or ("noise" if rule else "insight")
        yield _fitting(replace(paragraph, verdict=verdict, rule=rule or paragraph.rule))


def _fitting(paragraph: Paragraph) -> Paragraph:
    """What is too long for an email is left out, and the rest of the file stays as it is."""
    if paragraph.verdict != "insight" or len(paragraph.text) <= MAX_INSIGHT:
        return paragraph
    rule = f"longer than {MAX_INSIGHT:,} characters"
    return replace(paragraph, text=paragraph.text[:MAX_INSIGHT], verdict="noise", rule=rule)


def _boilerplate(paragraph: Paragraph, phrases: Sequence[str]) -> str:
    return boilerplate_rule(paragraph.text, phrases, heading=paragraph.heading)


def sift(
    paragraphs: Iterable[Paragraph], phrases: Sequence[str]
) -> tuple[tuple[Mention, ...], tuple[Dropped, ...]]:
    """The insights in the order of the page, each once, and the dropped paragraphs."""
    mentions: dict[str, Mention] = {}
    dropped: list[Dropped] = []
    for paragraph in judge(paragraphs, phrases):
        if paragraph.verdict == "insight":
            _add(mentions, paragraph)
        else:
            dropped.append(Dropped(paragraph.line, paragraph.text))
    return tuple(mentions.values()), tuple(dropped)


def _add(mentions: dict[str, Mention], paragraph: Paragraph) -> None:
    """The same words count once, as a lead if they are a lead anywhere on the page, and with the
    speaker of any of them."""
    text = paragraph.text
    role: Role = paragraph.role or ("related" if mentions else "lead")
    key = normalise(text)
    if key not in mentions:
        mentions[key] = Mention(
            text,
            role,
            paragraph.speaker,
            paragraph.at,
            paragraph.topics,
            paragraph.link,
            paragraph.origin,
        )
    else:
        told = mentions[key]
        lead = "lead" if role == "lead" else told.role
        mentions[key] = replace(told, role=lead, speaker=told.speaker or paragraph.speaker)


SAYS_WHY = "; `ingest --explain` says why"
"""The end of a reason; ``ingest --explain`` itself leaves it out."""


def all_dropped(count: int, talk: int = 0) -> str:
    """``talk`` of them are of a transcript."""
    if not count:
        return ""
    were = "1 paragraph was" if count == 1 else f"{count} paragraphs were"
    if talk * 2 <= count:
        return f": {were} dropped{SAYS_WHY}"
    why = "most of it a transcript, which `newsletter sources add` reads with its feed"
    return f": {were} dropped, {why}{SAYS_WHY}"


def label(text: str, key: str, line: int | None) -> str:
    """A clean name or title. Raises BriefRejected if it is too long."""
    name = clean(text)
    if len(name) > MAX_LABEL:
        raise BriefRejected(f"{key} is {len(name):,} characters long: at most {MAX_LABEL}", line)
    return name


def link(text: str, line: int) -> tuple[str, tuple[Dropped, ...]]:
    """The URL if it is http or https; otherwise "" and a note of what was dropped."""
    url = clean(text)
    if not url or is_web(url):
        return url, ()
    return "", (Dropped(line, f"url: {url}"),)


def is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    sound = re.fullmatch(r"""https?://[^\s<>"'\\]+""", url, re.IGNORECASE)
    host = parts.hostname or ""
    return bool(sound and host and host[0] not in "[%" and len(url) <= MAX_URL)


def day(text: str, key: str, line: int | None) -> date:
    """The date of an ISO date or date and time, in the time zone it is written in.

    Raises BriefRejected.
    """
    match = _DAY.fullmatch(clean(text))
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise BriefRejected(f"{key}: {cut(text)!r} is no date ({error})", line) from error
    raise BriefRejected(f"{key}: {cut(text)!r} is no date; write it like 2026-03-31", line)
