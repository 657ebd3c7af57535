"""What another program hands in, read by the parser that reads files: a brief, as a rule."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.due import local_date
from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import briefs
from newsletter.storage import Store, archive
from newsletter.storage.archive import Read

SOURCE = "api"
"""Its files belong to no machine: none forgets them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """``insights`` is how many it holds; ``dropped`` how many paragraphs were left out."""

    file: str
    insights: int
    dropped: int


def take_brief(
    store: Store, data: bytes, phrases: Sequence[str], now: datetime, timezone: str
) -> Taken:
    """The same octets again are the same file. Raises BriefRejected, and keeps the reason."""
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.json"
    try:
        parsed = briefs(name, data, phrases)
    except BriefRejected as error:
        _record(
            store, Read(name, len(data), 0, (), error.reason, error.line, SOURCE), now, timezone
        )
        raise
    _record(store, Read(name, len(data), 0, parsed, source=SOURCE), now, timezone)
    insights = sum(len(brief.mentions) for brief in parsed)
    return Taken(name, insights, sum(len(brief.dropped) for brief in parsed))


def _record(store: Store, read: Read, now: datetime, timezone: str) -> None:
    with store.writing(durable=True) as db:
        archive.record(db, [read], now, local_date(now, timezone))
