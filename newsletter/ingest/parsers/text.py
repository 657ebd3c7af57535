"""Plain text: paragraphs. The first insight is the lead, the others are related."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import clippings, markdown
from newsletter.ingest.parsers.attribution import NO_SPEAKERS, attributed, is_signed
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import CALL_LETTERS, is_call
from newsletter.ingest.parsers.inline import stamped
from newsletter.ingest.parsers.lines import known_field
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, clean, is_web
from newsletter.ingest.parsers.text_notes import is_notes, pages_of_notes

_BULLET = re.compile(r"(?:[-*+•‣◦·–—]|[0-9]{1,2}[.)])\s+")
_PERSON = r"([^\W\d_a-z][\w.'’-]{0,30}(?: [^\W\d_a-z][\w.'’-]{0,30}){0,3})"
_NAME = re.compile(rf"{_PERSON}:?")
_NAMED = re.compile(rf"{_PERSON}:\s+(?=\S)")
_MARKDOWN = re.compile(r"^(?:#{1,4} +\S|[*+-] +\*\*\S)", re.MULTILINE)
_BEGINNING = 20_000
_TANA = "%%tana%%"  # Tana begins an outline with it, when it copies one as text
_FEW = 2  # headings, speakers
_SENTENCE_END = re.compile(r"""[.!?:。！？…]["'”’»)\]]*$""")
_WIDTHS = range(40, 121)

Line = tuple[int, str]


def read(text: str) -> list[Page]:
    """Plain text says nothing about itself, unless its lines show that it was something else."""
    if clippings.recognises(text):
        return clippings.pages(text)
    if text.startswith(_TANA):
        return markdown.read(text.removeprefix(_TANA))
    if text.startswith("---\n") or len(_MARKDOWN.findall(text[:_BEGINNING])) >= _FEW:
        return markdown.read(text)
    said = _without_talk(list(paragraphs(text)))
    if is_notes(text):
        return pages_of_notes(text, said)
    return [Page(Brief(()), list(map(_spoken, said)), "plain text")]


def _spoken(said: Paragraph) -> Paragraph:
    """With the second in brackets at its end; who said it, where a name stands behind a quote."""
    if said.verdict:
        return said
    if is_signed(said.text):
        words, speaker, at = attributed(Block(said.line, said.text), said.text)
        return replace(said, text=words, speaker=speaker, at=at, heading=False, origin="quote")
    words, at = stamped(said.text) if said.text.endswith((")", "]")) else (said.text, None)
    return replace(said, text=words, at=at)


def _without_talk(said: Sequence[Paragraph]) -> list[Paragraph]:
    """What stands from the first name on, where two people speak again, is talk."""
    names = [_speaker(each.text) for each in said]
    speakers = {name for name, count in Counter(filter(None, names)).items() if count > 1}
    if len(speakers) < _FEW:
        return list(said)
    begin = next(index for index, name in enumerate(names) if name in speakers)
    talk = (replace(each, verdict="noise", rule="transcript") for each in said[begin:])
    return [*said[:begin], *talk]


def _speaker(text: str) -> str:
    """A name that is all of a line, or that stands before its words: "Mara Lindqvist: It waits"."""
    match = _NAME.fullmatch(text) or (None if known_field(text) else _NAMED.match(text))
    name = match[1].casefold() if match else ""
    return "" if name in NO_SPEAKERS else name


def paragraphs(text: str) -> Iterator[Paragraph]:
    """Each line of a block is a paragraph, unless the block is prose wrapped at a fixed width.

    Wrapped prose is joined up to a line that ends early. A block too short to show its width is
    taken to be as wide as the widest other block.
    """
    numbered = enumerate((clean(line) for line in text.split("\n")), start=1)
    grouped = groupby(numbered, key=lambda line: bool(line[1]))
    blocks = [list(block) for filled, block in grouped if filled]
    widths = [_wrapped_at([line for _, line in block]) for block in blocks]
    widest = max(widths, default=0)
    for block, width in zip(blocks, widths, strict=True):
        yield from map(_paragraph, _parted(block, width or widest))


def _paragraph(lines: list[Line]) -> Paragraph:
    text = " ".join(line for _, line in lines)
    bare = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    return Paragraph(lines[0][0], bare, heading=bare == text)


def _parted(block: list[Line], width: int) -> Iterator[list[Line]]:
    ingested = block[:1]
    for line in block[1:]:
        if _goes_on(ingested, line[1], width):
            ingested.append(line)
        else:
            yield ingested
            ingested = [line]
    yield ingested


def _wrapped_at(lines: Sequence[str]) -> int:
    """The width at which the prose is wrapped; 0 if no full line ends in mid-sentence."""
    width = max(map(len, lines))
    wrapped = any(
        _is_full(line, after, width) and _breaks_off(line, after) for line, after in pairwise(lines)
    )
    return width if width in _WIDTHS and wrapped else 0


def _is_full(line: str, after: str, width: int) -> bool:
    return len(line) + 1 + len(after.split(" ", 1)[0]) > width


def _breaks_off(line: str, after: str) -> bool:
    return not _SENTENCE_END.search(line) and (line.endswith(",") or not after[0].isupper())


def _goes_on(ingested: list[Line], after: str, width: int) -> bool:
    last = ingested[-1][1]
    if (
        len(last) > width
        or _BULLET.match(after)
        or is_web(after)
        or is_web(last)
        or not _is_full(last, after, width)
    ):
        return False
    return not (_SENTENCE_END.search(last) and _is_call(ingested))


def _is_call(ingested: Sequence[Line]) -> bool:
    """Stops at the length of the longest call to action, so that the time stays linear."""
    text = ""
    for _, line in ingested:
        text = f"{text} {line}" if text else line
        if len(text) > CALL_LETTERS:
            return False
    return is_call(text)
