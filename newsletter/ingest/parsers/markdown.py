"""Markdown with YAML front matter: paragraphs and list items, those under "Related" related.

markdown-it-py reads CommonMark. Brief files need more than that: HTML stays text, indented lines
are no code, "•" begins a list item, and a line that is all bold is a heading.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Role
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.front_matter import front_matter
from newsletter.ingest.parsers.inline import DEEPEST, blocks, plain, stamped
from newsletter.ingest.parsers.paragraphs import Paragraph, clean, sift, spaced

_BULLET = re.compile(r"^([ \t>]*)•(?=[ \t])", re.MULTILINE)
_CHECKBOX = re.compile(r"\[[ xX]\]\s+")
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_]+)\1:?")
_NOISE = re.compile(r"\||\[[^\]]+\]:\s")
_RELATED = re.compile(
    r"\W*(?:(?:(?:more|other|our) )?related\b|(?:more|others?)\b.* like\b|similar\b|see also\b"
    r"|you (?:may|might) also\b)",
    re.IGNORECASE,
)
_BOLD_LEVEL = 7
_LONGEST_NUMBER = 3  # "1911. Nobody ..." begins with a year, not with a list's number


@dataclass(frozen=True, slots=True)
class _Block:
    """Markdown that belongs together; ``level`` is a heading's: 1 to 6, or 7 for a bold line."""

    line: int
    text: str
    item: bool = False
    noise: bool = False
    level: int = 0


def parse(text: str, phrases: Sequence[str] = ()) -> Brief:
    """Raises BriefRejected."""
    about, start, body = front_matter(text)
    mentions, dropped = sift(_paragraphs(body, start, about.speakers), phrases)
    return replace(about, mentions=mentions, dropped=about.dropped + dropped)


def _paragraphs(body: str, start: int, speakers: Sequence[str]) -> Iterator[Paragraph]:
    source = _BULLET.sub(r"\1-", spaced(_uncommented(body)))
    tokens, references = blocks(source)
    related_level = 0
    for block in _blocks(tokens, source.split("\n"), start):
        if not block.text:
            continue
        text = plain(block.text, references)
        if _RELATED.match(text) and (block.level or (not block.item and is_heading(text))):
            related_level = block.level or _BOLD_LEVEL
        elif 0 < block.level <= related_level:
            related_level = 0
        yield _paragraph(block, text, "related" if related_level else "lead", speakers)


def _paragraph(block: _Block, text: str, role: Role, speakers: Sequence[str]) -> Paragraph:
    if block.noise or block.level or not text:
        return Paragraph(block.line, clean(block.text), noise=True)
    insight, at = stamped(text)
    speaker = speakers[0] if role == "lead" and len(speakers) == 1 else ""
    return Paragraph(block.line, insight, role, speaker, at, heading=not block.item)


def _blocks(tokens: Sequence[Token], lines: Sequence[str], start: int) -> Iterator[_Block]:
    """The blocks of the body in order; ``start`` is the number of its first line."""
    for index, token in enumerate(tokens):
        begin, end = token.map or (0, 0)
        if token.level > DEEPEST:
            raise BriefRejected("nested too deeply to be a brief", start + begin)
        if token.type == "inline":
            yield from _split(_block(tokens, index, start + begin))
        elif token.type in {"fence", "definition"}:
            yield _Block(start + begin, "\n".join(lines[begin:end]), noise=True)


def _block(tokens: Sequence[Token], index: int, line: int) -> _Block:
    text, opening, before = tokens[index].content, tokens[index - 1], tokens[max(0, index - 2)]
    if opening.type == "heading_open" and _is_heading(opening, text):
        return _Block(line, text, level=int(opening.tag[1]))
    if before.type != "list_item_open":
        return _Block(line, text)
    if len(before.info) > _LONGEST_NUMBER:
        return _Block(line, f"{before.info}{before.markup} {text}")
    return _Block(line, _CHECKBOX.sub("", text, count=1), item=True)


def _is_heading(opening: Token, text: str) -> bool:
    """To CommonMark any text above a line of = or - is one; here a long text is a paragraph."""
    return opening.markup.startswith("#") or ("\n" not in text and is_heading(clean(text)))


def _split(block: _Block) -> Iterator[_Block]:
    """Take lines out of a paragraph that are bold, or part of a table or a definition."""
    if block.level:
        yield block
        return
    rest: list[str] = []
    for number, text in enumerate(block.text.split("\n"), block.line):
        level = _BOLD_LEVEL if _is_bold_line(text) else 0
        noise = bool(_NOISE.match(text.lstrip()))
        if level or noise:
            yield replace(block, text="\n".join(rest))
            yield _Block(number, text, noise=noise, level=level)
            block, rest = _Block(number + 1, ""), []
        else:
            rest.append(text)
    yield replace(block, text="\n".join(rest))


def _is_bold_line(line: str) -> bool:
    return bool(_BOLD_LINE.fullmatch(line.strip())) and is_heading(line.strip(" *_"))


def _uncommented(body: str) -> str:
    """Without HTML comments; their line breaks stay, so that lines keep their numbers."""
    kept, end = [], 0
    while (begin := body.find("<!--", end)) >= 0 and (close := body.find("-->", begin)) >= 0:
        kept += [body[end:begin], "\n" * body.count("\n", begin, close)]
        end = close + len("-->")
    return "".join(kept) + body[end:]
