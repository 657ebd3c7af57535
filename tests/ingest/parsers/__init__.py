"""Parsers of brief files."""

from collections.abc import Sequence

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import briefs


def parse(name: str, data: bytes, phrases: Sequence[str] = ()) -> Brief:
    """The brief of a file that holds one."""
    (brief,) = briefs(name, data, phrases)
    return brief
