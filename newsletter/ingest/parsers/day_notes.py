"""The note of a day of which one line names a podcast: what stands with that line is of it."""

from collections.abc import Iterator, Sequence

from newsletter.domain.model import Brief, normalise
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dates import is_day
from newsletter.ingest.parsers.heard import OF_PODCASTS, heard, names_a_show
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, title
from newsletter.ingest.parsers.vocabulary import is_of_days

_MOST_SHOWS = 20  # of a day; each is looked for to the end of its section


def calls_itself_a_day(blocks: Sequence[Block]) -> bool:
    """By a line of tags, or by a field: "#daily", "tags:: journal"."""
    tags = [block.raw for block in blocks if block.rule == "tags"]
    pairs = [key_value(block.raw) for block in blocks if block.rule == "field"]
    pairs += [("tags", raw) for raw in tags]
    return any(is_of_days(pair[0], pair[1].split()) for pair in pairs if pair)


def beside_the_show(blocks: Sequence[Block], about: Brief, facts: Facts) -> frozenset[int]:
    """The lines that are private if this is the page of a day: those outside of the items and
    sections that name a show, or else of what a page is about that says so on top.

    ``about`` and ``facts`` are what it says of itself, without the guess at its first heading.
    """
    begins = frozenset(heard(blocks))
    shows = [index for index, block in enumerate(blocks) if names_a_show(block)]
    shows = [] if shows and _is_on_top(blocks, shows[0]) else shows
    ranges = [_with_it(blocks, show) for show in shows[:_MOST_SHOWS]]
    ranges += [_heard_there(blocks, begin) for begin in sorted(begins)[:_MOST_SHOWS]]
    ranges = ranges or list(_of_the_page(blocks, about, facts))
    inside = {index for each in ranges for index in each}
    outside = (block for index, block in enumerate(blocks) if index not in inside)
    return frozenset(
        line for each in outside for line in range(each.line, each.line + each.raw.count("\n") + 1)
    )


def _of_the_page(blocks: Sequence[Block], about: Brief, facts: Facts) -> Iterator[range]:
    """What stands above the first heading, if the page names an episode, and the sections of its
    episode or show: a diary may name its show as well."""
    podcast, episode = (
        about.podcast or facts.text("podcast"),
        about.episode or facts.text("episode"),
    )
    names = [normalise(name) for name in (podcast, episode) if name]
    heads = [index for index, block in enumerate(blocks) if block.level and not is_day(block.text)]
    if episode or about.url:
        yield range(heads[0] if heads else len(blocks))
    for head in heads:
        said = normalise(blocks[head].text)
        if any(name in said for name in names) or OF_PODCASTS.fullmatch(title(said)):
            yield range(head, _end(blocks, head + 1, blocks[head].level))


def _heard_there(blocks: Sequence[Block], begin: int) -> range:
    """What stands with a line that says what was heard, and be it a paragraph below it."""
    if level := blocks[begin].level:
        return range(begin, _end(blocks, begin + 1, level))
    return range(begin, max(begin + 2, _end(blocks, begin + 1, 0, blocks[begin].depth)))


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
