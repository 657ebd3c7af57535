"""Notes that were saved as plain text: with fields, an address by itself, or a transcript below.

Their lines are read as the blocks of notes are; a text with none of these signs is only paragraphs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.attribution import is_nameless
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import inline
from newsletter.ingest.parsers.lines import key_value, known_field, line_rule
from newsletter.ingest.parsers.markdown import pages_of
from newsletter.ingest.parsers.metadata import Facts, names, show_of_count
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, clean, is_web
from newsletter.ingest.parsers.prose import shared_from

_TURN = re.compile(
    r"^[ \t]{0,8}\S[^\n]{0,60}?(?:\t|[ \xa0]{2,20})(?:[0-9]{1,2}:)?[0-9]{1,2}:[0-9]{2}[ \t]*$",
    re.MULTILINE,
)
_TIMED = re.compile(r"[\[(](?:[0-9]{1,2}:)?[0-9]{1,2}:[0-9]{2}[\])][.!?]?$")
_WITH = re.compile(r"(?:with|featuring|feat\.?|mit|avec|con|met) ([^\W\d_a-z]\S*(?: \S+){1,7})")
_LONGEST_TITLE = 120
_FEW = 2
_HEAD_LINES = 8


def is_notes(text: str) -> bool:
    """Whether its first lines hold a field or an address alone, or lines name speaker and time, or
    its title counts the episodes of a show and who was heard stands below, or times do."""
    head = [line.strip() for line in text[:4_000].split("\n") if line.strip()][:_HEAD_LINES]
    signs = any(map(_is_sign, head)) or _is_of_an_episode(head)
    return signs or len(_TURN.findall(text[:200_000])) >= _FEW


def _is_of_an_episode(head: Sequence[str]) -> bool:
    counted = bool(head) and is_heading(head[0]) and show_of_count(head[0]) is not None
    return counted and (any(map(_TIMED.search, head)) or bool(head[1:] and _people(head[1])))


def _people(line: str) -> list[str]:
    """ "with Ada Brook" """
    match = _WITH.fullmatch(line)
    return names(match[1]) if match else []


def _is_sign(line: str) -> bool:
    pair = key_value(line)
    known = vocabulary.field(pair[0]) if pair and known_field(line) else None
    return is_web(line.strip()) or (known is not None and known[0] in {"podcast", "url", "episode"})


def pages_of_notes(text: str, paragraphs: Sequence[Paragraph]) -> list[Page]:
    """``paragraphs`` are those of the text, and their lines."""
    turns = list(islice(_TURN.finditer(text), _FEW))
    spoken = text.count("\n", 0, turns[0].start()) + 1 if len(turns) == _FEW else len(text)
    spoken = min([spoken, *(each.line for each in paragraphs if each.rule == "transcript")])
    said = [paragraph for paragraph in paragraphs if paragraph.line < spoken]
    facts, blocks = Facts(), list(_blocks(said))
    if len(said) > 1 and blocks[0].level:
        facts.speakers += _people(said[1].text)
    elif len(said) > 1 and is_web(said[1].text) and (show := shared_from(said[0].text)):
        facts.add_prose({"podcast": show})
    for above, below in pairwise(said):
        if above.text.isupper() and (known := vocabulary.field(above.text)) and known[0]:
            facts.add(above.text, *(name for name in names(below.text) if not is_nameless(name)))
    pages = pages_of(blocks, Brief(()), facts)
    talk = [
        Paragraph(each.line, each.text, verdict="noise", rule="transcript")
        for each in paragraphs
        if each.line >= spoken
    ]
    last = pages[-1]
    told = [*pages[:-1], replace(last, paragraphs=[*last.paragraphs, *talk])]
    return [replace(page, dialect="notes in text" if page.dialect else "") for page in told]


def _blocks(paragraphs: Sequence[Paragraph]) -> Iterator[Block]:
    """The first line is the title, if it could be one; a line with a bullet is a list item."""
    for number, paragraph in enumerate(paragraphs):
        raw, item = paragraph.text, not paragraph.heading
        rule = line_rule(raw) or ("field" if known_field(raw) else "")
        if raw.isupper() and is_heading(raw) and not item:
            rule = "heading"  # of a machine's outline, whose items are statements
        above_address = len(paragraphs) > 1 and is_web(paragraphs[1].text)
        short = is_heading(raw) or (above_address and len(raw) < _LONGEST_TITLE)
        if not number and above_address and shared_from(raw):
            rule = "heading"  # it says of which show the episode is, and not what it is called
        if number == 1 and _people(raw):
            rule = "field"
        titled = not number and not rule and not item and short and not is_web(raw)
        yield Block(
            paragraph.line,
            clean(raw),
            inline(raw, {}),
            level=int(titled),
            depth=int(item),
            first=item,
            rule=rule,
        )
