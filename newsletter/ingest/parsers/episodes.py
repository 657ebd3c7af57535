"""Notes on several episodes in one file: where each begins, and what its first line says of it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dates import any_day, is_day
from newsletter.ingest.parsers.episode_names import named_in, parts
from newsletter.ingest.parsers.episode_starts import above, address_of, ways
from newsletter.ingest.parsers.heard import (
    OF_PODCASTS,
    heard,
    is_private_around,
    says_what_was_heard,
)
from newsletter.ingest.parsers.heard_names import names_heard, names_of_line
from newsletter.ingest.parsers.inline import Inline
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, address, title
from newsletter.ingest.parsers.outline import addressed
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean

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
        spans = [(begin, _behind(begin, end, begins)) for begin, end in _spans(blocks, begins)]
        if len(spans) > 1 or is_private_around(blocks, *spans[0]):
            return _told(blocks, spans)
    begins = addressed(blocks)
    return _told(blocks, list(pairwise([*begins, len(blocks)]))) if len(begins) > 1 else None


def _behind(begin: int, end: int, begins: Sequence[int]) -> int:
    """With the paragraph below a line, though it stands in no list."""
    return end if end in begins else max(end, begin + 2)


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
    of_a_day, facts = says_what_was_heard(opening), Facts()
    named = names_heard(opening.raw) if of_a_day else names_of_line(opening.raw)
    if podcast:
        named["show title"] = podcast
    if opening.depth and any(_names(block, "episode") for block in section[1:]) and len(named) == 1:
        named = {"show title": named.get("show title") or named["episode title"]}
    if not of_a_day and any(_names(block, "podcast") for block in section[1:]):
        named = {"episode title": title(opening.raw)}  # its name may hold a dash of its own
    for key, value in named.items():
        facts.add(key, value)
    if url := address_of(section):
        facts.add("episode url", url)
    head = named.get("episode title") or clean(opening.text or opening.raw)
    unnamed = of_a_day and "episode title" not in named
    top = Block(opening.line, head, Inline(head), level=1)
    top = replace(top, level=0, rule="heading") if unnamed else top
    return Episode([top, *(_raised(block, opening) for block in section[1:])], facts)


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
