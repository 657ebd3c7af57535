"""Podwise: an episode in sections that a machine wrote: summary, takeaways, chapters, mind map, ...

What counts are the takeaways, and the highlights, which are said word for word.
"""

from collections.abc import Sequence

from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dialects.dialect import Dialect, as_notes
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.outline import Reading, section_of
from newsletter.ingest.parsers.vocabulary import LISTED, bare, names_in

_MACHINES = names_in(
    """
    mind map, mindmap, outline, outlines, chapters, q&a, q & a, keywords, transcript, 思维导图,
    大纲,
    章节, 关键词, 文字稿, 逐字稿"""
)


def _recognises(blocks: Sequence[Block], _facts: Facts) -> bool:
    headings = [block for block in blocks if 1 < block.level < 7]
    wordy = {section_of(block) for block in headings} & (LISTED | {"summary"})
    by_machine = {bare(block.text) for block in headings} & _MACHINES
    return bool(wordy) and len(wordy) + len(by_machine) >= 3 and bool(by_machine)


PODWISE = Dialect("Podwise", _recognises, as_notes(Reading(strict=True, highlights="quote")))
