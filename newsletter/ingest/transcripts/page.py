"""HTML transcripts: the blocks of the page are the lines of a text."""

from collections.abc import Iterator

from newsletter.ingest.html_blocks import blocks
from newsletter.ingest.transcripts import plain
from newsletter.ingest.transcripts.turns import Turn


def read(text: str) -> Iterator[Turn]:
    lines = [block.text for block in blocks(text) if block.role != "heading"]
    return plain.read("\n\n".join(lines))
