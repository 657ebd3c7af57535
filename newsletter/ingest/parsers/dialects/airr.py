"""Airr: for each quote a time that links to it, below it the words, quoted or as items."""

from collections.abc import Sequence
from itertools import pairwise

from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dialects.dialect import Dialect, as_notes
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.outline import Reading, place_of


def _recognises(blocks: Sequence[Block], _facts: Facts) -> bool:
    return any(
        _is_place(above)
        and not below.rule
        and (below.quoted or (above.first and below.depth > above.depth))
        for above, below in pairwise(blocks)
    )


def _is_place(block: Block) -> bool:
    place = place_of(block)
    return not block.quoted and place.at is not None and bool(place.link)


AIRR = Dialect("Airr", _recognises, as_notes(Reading(strict=True, origin="quote")))
