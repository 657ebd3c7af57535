"""What the parsers share: paragraphs, made clean and sifted into mentions and the dropped."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Dropped, Mention, Role, normalise
from newsletter.ingest.parsers.boilerplate import is_boilerplate

MAX_INSIGHT = 4_000
MAX_LABEL = 500
MAX_URL = 2_000
MAX_SECONDS = 359_999  # 99:59:59
_MAX_SHOWN = 80

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    "\u00ad\u200b\u2060\ufeff]"  # not the joiners: scripts and emoji are spelt with them
)
_SPACE = re.compile(r"[^\S\n\t]")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt ]+[0-9]{1,2}:[0-9]{2}[^\n]*)?")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Clean text and where it stood. ``role`` None: the first insight is the lead, others related.

    ``heading``: a short one may be a heading. ``noise``: it is known to be no insight.
    """

    line: int
    text: str
    role: Role | None = None
    speaker: str = ""
    at: int | None = None
    topics: tuple[str, ...] = ()
    heading: bool = True
    noise: bool = False


def clean(text: str) -> str:
    """Without control characters, bidirectional overrides, half surrogates and double spaces.

    Nor soft hyphens and the marks of no width that say where a line may or may not break.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(_UNPRINTABLE.sub("", whole).split())


def spaced(text: str) -> str:
    """Any white space (U+00A0, U+2028, form feeds, ...) as a space, save tabs and line ends."""
    return _SPACE.sub(" ", text)


def cut(value: str) -> str:
    """As much of a value as a reason repeats."""
    return value if len(value) <= _MAX_SHOWN else f"{value[: _MAX_SHOWN - 1]}…"


def sift(
    paragraphs: Iterable[Paragraph], phrases: Sequence[str]
) -> tuple[tuple[Mention, ...], tuple[Dropped, ...]]:
    """Every insight once, in the order of the page, and what is none; raises BriefRejected."""
    mentions: dict[str, Mention] = {}
    dropped: list[Dropped] = []
    for paragraph in paragraphs:
        if paragraph.noise or is_boilerplate(paragraph.text, phrases, heading=paragraph.heading):
            dropped.append(Dropped(paragraph.line, paragraph.text))
        else:
            _add(mentions, paragraph)
    if not mentions:
        raise BriefRejected(f"no insight in it{_all_dropped(len(dropped))}")
    return tuple(mentions.values()), tuple(dropped)


def _add(mentions: dict[str, Mention], paragraph: Paragraph) -> None:
    """The same words count once; as a lead where they are a lead anywhere."""
    text = paragraph.text
    if len(text) > MAX_INSIGHT:
        reason = f"an insight of {len(text):,} characters: at most {MAX_INSIGHT:,} fit an email"
        raise BriefRejected(reason, paragraph.line)
    role: Role = paragraph.role or ("related" if mentions else "lead")
    key = normalise(text)
    if key not in mentions:
        mentions[key] = Mention(text, role, paragraph.speaker, paragraph.at, paragraph.topics)
    elif role == "lead":
        mentions[key] = replace(mentions[key], role="lead")


def _all_dropped(count: int) -> str:
    if not count:
        return ""
    were = "1 paragraph was" if count == 1 else f"{count} paragraphs were"
    return f": {were} dropped as headings or calls to action"


def label(text: str, key: str, line: int | None) -> str:
    """A name or a title, clean; raises BriefRejected where it is too long for one."""
    name = clean(text)
    if len(name) > MAX_LABEL:
        raise BriefRejected(f"{key} is {len(name):,} characters long: at most {MAX_LABEL}", line)
    return name


def link(text: str, line: int) -> tuple[str, tuple[Dropped, ...]]:
    """The address where it is http or https; else nothing, and the note that says so."""
    url = clean(text)
    if not url or _is_web(url):
        return url, ()
    return "", (Dropped(line, f"url: {url}"),)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    sound = re.fullmatch(r"""https?://[^\s<>"'\\]+""", url, re.IGNORECASE)
    return bool(sound and parts.hostname and len(url) <= MAX_URL)


def day(text: str, key: str, line: int | None) -> date:
    """The date of an ISO date or date and time, as written; raises BriefRejected."""
    match = _DAY.fullmatch(clean(text))
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise BriefRejected(f"{key}: {cut(text)!r} is no date ({error})", line) from error
    raise BriefRejected(f"{key}: {cut(text)!r} is no date; write it like 2026-03-31", line)
