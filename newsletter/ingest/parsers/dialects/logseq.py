"""Logseq: properties ``key:: value`` on top, and then nothing but nested list items."""

from collections.abc import Sequence
from dataclasses import replace

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.dialects.dialect import Dialect, as_notes
from newsletter.ingest.parsers.lines import double_field
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.outline import Reading


def _recognises(blocks: Sequence[Block], _facts: Facts) -> bool:
    listed = [block.depth > 0 or block.rule == "field" for block in blocks]
    return all(listed) and any(double_field(block.raw) for block in blocks)


def _completed(about: Brief, facts: Facts) -> Brief:
    """A page of the type podcast may be titled "Show - Episode"."""
    known = completed(about, facts)
    show, _, episode = known.episode.partition(" - ")
    named = known.podcast or "podcast" not in facts.raw("category").lower()
    if named or not episode or " - " in episode:
        return known
    return replace(known, podcast=show, episode=episode)


LOGSEQ = Dialect("Logseq", _recognises, as_notes(Reading(outline=True)), _completed)
