"""Notes on several episodes in one file: where each begins, and what its first line says of it."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dates import any_day, is_day
from newsletter.ingest.parsers.episode_names import (
    NUMBERED,
    ON_A_SHOW,
    counted,
    named_in,
    number_of,
    parts,
)
from newsletter.ingest.parsers.episode_starts import (
    LISTENED,
    OF_PODCASTS,
    above,
    address_of,
    heard,
    ways,
)
from newsletter.ingest.parsers.inline import Inline
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, address, title
from newsletter.ingest.parsers.outline import addressed
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean
from newsletter.ingest.parsers.prose import said_of_it

_TAGS = re.compile(r"(?:\s+#(?:\[\[[^\[\]]*\]\]|[^\W\d][\w/-]*))+\s*$")
_SHOW_AND_EPISODE = 2  # names in a line


@dataclass(frozen=True, slots=True)
class Episode:
    """``day``: that of the heading above it, in a diary of several days."""

    blocks: Sequence[Block]
    facts: Facts
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The episodes of a file, and what belongs to none of them, as paragraphs."""

    episodes: Sequence[Episode]
    beside: Sequence[Paragraph]


def episodes(blocks: Sequence[Block], *, named: bool = False) -> Told | None:
    """None where the file tells of one episode, as far as can be seen. ``named``: it says which."""
    for begins in ways(blocks, named=named):
        if len(begins) > 1:
            return _told(blocks, _spans(blocks, begins))
    if begins := heard(blocks):
        spans = _spans(blocks, begins)
        return _told(blocks, [(begin, max(end, begin + 2)) for begin, end in spans])
    begins = addressed(blocks)
    return _told(blocks, list(pairwise([*begins, len(blocks)]))) if len(begins) > 1 else None


def _spans(blocks: Sequence[Block], begins: Sequence[int]) -> list[tuple[int, int]]:
    following = frozenset(begins)
    return [(begin, _end(blocks, begin, following)) for begin in begins]


def _told(blocks: Sequence[Block], spans: Sequence[tuple[int, int]]) -> Told:
    inside = {index for begin, end in spans for index in range(begin, end)}
    beside = [block for index, block in enumerate(blocks) if index not in inside]
    over = above(blocks)
    days = _days(blocks)
    pages = [
        replace(_episode(blocks[begin:end], over.get(begin, "")), day=days[begin])
        for begin, end in spans
    ]
    return Told(pages, [_left_out(block) for block in beside])


def _days(blocks: Sequence[Block]) -> Sequence[date | None]:
    """For each block the day that the last heading above it names, with nothing else in it."""
    day: date | None = None
    days: list[date | None] = []
    for block in blocks:
        days.append(day)
        if block.level and is_day(block.text):
            day = any_day(block.text)
    return days


def _left_out(block: Block) -> Paragraph:
    verdict: Verdict = "metadata" if block.rule == "field" else "noise"
    return Paragraph(
        block.line, clean(block.raw), verdict=verdict, rule=block.rule or "beside the episodes"
    )


def _end(blocks: Sequence[Block], begin: int, following: AbstractSet[int]) -> int:
    """Where the next one begins, or a heading of its rank, or what is no list below it."""
    opening = blocks[begin]
    for index in range(begin + 1, len(blocks)):
        block = blocks[index]
        if _is_run(opening):
            if index in following:
                return index
            continue
        deeper = block.depth > opening.depth
        higher = 0 < block.level <= (opening.level or block.level) and not deeper
        beside = block.depth == opening.depth and (block.first or not block.depth)
        beside = beside or block.depth < opening.depth
        outside = not opening.level and beside and not block.quoted
        if index in following or higher or outside:
            return index
    return len(blocks)


def _names(block: Block, field: vocabulary.Field) -> bool:
    pair = key_value(block.raw) if block.rule == "field" else None
    return pair is not None and (vocabulary.field(pair[0]) or (None,))[0] == field


def _is_run(opening: Block) -> bool:
    """Whether it begins with fields, and not with a line that leads to it."""
    return opening.rule == "field" and not address(opening.raw)


def _episode(section: Sequence[Block], podcast: str) -> Episode:
    """The section with its first line as its only heading of the first rank, its lists on top."""
    opening = section[0]
    if _is_run(opening):
        return Episode(section, Facts())
    if OF_PODCASTS.fullmatch(title(opening.raw)):
        return _of_a_diary(section[1:])
    named, facts = _named(opening.raw), Facts()
    if podcast:
        named["show title"] = podcast
    if opening.depth and any(_names(block, "episode") for block in section[1:]) and len(named) == 1:
        named = {"show title": named.get("show title") or named["episode title"]}
    if any(_names(block, "podcast") for block in section[1:]):
        named = {"episode title": title(opening.raw)}  # its name may hold a dash of its own
    for key, value in named.items():
        facts.add(key, value)
    if url := address_of(section):
        facts.add("episode url", url)
    head = named.get("episode title", clean(opening.text or opening.raw))
    top = Block(opening.line, head, Inline(head), level=1)
    return Episode([top, *(_raised(block, opening) for block in section[1:])], facts)


def _named(raw: str) -> dict[str, str]:
    """What the line says that opens an episode."""
    if heard_of := LISTENED.match(raw):
        raw = ON_A_SHOW.sub(r"\1 — ", raw[heard_of.end() :])
        said = said_of_it(raw)
        raw = (
            f"{said['podcast']} — {said['episode']}" if {"podcast", "episode"} <= set(said) else raw
        )
    raw = _TAGS.sub("", raw)
    name = title(raw)
    counts = not address(raw) and (NUMBERED.match(name) or number_of(name))
    return counted(name) if counts else named_in(raw)


def _raised(block: Block, opening: Block) -> Block:
    """As it stands in a page whose only heading of the first rank is the opening."""
    up = max(0, opening.level - 1)
    level = max(1, block.level - up) if block.level else 0
    return replace(block, level=level, depth=block.depth - min(opening.depth, block.depth))


def _of_a_diary(section: Sequence[Block]) -> Episode:
    """A section on what was heard: its fields name it, or its first line."""
    facts, first = Facts(), section[0] if section else None
    if not first or first.rule or len(parts(first.raw)) < _SHOW_AND_EPISODE:
        return Episode(section, facts)
    for key, value in named_in(first.raw).items():
        facts.add(key, value)
    facts.add("episode url", address_of(section))
    return Episode(section[1:], facts)
