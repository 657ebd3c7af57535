"""Pruning: drops old explanations of messages. The record of what was sent, and when, stays.

The pages that become free are used again, so the file of a SQLite database stops growing. It does
not shrink: pages could be given back one by one only in a database that was created to allow it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, not_, select

from newsletter.domain.text import counted
from newsletter.storage import model_calls, recipients
from newsletter.storage.database import Store, chunks
from newsletter.storage.schema import attempt as attempts
from newsletter.storage.schema import explanation as explanations
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import recipient

_BATCH = 2_000


@dataclass(frozen=True)
class Pruned:
    """How many issues lost their explanation, and how many messages can no longer be made again."""

    issues: int
    messages: int

    def __str__(self) -> str:
        issues, messages = counted(self.issues, "issue"), counted(self.messages, "message")
        return f"dropped what explains {issues} and makes {messages} again"


def prune(store: Store, before: datetime) -> Pruned:
    """Prune what was composed before that instant. Senders can write between the batches."""
    with store.writing() as db:
        model_calls.prune(db, before.date())
    return Pruned(_repeat(store, before, _issues), _repeat(store, before, _deliveries))


def _repeat(store: Store, before: datetime, step: Callable[[Connection, datetime], int]) -> int:
    total = 0
    while True:
        with store.writing() as db:
            count = step(db, before)
        total += count
        if not count:
            return total


def _issues(db: Connection, before: datetime) -> int:
    """House issues, one a day, keep their explanation."""
    query = (
        select(explanations.c.issue_id)
        .join(issues, issues.c.id == explanations.c.issue_id)
        .where(explanations.c.composed_at < before, not_(issues.c.house))
        .order_by(explanations.c.composed_at)
        .limit(_BATCH)
    )
    ids = db.scalars(query).all()
    for batch in chunks(ids):
        db.execute(delete(explanations).where(explanations.c.issue_id.in_(batch)))
    return len(ids)


def _deliveries(db: Connection, before: datetime) -> int:
    ids = recipients.delivery_ids(db, before, _BATCH)
    for batch in chunks(ids):
        db.execute(delete(attempts).where(attempts.c.delivery_id.in_(batch)))
        db.execute(delete(recipient).where(recipient.c.delivery_id.in_(batch)))
    return len(ids)
