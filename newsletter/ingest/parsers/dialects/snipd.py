"""Snipd: a heading for each snip, below it a player with a time range, takeaways and a transcript.

The form of 2023 has ``Key:: value`` and numbered takeaways; that of 2026 has front matter,
``Key: value``, bullets right below the player, and quotes with "— Speaker".
"""

from collections.abc import Sequence
from itertools import pairwise

from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dialects.dialect import Dialect, as_notes
from newsletter.ingest.parsers.lines import has_range
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.outline import Reading, section_of


def _recognises(blocks: Sequence[Block], _facts: Facts) -> bool:
    return any(
        1 < above.level < 7
        and section_of(above) is None
        and below.rule == "player"
        and has_range(below.raw)
        for above, below in pairwise(blocks)
    )


SNIPD = Dialect("Snipd", _recognises, as_notes(Reading(strict=True)))
