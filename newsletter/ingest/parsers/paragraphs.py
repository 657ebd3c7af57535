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

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    "\u00ad\u200b\u2060\ufeff]"  # not the joiners: scripts and emoji are spelt with them
)
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


def sift(
    paragraphs: Iterable[Paragraph], phrases: Sequence[str]
) -> tuple[tuple[Mention, ...], tuple[Dropped, ...]]:
    """Every insight once, in the order of the page, and what is none; raises BriefRejected."""
    found: dict[str, Mention] = {}
    dropped: list[Dropped] = []
    for one in paragraphs:
        if one.noise or is_boilerplate(one.text, phrases, heading=one.heading):
            dropped.append(Dropped(one.line, one.text))
        else:
            _enter(found, one)
    if not found:
        raise BriefRejected(f"no insight in it{_all_dropped(len(dropped))}")
    return tuple(found.values()), tuple(dropped)


def _enter(found: dict[str, Mention], one: Paragraph) -> None:
    if len(one.text) > MAX_INSIGHT:
        raise BriefRejected(
            f"an insight of {len(one.text):,} characters: at most {MAX_INSIGHT:,} fit an email",
            one.line,
        )
    role: Role = one.role or ("related" if found else "lead")
    key = normalise(one.text)
    if key not in found:
        found[key] = Mention(one.text, role, one.speaker, one.at, one.topics)
    elif role == "lead":
        found[key] = replace(found[key], role="lead")


def _all_dropped(count: int) -> str:
    if not count:
        return ""
    were = "1 paragraph was" if count == 1 else f"{count} paragraphs were"
    return f": {were} dropped as headings or calls to action"


def label(text: str, key: str, line: int | None) -> str:
    """A name or a title, clean; raises BriefRejected where it is too long for one."""
    words = clean(text)
    if len(words) > MAX_LABEL:
        raise BriefRejected(f"{key} is {len(words):,} characters long: at most {MAX_LABEL}", line)
    return words


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
        raise BriefRejected(f"{key}: {text!r} is no date ({error})", line) from error
    raise BriefRejected(f"{key}: {text!r} is no date; write it like 2026-03-31", line)
