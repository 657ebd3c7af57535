"""WebVTT and SubRip: a line with two times and an arrow, then the lines that are shown.

Files that break the letter of either format are read as far as they make sense: without a header,
with an empty line in a caption, without an empty line between two, with a time that is none.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers.paragraphs import cut
from newsletter.ingest.transcripts.speakers import labelled
from newsletter.ingest.transcripts.turns import Turn

_TIME = r"(?:([0-9]{1,3}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,3}))?"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}(?![0-9:])")
_ARROW = "-->"
_OTHER_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)\b|WEBVTT|X-TIMESTAMP-MAP|(?:Kind|Language): ")
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,40})?[ \t]+([^<>\n]{1,80})>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>\n]{0,200}>|\{\\[^{}\n]{0,40}\}")
_CHANGE = re.compile(r"^[ \t]*(?:>>+|[-–—](?=[ \t]*[A-Z]))[ \t]*", re.MULTILINE)
_ROLLING = 3  # one caption in three repeats the one before it


@dataclass(frozen=True, slots=True)
class _Cue:
    """``start`` None: the times cannot be read."""

    start: float | None
    end: float | None
    lines: list[str] = field(default_factory=list)


def has_times(text: str) -> bool:
    return any(_TIMES.match(line) for line in text.split("\n"))


def read(text: str) -> Iterator[Turn]:
    """Raises BriefRejected if there is no time in it."""
    cues = _cues(text.split("\n"))
    if all(cue.start is None for cue in cues):
        line = next((n for n, line in enumerate(text.split("\n"), 1) if _ARROW in line), 1)
        shown = cut(text.split("\n")[line - 1].strip())
        raise BriefRejected(f"no time of a caption can be read: {shown!r}", line)
    if all(cue.start is not None for cue in cues):
        cues.sort(key=lambda cue: cue.start or 0.0)
    yield from labelled([turn for cue in _unrolled(cues) for turn in _turns(cue)])


def _cues(lines: Sequence[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    skipped = False  # within a comment or a style sheet
    for number, line in enumerate(lines):
        before = lines[number - 1].strip() if number else ""
        if _ARROW in line:
            if cues and before and before in cues[-1].lines[-1:] and _is_name(lines, number - 1):
                cues[-1].lines.pop()
            cues.append(_cue(line))
            skipped = False
        elif not before and _OTHER_BLOCK.match(line):
            skipped = True
        elif not line.strip():
            skipped = False
        elif cues and not skipped:
            cues[-1].lines.append(line.strip())
    return cues


def _is_name(lines: Sequence[str], number: int) -> bool:
    """Whether the line above a time is the caption's name or number, not the text of another."""
    return lines[number].strip().isdigit() or not lines[number - 1].strip()


def _cue(line: str) -> _Cue:
    match = _TIMES.match(line)
    if not match:
        return _Cue(None, None)
    return _Cue(_seconds(match.groups()[:4]), _seconds(match.groups()[4:]))


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _unrolled(cues: Sequence[_Cue]) -> Iterator[_Cue]:
    """Each line once, where every caption shows the lines of the one before it again."""
    bare = [replace(cue, lines=_untagged(cue.lines)) for cue in cues]
    repeats = sum(_repeats(before.lines, after.lines) for before, after in pairwise(bare))
    if repeats * _ROLLING < len(bare):
        yield from cues
        return
    shown: list[str] = []
    for cue in bare:
        yield replace(cue, lines=list(_fresh(shown, cue.lines)))
        shown = cue.lines or shown


def _untagged(lines: Sequence[str]) -> list[str]:
    """Without the tags inside a line; who speaks stays."""
    bare = (_TAG.sub(lambda tag: tag[0] if _VOICE.match(tag[0]) else "", line) for line in lines)
    return [line.strip() for line in bare if line.strip()]


def _repeats(before: Sequence[str], after: Sequence[str]) -> bool:
    return bool(before and after) and (after[0] in before or after[0].startswith(before[-1]))


def _fresh(shown: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    known = set(shown)
    for line in lines:
        if shown and line.startswith(shown[-1]):
            yield line[len(shown[-1]) :].strip()
        elif line not in known:
            yield line


def _turns(cue: _Cue) -> Iterator[Turn]:
    """One for each voice and each line that begins with a dash or ">>"."""
    begun = cue.start
    head, *voices = _VOICE.split("\n".join(cue.lines))
    for name, spoken in [("", head), *zip(voices[::2], voices[1::2], strict=True)]:
        changes = _CHANGE.split(html.unescape(_TAG.sub("", spoken)))
        for place, words in enumerate(changes):
            if words.strip():
                speaker = html.unescape(name).strip()
                yield Turn(words, begun, cue.end, speaker, new=place > 0)
                begun = None
