"""The lines of a diary that say what was listened to, and what stands around them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dates import any_day, is_day
from newsletter.ingest.parsers.heard_names import LISTENED, TAGGED, names_heard
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, address, title
from newsletter.ingest.parsers.outline import section_of

OF_PODCASTS = re.compile(r"podcasts?(?: notes?)?", re.IGNORECASE)
"""The heading of a diary's section on what was heard."""
_NAMING = re.compile(r"\]\(|\[\[|[“\"„«]| [-–—|] ")
_LINE_WORDS = 16
_SAID = {"show title": "podcast", "episode title": "episode"}


def heard(blocks: Sequence[Block]) -> list[int]:
    """The lines that say what was listened to, and the items whose own fields name a show."""
    of_a_day = bool(blocks) and blocks[0].level > 0 and is_day(blocks[0].text)
    return [
        index
        for index, block in enumerate(blocks)
        if (not block.rule and _names_one(blocks, index) and _opens(blocks, index))
        or (of_a_day and block.level and OF_PODCASTS.fullmatch(title(block.raw)))
    ]


def _names_one(blocks: Sequence[Block], index: int) -> bool:
    item, end = blocks[index], _behind_fields(blocks, index)
    is_named = item.first and not vocabulary.section(item.text)
    own = is_named and any(map(_is_of_podcasts, blocks[index + 1 : end]))
    return own or says_what_was_heard(item)


def _is_of_podcasts(field: Block) -> bool:
    pair = key_value(field.raw)
    tagged = pair is not None and vocabulary.bare(pair[0]) in {"tags", "tag", "type"}
    return names_a_show(field) or bool(tagged and pair and OF_PODCASTS.search(pair[1]))


def names_a_show(block: Block) -> bool:
    """Whether it is a field that holds the name of a podcast."""
    pair = key_value(block.raw) if block.rule == "field" else None
    known = vocabulary.field(pair[0]) if pair else None
    return known is not None and known[0] == "podcast"


def says_what_was_heard(block: Block) -> bool:
    """In a line of its own; a sentence on it is longer, and begins notes on the episode."""
    tagged = block.depth == 1 and TAGGED.search(block.raw)
    named = (LISTENED.match(block.raw) or tagged) and _NAMING.search(block.raw)
    return bool(named) and len(title(block.raw).split()) <= _LINE_WORDS


def _opens(blocks: Sequence[Block], index: int) -> bool:
    """A heading, or a line above a list or a paragraph; its item may have fields."""
    block = blocks[index]
    if not block.depth:
        below = blocks[index + 1] if index + 1 < len(blocks) else None
        return bool(below and (block.level or not (below.level or below.rule)))
    end = _behind_fields(blocks, index)
    return block.depth == 1 and block.first and end < len(blocks) and blocks[end].depth > 1


def _behind_fields(blocks: Sequence[Block], item: int) -> int:
    """Where the fields of an item end, which stand in it or begin the list below it."""
    end = item + 1
    while end < len(blocks) and _is_field_of(blocks[item], blocks[end]):
        end += 1
    return end


def _is_field_of(item: Block, block: Block) -> bool:
    within = block.depth == item.depth + 1 or (block.depth == item.depth and not block.first)
    return item.depth > 0 and block.rule == "field" and within


def is_private_around(blocks: Sequence[Block], begin: int, end: int) -> bool:
    """Whether text stands above what begins and ends there, or what tells of something else below
    it: a heading or an item that announces no section of notes, or text behind its part."""
    if any(not (block.level or block.rule) or any_day(block.text) for block in blocks[:begin]):
        return True
    opening, section = blocks[begin], 0
    for block in blocks[end:]:
        if block.level and section_of(block):
            section = block.level
            continue
        begins = bool(block.level) and not 0 < section < block.level
        if begins or (not section and _is_beside(block, opening)):
            return True
    return False


def _is_beside(block: Block, opening: Block) -> bool:
    """An item beside the opening one, or text in no list."""
    beside = not block.depth or (block.first and block.depth == opening.depth)
    return beside and bool(block.text) and not (block.rule or vocabulary.section(block.text))


def about_one(blocks: Sequence[Block], facts: Facts) -> Sequence[Block]:
    """The blocks of a page on what its only such line names; the facts know it then."""
    begins = heard(blocks)
    if len(begins) != 1 or not says_what_was_heard(blocks[begins[0]]):
        return blocks
    above, (opening, *below) = blocks[: begins[0]], blocks[begins[0] :]
    if not (named := names_heard(opening.raw)):
        return blocks
    facts.add_prose({_SAID[key]: named[key] for key in _SAID if key in named})
    facts.add_link("", address(opening.raw))
    title_already = opening.level or below[0].rule == "field"
    return [*above, opening if title_already else replace(opening, rule="heading"), *below]
