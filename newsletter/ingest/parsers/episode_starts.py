"""Where the episodes of a file begin: the ways in which people part them, surest first.

A heading that has fields of its own below it, or a line that links to it: a heading, the top item
of an outline, or a line above a list. One such line is no sign.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, takewhile

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.episode_names import NUMBERED, is_a_count, named_in, number_of, parts
from newsletter.ingest.parsers.inline import time_in_url
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import address, title
from newsletter.ingest.parsers.outline import section_of
from newsletter.ingest.parsers.paragraphs import is_web

_NAMES_IT = {"podcast", "author", "published"}
_VAGUE = {"title", "name", "titel", "date", "datum"}
_DEEPEST_HEADING = 4
_NEAR = 2  # blocks below a heading
_TOP = 6  # blocks on top of a page
_PODCASTS = re.compile(r"\bpodcasts?\b", re.IGNORECASE)
_WIKI = re.compile(r"\[\[[^\[\]\n]+\]\]")


def ways(blocks: Sequence[Block], *, named: bool = False) -> Iterator[list[int]]:
    """The blocks that begin an episode, as each way finds them; fewer than two are no sign.
    ``named``: the page says of which one it is."""
    yield from (_with_fields(blocks), _items_with_fields(blocks), _runs_of_fields(blocks))
    yield from _linking(blocks)
    yield from (_named_twice(blocks), _numbered(blocks), [] if named else _counted(blocks))


def _with_fields(blocks: Sequence[Block]) -> list[int]:
    """The headings of the highest rank of which several have their own fields below them."""
    for level in range(1, _DEEPEST_HEADING + 1):
        at = [index for index, block in enumerate(blocks) if 0 < block.level <= level]
        borders = [*at, len(blocks)]
        begins = [
            begin
            for begin, end in zip(at, borders[1:], strict=True)
            if blocks[begin].level == level and _names_itself(blocks[begin:end])
        ]
        if begins and not _tells(blocks[begins[0] : _next(at, begins[0], len(blocks))]):
            del begins[0]  # the head of the page
        if len(begins) > 1:
            return begins
    return []


def _next(at: Sequence[int], begin: int, end: int) -> int:
    return next((index for index in at if index > begin), end)


def _tells(section: Sequence[Block]) -> bool:
    """Whether anything stands in it but fields."""
    free = (block for block in section[1:] if block.text and not (block.level or block.rule))
    return any(not section_of(block) for block in free)


def _items_with_fields(blocks: Sequence[Block]) -> list[int]:
    """The top items of an outline that have fields of their own, as Logseq's blocks have."""
    return [
        index
        for index, (block, below) in enumerate(pairwise(blocks))
        if block.depth == 1 and block.first and not block.rule and is_heading(block.text)
        if below.rule == "field" and below.depth == 1 and not below.first and _says_which(below.raw)
    ]


def _runs_of_fields(blocks: Sequence[Block]) -> list[int]:
    """Where fields follow text, and begin with the one that an earlier run began with."""
    begins: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        above = blocks[index - 1] if index else None
        if block.rule == "field" and block.depth <= 1 and not (above and above.rule == "field"):
            pair = key_value(block.raw)
            if pair and (known := vocabulary.field(pair[0])) and known[0] in {"podcast", "episode"}:
                begins.setdefault(known[0], []).append(index)
    longest = max(begins.values(), key=len, default=[])
    return longest if len({_which(blocks, index) for index in longest}) > 1 else []


def _which(blocks: Sequence[Block], begin: int) -> tuple[str, ...]:
    """The podcast and the episode that the fields on top of a section name."""
    run = (blocks[index] for index in range(begin, len(blocks)))
    fields = takewhile(lambda block: block.rule == "field", run)
    pairs = [pair for block in fields if (pair := key_value(block.raw.partition(" | ")[0]))]
    named = {known[0]: value for key, value in pairs if (known := vocabulary.field(key))}
    return title(named.get("podcast", "")), title(named.get("episode", ""))


def _named_twice(blocks: Sequence[Block]) -> list[int]:
    """Headings or top items of one rank that name podcast and episode, where something shows it.

    That is the page's title, which names a collection; an address right below; wiki links; or
    quotation marks around the episode.
    """
    if any(_says_which(block.raw) for block in blocks if block.rule == "field"):
        return []
    over = above(blocks)
    collected = bool(blocks and blocks[0].level and section_of(blocks[0]))
    shown = [
        index
        for index, block in enumerate(blocks)
        if (0 < block.level <= _DEEPEST_HEADING or _is_top(blocks, index))
        and (len(parts(block.raw)) > 1 or index in over)
        and (collected or _shows_it(blocks, index))
    ]
    ranks = Counter(_shape(blocks[index]) for index in shown)
    most = max(ranks, key=lambda rank: ranks[rank], default=(0, 0))
    return [index for index in shown if _shape(blocks[index]) == most]


def _is_top(blocks: Sequence[Block], index: int) -> bool:
    """An item of an outline that begins with a wiki link, and has items or fields below it."""
    block, below = blocks[index], blocks[index + 1 : index + 2]
    opens = bool(below) and (below[0].depth > block.depth or below[0].rule == "field")
    return block.depth == 1 and block.first and opens and block.raw.startswith("[[")


def _numbered(blocks: Sequence[Block]) -> list[int]:
    """Headings of one rank that begin with "Episode 12" and lead to it, or have its address below.

    The page's own heading may stand above them, and what it says of itself.
    """
    begins = [
        index
        for index, block in enumerate(blocks)
        if 0 < block.level <= _DEEPEST_HEADING and NUMBERED.match(title(block.raw))
        if address_of(blocks[index : index + 1 + _NEAR])
    ]
    return begins if len({blocks[index].level for index in begins}) == 1 else []


def _counted(blocks: Sequence[Block]) -> list[int]:
    """The headings of one rank of a page that says it is of podcasts, where two or more have a
    number ("Table Four 12", "TF 12 — Bread") or a day ("03/17/2026 - Bread") and no other one
    announces insights."""
    heads = [index for index, block in enumerate(blocks) if block.level and not block.rule]
    numbered = [index for index in heads if number_of(title(blocks[index].raw))]
    ranks = Counter(blocks[index].level for index in numbered)
    level = max(ranks, key=lambda rank: ranks[rank], default=0)
    names = [title(blocks[index].raw) for index in numbered if blocks[index].level == level]
    if not is_a_count(names) or not any(_PODCASTS.search(block.raw) for block in blocks[:_TOP]):
        return []
    first = min(index for index in numbered if blocks[index].level == level)
    begins = [index for index in heads if blocks[index].level == level and index >= first]
    sections = {section_of(blocks[index]) for index in begins} - {None, "noise"}
    return [] if sections else [index for index in begins if not section_of(blocks[index])]


def address_of(section: Sequence[Block]) -> str:
    """In its first line, or alone in one of the next."""
    near = (block.raw for block in section[1 : 1 + _NEAR] if _is_address(block) or _is_web(block))
    return next(filter(None, map(address, (section[0].raw, *near))), "")


def _is_web(block: Block) -> bool:
    return is_web(title(block.raw).strip("<> "))


def _shows_it(blocks: Sequence[Block], index: int) -> bool:
    raw, below = blocks[index].raw, blocks[index + 1 : index + 2]
    linked = bool(below) and (_is_web(below[0]) or _is_address(below[0]))
    return linked or "[[" in raw or any(part[0] in '"“„«' for part in parts(raw)[1:])


def _is_address(block: Block) -> bool:
    """ "URL: https://..." says where the episode above it is."""
    pair = key_value(block.raw) if block.rule == "field" else None
    known = vocabulary.field(pair[0]) if pair else None
    return bool(known and known[0] == "url")


def above(blocks: Sequence[Block]) -> Mapping[int, str]:
    """The podcast of each heading that is a wiki link alone, and stands under one that is, too."""
    over: list[Block] = []
    found: dict[int, str] = {}
    for index, block in enumerate(blocks):
        if not block.level:
            continue
        while over and over[-1].level >= block.level:
            over.pop()
        if over and all(_WIKI.fullmatch(each.raw.strip()) for each in (block, over[-1])):
            found[index] = title(over[-1].raw)
        over.append(block)
    return found


def _names_itself(section: Sequence[Block]) -> bool:
    if section_of(section[0]):
        return False
    return any(_says_which(block.raw) for block in section if block.rule == "field")


def _says_which(raw: str) -> bool:
    pair = key_value(raw)
    known = vocabulary.field(pair[0]) if pair else None
    if not pair or not known or vocabulary.bare(pair[0]) in _VAGUE:
        return False
    return known[0] in _NAMES_IT or (known[0] == "episode" and not pair[1].isdigit())


def _linking(blocks: Sequence[Block]) -> Iterator[list[int]]:
    """The lines that lead to an episode each: headings of one rank, top items, lines above lists.

    None where something before the first of them says which episode the file is about.
    """
    heads = [index for index, block in enumerate(blocks) if _leads(blocks, index)]
    for shape in dict.fromkeys(_shape(blocks[index]) for index in heads):
        begins = [index for index in heads if _shape(blocks[index]) == shape]
        before = blocks[: begins[0]]
        known = any(_says_which(block.raw) for block in before if block.rule == "field")
        if not known and len({address(blocks[index].raw) for index in begins}) == len(begins):
            yield begins


def _shape(block: Block) -> tuple[int, int]:
    return block.level, block.depth


def _leads(blocks: Sequence[Block], index: int) -> bool:
    block, below = blocks[index], blocks[index + 1 : index + 2]
    url = address(block.raw)
    if (
        _is_address(block)
        or not url
        or not below
        or below[0].rule == "player"
        or block.quoted
        or block.inline.at
    ):
        return False
    if time_in_url(url) is not None or (block.rule and block.rule != "field"):
        return False
    named = named_in(block.raw)
    if block.level:
        return block.level <= _DEEPEST_HEADING and len(named) > 1
    opens = below[0].first and below[0].depth == block.depth + 1
    top = block.depth == 0 or (block.depth == 1 and block.first)
    return opens and top and bool(named) and all(map(is_heading, named.values()))
