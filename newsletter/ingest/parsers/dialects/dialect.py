"""What a dialect of Markdown is: how an app's export is recognised, and how it is read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.notes import paragraphs
from newsletter.ingest.parsers.outline import Reading
from newsletter.ingest.parsers.paragraphs import Paragraph


@dataclass(frozen=True, slots=True)
class Dialect:
    """``recognises`` goes by structure. ``completed`` adds to the front matter what else the page
    says of itself."""

    name: str
    recognises: Callable[[Sequence[Block], Facts], bool]
    read: Callable[[Sequence[Block], Facts], Iterable[Paragraph]]
    completed: Callable[[Brief, Facts], Brief] = completed


def as_notes(reading: Reading) -> Callable[[Sequence[Block], Facts], Iterable[Paragraph]]:
    """Read as notes are, with these differences."""
    return partial(_notes, reading)


def _notes(reading: Reading, blocks: Sequence[Block], _facts: Facts) -> Iterable[Paragraph]:
    return paragraphs(blocks, reading)
