"""Fields of an insight itself: its second, its speaker and its address, in or below its item.

Logseq writes them as properties (``time:: 12:40`` in the item), Tana and Roam as items below it,
Dataview in brackets behind the words ("(time:: 6:41) (speaker:: Osric Tal)").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import time_in
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import address, names

RULE = "field of an insight"
_INSIDE = re.compile(
    r"\s?(?:\(|\[(?!\[))([\w -]{1,40})::[ \t]*"
    r"((?:\[\[[^\[\]\n]{1,100}\]\]|[^\[\]()\n]){0,200})[\])]"
)
_OWN = {"time", "speakers", "url"}


def owned(blocks: Sequence[Block]) -> list[Block]:
    """Each insight of a list with what its own fields say; these are blocks with the rule RULE."""
    told: list[Block] = []
    owner: int | None = None
    for each, below in zip(blocks, _next_texts(blocks), strict=True):
        block = _without_inside(each)
        if owner is not None and _is_below(block, told[owner]) and (pair := _own_field(block)):
            told[owner] = _with(told[owner], *pair)
            block = replace(block, rule=RULE)
        elif block.first and not block.rule:
            titled = below is not None and below.depth > block.depth and is_heading(block.text)
            owner = None if block.level or titled else len(told)
        elif not block.depth:
            owner = None
        told.append(block)
    return told


def _next_texts(blocks: Sequence[Block]) -> list[Block | None]:
    """For each block the next one that is no field: below a short item it makes that a title, and
    the fields are of what stands there."""
    following: list[Block | None] = []
    last: Block | None = None
    for block in reversed(blocks):
        following.append(last)
        last = last if block.rule == "field" else block
    return following[::-1]


def _is_below(block: Block, owner: Block) -> bool:
    inside = block.depth == owner.depth and not block.first
    return block.rule == "field" and (inside or block.depth == owner.depth + 1)


def _own_field(block: Block) -> tuple[str, str] | None:
    pair = key_value(block.raw)
    return pair if pair and _named(pair[0]) in _OWN else None


def _named(key: str) -> str | None:
    known = vocabulary.field(key)
    return known[0] if known else None


def _with(block: Block, key: str, value: str) -> Block:
    """What the words say themselves is surer than a field."""
    words, name = block.inline, _named(key)
    if name == "time" and words.at is None:
        return replace(block, inline=replace(words, at=time_in(value)))
    if name == "url" and not words.link:
        return replace(block, inline=replace(words, link=address(value)))
    people = names(value) if name == "speakers" else []
    return replace(block, speaker=people[0]) if len(people) == 1 else block


def _without_inside(block: Block) -> Block:
    """The fields in brackets behind the words are none of them."""
    if block.rule or "::" not in block.raw or not (pairs := list(_inside(block.raw))):
        return block
    for key, value in pairs:
        block = _with(block, key, value)
    text = _INSIDE.sub("", block.text).strip()
    return replace(block, inline=replace(block.inline, text=text))


def _inside(raw: str) -> Iterator[tuple[str, str]]:
    return ((match[1].strip(), match[2].strip()) for match in _INSIDE.finditer(raw[:4_000]))
