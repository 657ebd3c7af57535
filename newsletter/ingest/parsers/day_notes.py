"""The note of a day of which one line names a podcast: what stands with that line is of it."""

from collections.abc import Sequence

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dates import is_day
from newsletter.ingest.parsers.lines import key_value

_MOST_SHOWS = 20  # of a day; each is looked for to the end of its section


def beside_the_show(blocks: Sequence[Block]) -> frozenset[int]:
    """The lines outside of the items and sections that name a show; none where no line does, or
    where it stands on top of the page, which is about that show then."""
    shows = [index for index, block in enumerate(blocks) if _names_a_show(block)]
    if not shows or _is_on_top(blocks, shows[0]):
        return frozenset()
    inside = {index for show in shows[:_MOST_SHOWS] for index in _with_it(blocks, show)}
    outside = (block for index, block in enumerate(blocks) if index not in inside)
    return frozenset(
        line for each in outside for line in range(each.line, each.line + each.raw.count("\n") + 1)
    )


def _names_a_show(block: Block) -> bool:
    pair = key_value(block.raw) if block.rule == "field" else None
    known = vocabulary.field(pair[0]) if pair else None
    return known is not None and known[0] == "podcast"


def _is_on_top(blocks: Sequence[Block], show: int) -> bool:
    """With nothing above it but fields and the day, and no list of its own below it."""
    opens = show + 1 < len(blocks) and blocks[show + 1].depth > max(1, blocks[show].depth)
    above = blocks[:show]
    return not opens and all(block.rule or (block.level and is_day(block.text)) for block in above)


def _with_it(blocks: Sequence[Block], show: int) -> range:
    """The section that it opens, or else the item that it stands in, or the list below it."""
    begin = show
    while begin and blocks[begin - 1].rule == "field" and not blocks[begin].level:
        begin -= 1
    head = blocks[begin - 1] if begin else None
    if head and head.level and not is_day(head.text):
        return range(begin - 1, _end(blocks, begin, head.level))
    depth = blocks[show].depth
    begin = _item(blocks, show) if depth else show
    return range(begin, _end(blocks, show + 1, 0, blocks[begin].depth))


def _item(blocks: Sequence[Block], show: int) -> int:
    """Where its item begins, or the one around it."""
    depth = blocks[show].depth
    around = depth - 1 if depth > 1 and blocks[show].first else depth
    for index in range(show, -1, -1):
        if blocks[index].depth <= around and blocks[index].first:
            return index
    return show


def _end(blocks: Sequence[Block], begin: int, level: int, depth: int = 0) -> int:
    """Where a section of the rank ends; with level 0, an item, or what is listed below a line."""
    for index in range(begin, len(blocks)):
        block = blocks[index]
        ended = 0 < block.level <= level if level else block.level > 0
        beside = not level and (block.depth < depth or (block.depth == depth and block.first))
        out = not level and not depth and not block.depth and not block.rule
        if ended or (beside and depth) or out:
            return index
    return len(blocks)
