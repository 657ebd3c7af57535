"""Airr: for each quote a time that links to it, below it the words, quoted or as items.

By way of Readwise, an outline whose items begin with a ``link::``, and below it who says what.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.attribution import is_nameless
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dialects.dialect import Dialect, as_notes
from newsletter.ingest.parsers.inline import inline, is_action
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, address, completed
from newsletter.ingest.parsers.outline import Reading, place_of
from newsletter.ingest.parsers.paragraphs import Paragraph, clean

_LINKED = re.compile(r"\[([^\[\]\n]{0,100})\]\([^()\s]{0,2000}\)")
_SAYS = re.compile(r"([\w .'’-]{1,40}): ?")


def _recognises(blocks: Sequence[Block], _facts: Facts) -> bool:
    return any(
        _is_place(above)
        and not below.rule
        and (below.quoted or (above.first and below.depth > above.depth) or _is_clip(above))
        for above, below in pairwise(blocks)
    )


def _is_place(block: Block) -> bool:
    place = place_of(block)
    return not block.quoted and place.at is not None and bool(place.link)


def _is_clip(block: Block) -> bool:
    """A heading that says no more than where it leads: "AirrQuote 07:22"."""
    return bool(block.level) and is_action(clean(_LINKED.sub(r"\1", block.raw)))


AIRR = Dialect("Airr", _recognises, as_notes(Reading(strict=True, origin="quote")))


def _recognises_items(blocks: Sequence[Block], facts: Facts) -> bool:
    return "podcast" in facts.raw("category").lower() and any(map(_own_link, blocks))


def _own_link(block: Block) -> str:
    pair = key_value(block.raw) if block.first and block.rule == "field" else None
    known = vocabulary.field(pair[0]) if pair and block.depth > 1 else None
    return address(pair[1]) if pair and known and known[0] == "url" else ""


def _read_items(blocks: Sequence[Block], _facts: Facts) -> Iterator[Paragraph]:
    begins = [index for index, block in enumerate(blocks) if _own_link(block)]
    yield from map(_left_out, blocks[: begins[0]])
    for begin, end in pairwise([*begins, len(blocks)]):
        yield from _quote(blocks[begin:end])


def _quote(item: Sequence[Block]) -> Iterator[Paragraph]:
    """The words of an item as one quote, however many there speak in turn."""
    said = [block for block in item if not block.rule]
    yield from (_left_out(block) for block in item if block.rule)
    turns = [(_SAYS.match(block.raw), block.raw) for block in said]
    names = {match[1] for match, _ in turns if match}
    words = " ".join(raw[match.end() :] if match else raw for match, raw in turns)
    named = [name for name in names if not is_nameless(name)] if len(names) == 1 else []
    if text := inline(words, {}).text:
        speaker, link = "".join(named), _own_link(item[0])
        place = said[0].line
        yield Paragraph(
            place, text, "lead", speaker, heading=False, rule="quote", link=link, origin="quote"
        )


def _left_out(block: Block) -> Paragraph:
    return Paragraph(block.line, clean(block.raw), verdict="metadata", rule=block.rule or "heading")


def _completed(about: Brief, facts: Facts) -> Brief:
    """The author is the show, and the addresses are those of the quotes."""
    return replace(completed(about, facts, author_is_podcast=True), url=about.url)


AIRR_ITEMS = Dialect("Airr", _recognises_items, _read_items, _completed)
