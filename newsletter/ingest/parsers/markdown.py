"""Markdown with YAML front matter: paragraphs and list items, those under "Related" related.

A reader of what briefs are written in, not of all CommonMark: headings, lists, quotes, fences,
rules, comments, tables, and inline marks. HTML stays what it is: text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from newsletter.domain.model import Brief, Role
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.front_matter import front_matter
from newsletter.ingest.parsers.inline import plain, stamped
from newsletter.ingest.parsers.paragraphs import Paragraph, clean, sift

_QUOTE = re.compile(r"^(?:\s{0,3}>)+\s?")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}(#{1,6})(?:\s+|$)")
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_]+)\1:?")
_UNDERLINE = re.compile(r"\s{0,3}(?:=+|-+)\s*")
_RULE = re.compile(r"\s{0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})")
_CLOSING = re.compile(r"\s+#+\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•]|([0-9]{1,3})[.)])\s+(?:\[[ xX]\]\s+)?")
_NOISE = re.compile(r"\||\[[^\]]+\]:\s")
_RELATED = re.compile(
    r"\W*(?:(?:(?:more|other|our) )?related\b|(?:more|others?)\b.* like\b|similar\b|see also\b"
    r"|you (?:may|might) also\b)",
    re.IGNORECASE,
)
_BOLD_LEVEL = 7


@dataclass(slots=True)
class _Block:
    """Lines that belong together; ``level`` is a heading's: 1 to 6, or 7 for a line in bold."""

    line: int
    lines: list[str] = field(default_factory=list)
    item: bool = False
    noise: bool = False
    level: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a line below may belong to it."""
        return bool(self.lines) and not self.noise and not self.level


def parse(text: str, phrases: Sequence[str] = ()) -> Brief:
    """Raises BriefRejected."""
    about, start, body = front_matter(text)
    mentions, dropped = sift(_paragraphs(body, start, about.speakers), phrases)
    return replace(about, mentions=mentions, dropped=about.dropped + dropped)


def _paragraphs(body: str, start: int, speakers: Sequence[str]) -> Iterator[Paragraph]:
    related_level = 0
    for block in filter(lambda block: block.lines, _blocks(_uncommented(body), start)):
        text = plain(clean(" ".join(block.lines)))
        if _RELATED.match(text) and (block.level or (not block.item and is_heading(text))):
            related_level = block.level or _BOLD_LEVEL
        elif 0 < block.level <= related_level:
            related_level = 0
        yield _paragraph(block, text, "related" if related_level else "lead", speakers)


def _paragraph(block: _Block, text: str, role: Role, speakers: Sequence[str]) -> Paragraph:
    if block.noise or block.level or not text:
        return Paragraph(block.line, clean(" ".join(block.lines)), noise=True)
    said, at = stamped(text)
    speaker = speakers[0] if role == "lead" and len(speakers) == 1 else ""
    return Paragraph(block.line, said, role, speaker, at, heading=not block.item)


def _uncommented(body: str) -> str:
    """HTML comments gone, their line breaks kept."""
    kept, end = [], 0
    while (begin := body.find("<!--", end)) >= 0 and (close := body.find("-->", begin)) >= 0:
        kept += [body[end:begin], "\n" * body.count("\n", begin, close)]
        end = close + len("-->")
    return "".join(kept) + body[end:]


def _blocks(body: str, start: int) -> Iterator[_Block]:
    """What blank lines, and lines of a kind of their own, part from each other."""
    block, fence = _Block(start), ""
    for number, raw in enumerate(body.split("\n"), start):
        line = _QUOTE.sub("", raw, count=1)
        mark = _FENCE.match(line)
        if fence:
            block.lines.append(line)
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif block.is_open and _UNDERLINE.fullmatch(line):
            yield replace(block, level=_level(block, line))
            block = _Block(number)
        elif mark or _begins(line, block):
            yield block
            block, fence = _begun(number, line), mark[1] if mark else ""
        else:
            block.lines.append(line)
    yield block


def _level(block: _Block, underline: str) -> int:
    """What a line of = or - makes of the lines above: a heading, or a paragraph before a rule."""
    titled = not block.item and len(block.lines) == 1 and is_heading(clean(block.lines[0]))
    return (1 if "=" in underline else 2) if titled else 0


def _begins(line: str, block: _Block) -> bool:
    if not block.is_open or not line.strip() or _RULE.fullmatch(line) or _is_bold_line(line):
        return True
    number = _ITEM.match(line)
    lazy = number and number[1] not in (None, "1") and not block.item  # "... in\n1984. It was ..."
    return bool(_HEADING.match(line) or _NOISE.match(line) or (number and not lazy))


def _is_bold_line(line: str) -> bool:
    return bool(_BOLD_LINE.fullmatch(line.strip())) and is_heading(line.strip(" *_"))


def _begun(number: int, line: str) -> _Block:
    heading, item = _HEADING.match(line), _ITEM.match(line)
    if heading:
        return _Block(number, [_CLOSING.sub("", line[heading.end() :])], level=len(heading[1]))
    if not line.strip() or _RULE.fullmatch(line):
        return _Block(number)
    if item:
        return _Block(number, [line[item.end() :]], item=True)
    noise = bool(_NOISE.match(line) or _FENCE.match(line))
    return _Block(number, [line], noise=noise, level=_BOLD_LEVEL if _is_bold_line(line) else 0)
