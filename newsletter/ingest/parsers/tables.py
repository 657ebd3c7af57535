"""Tables of insights: a header that names such a column, and below it one in each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.inline import inline


def untabled(blocks: Sequence[Block]) -> list[Block]:
    """The rows of such tables as list items, with the time beside them; all else as it is."""
    return list(_untabled(blocks))


def _untabled(blocks: Sequence[Block]) -> Iterator[Block]:
    header = _Header(())
    for before, block in zip([None, *blocks], blocks, strict=False):
        if block.rule != "table":
            yield block
            continue
        if not before or before.rule != "table" or block.first:
            header = _header(_cells(block))
        yield _item(block, header)


@dataclass(frozen=True, slots=True)
class _Header:
    """The first row, and the places of its columns of insights and of times."""

    cells: Sequence[str]
    texts: Sequence[int] = ()
    times: Sequence[int] = ()


def _header(cells: Sequence[str]) -> _Header:
    known = [vocabulary.field(cell) for cell in cells]
    texts = [at for at, cell in enumerate(cells) if vocabulary.section(cell) in vocabulary.LISTED]
    return _Header(
        cells, texts, [at for at, field in enumerate(known) if field and field[0] == "time"]
    )


def _cells(block: Block) -> list[str]:
    return [cell.strip() for cell in block.raw.strip().strip("|").replace("\\|", "¦").split("|")]


def _item(block: Block, header: _Header) -> Block:
    cells = _cells(block)
    text = next((cells[at] for at in header.texts if at < len(cells)), "")
    if cells == header.cells or not any(letter.isalnum() for letter in text):
        return block
    times = [cells[at] for at in header.times if at < len(cells) and cells[at]]
    raw = " ".join([text, *(time if "](" in time else f"[{time}]" for time in times)])
    return replace(block, raw=raw, inline=inline(raw, {}), depth=1, first=True, rule="")
