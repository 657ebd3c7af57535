"""Tables of insights: a header that names such a column, and below it one in each row."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.inline import inline


def untabled(blocks: Sequence[Block]) -> list[Block]:
    """The rows of such tables as list items, with the time beside them; all else as it is."""
    return list(_untabled(blocks))


def _untabled(blocks: Sequence[Block]) -> Iterator[Block]:
    header: list[str] = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        if block.rule != "table":
            header = []
            yield block
            continue
        if not before or before.rule != "table":
            header = _cells(block)
        yield _item(block, header)


def _cells(block: Block) -> list[str]:
    return [cell.strip() for cell in block.raw.strip().strip("|").replace("\\|", "¦").split("|")]


def _item(block: Block, header: Sequence[str]) -> Block:
    cells = _cells(block)
    named = [vocabulary.section(name) in vocabulary.LISTED for name in header]
    text = next((cell for cell, right in zip(cells, named, strict=False) if right), "")
    if cells == list(header) or not any(letter.isalnum() for letter in text):
        return block
    fields = [vocabulary.field(name) for name in header]
    timed = [
        cell for cell, known in zip(cells, fields, strict=False) if known and known[0] == "time"
    ]
    raw = " ".join([text, *(f"[{time}]" for time in timed if time)])
    return replace(block, raw=raw, inline=inline(raw, {}), depth=1, first=True, rule="")
