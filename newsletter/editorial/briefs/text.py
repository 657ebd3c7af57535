"""Plain text: paragraphs. The first insight is the lead, the others are related."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from newsletter.editorial.briefs.boilerplate import is_call
from newsletter.editorial.briefs.page import Paragraph, clean, sift
from newsletter.editorial.model import Brief

_BULLET = re.compile(r"(?:[-*+•‣◦·–—]|[0-9]{1,2}[.)])\s+")
_SENTENCE_END = re.compile(r"""[.!?:。！？…]["'”’»)\]]*$""")
_WIDTHS = range(40, 121)

Line = tuple[int, str]


def parse(text: str, phrases: Sequence[str] = ()) -> Brief:
    """Raises BriefRejected."""
    mentions, dropped = sift(paragraphs(text), phrases)
    return Brief(mentions=mentions, dropped=dropped)


def paragraphs(text: str) -> Iterator[Paragraph]:
    """Each line of a block is one, save in hard-wrapped prose, parted by deliberate breaks."""
    lines = enumerate((clean(line) for line in text.split("\n")), start=1)
    for filled, block in groupby(lines, key=lambda line: bool(line[1])):
        if filled:
            yield from map(_paragraph, _parted(list(block)))


def _paragraph(lines: list[Line]) -> Paragraph:
    text = " ".join(line for _, line in lines)
    bare = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    return Paragraph(lines[0][0], bare, heading=bare == text)


def _parted(block: list[Line]) -> Iterator[list[Line]]:
    width = _wrapped_at([line for _, line in block])
    gathered = block[:1]
    for line in block[1:]:
        if _goes_on(gathered, line[1], width):
            gathered.append(line)
        else:
            yield gathered
            gathered = [line]
    yield gathered


def _wrapped_at(lines: Sequence[str]) -> int | None:
    """The width of hard-wrapped prose: some full line breaks off in the middle of a sentence."""
    width = max(map(len, lines))
    pairs = pairwise(lines)
    wrapped = any(
        _is_full(line, after, width) and _breaks_off(line, after) for line, after in pairs
    )
    return width if width in _WIDTHS and wrapped else None


def _is_full(line: str, after: str, width: int) -> bool:
    return len(line) + 1 + len(after.split(" ", 1)[0]) > width


def _breaks_off(line: str, after: str) -> bool:
    return not _SENTENCE_END.search(line) and (line.endswith(",") or not after[0].isupper())


def _goes_on(gathered: list[Line], after: str, width: int | None) -> bool:
    last = gathered[-1][1]
    if width is None or _BULLET.match(after) or not _is_full(last, after, width):
        return False
    return not (_SENTENCE_END.search(last) and is_call(" ".join(line for _, line in gathered)))
