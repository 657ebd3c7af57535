"""Text transcripts: paragraphs, before which a speaker's name or a time may stand.

"Ada: ...", "[12:34] Ada: ...", "Ada (12:34): ...", "**Ada:** \\[12:34\\] ...", or a line of its own
("Ada 12:34") above the paragraph.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.ingest.transcripts.speakers import label, may_be_name, speakers_of
from newsletter.ingest.transcripts.turns import Turn

_TIME = r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-5][0-9])(?:[.,][0-9]{1,3})?"
_STAMP = re.compile(rf"\s*(?:\[{_TIME}\]|\({_TIME}\)|{_TIME}(?=[\s–—-]|$))[\s:–—-]*")
_NAME_AND_STAMP = re.compile(rf"([^\W\d_][^\[\]():\d\n]{{0,49}}?)\s+[\[(]?{_TIME}[\])]?(:|$)\s*")
_FRONT_MATTER = re.compile(r"---\n.*?\n---(?:\n|$)", re.DOTALL)
_MARKS = re.compile(r"\*\*|__|\\(?=[\[\]()])")
_NO_SPEECH = re.compile(r"#|-{3,}|={3,}|\*{3,}|!\[|https?://\S+$")


@dataclass(frozen=True, slots=True)
class _Line:
    """``sure``: a time beside the name says that it is one. ``new``: a paragraph begins."""

    text: str
    name: str = ""
    rest: str = ""
    start: float | None = None
    sure: bool = False
    new: bool = False


def read(text: str) -> Iterator[Turn]:
    head = _FRONT_MATTER.match(text)
    lines = list(_lines(text[head.end() :] if head else text))
    sure = {line.name for line in lines if line.sure}
    names = sure | speakers_of([line.name for line in lines])
    speaker, start = "", None
    for line in lines:
        spoken = line.rest if line.name in names or not line.name else line.text
        named = line.name in names
        speaker = line.name if named else speaker
        start = line.start if line.start is not None else start
        if spoken.strip():
            yield Turn(spoken, start, None, speaker, new=named or line.new)
            start = None


def _lines(text: str) -> Iterator[_Line]:
    new = True
    for raw in text.split("\n"):
        line = _MARKS.sub("", raw).strip()
        if not line or _NO_SPEECH.match(line):
            new = True
            continue
        yield replace(_line(line), new=new)
        new = False


def _line(line: str) -> _Line:
    before, rest = _stamp(line)
    match = _NAME_AND_STAMP.match(rest)
    if match and may_be_name(match[1]):
        at = _seconds(match.groups()[1:4])
        return _Line(rest, match[1].strip(), rest[match.end() :], at, sure=True)
    name, spoken = label(rest)
    after, spoken = _stamp(spoken) if name else (None, spoken)
    start = after if after is not None else before
    return _Line(rest, name, spoken, start, sure=bool(name) and start is not None)


def _stamp(line: str) -> tuple[float | None, str]:
    """The seconds of the time that the line begins with, and the rest of it."""
    match = _STAMP.match(line)
    if not match:
        return None, line
    groups = match.groups()
    parts = next(three for three in (groups[:3], groups[3:6], groups[6:]) if three[2])
    return _seconds(parts), line[match.end() :]


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds = (int(part or 0) for part in parts)
    return float(hours * 3600 + minutes * 60 + seconds)
