"""The reader as they were when a message was composed: what was composed is what is sent.

The address is not among it: there is no way to change one, and where there is one day, a message
that waits must go to the new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, case, func, select

from newsletter.domain.model import Subscriber
from newsletter.storage.database import chunks
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import recipient as recipients
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.sets import insert_new

FROZEN = ("name", "timezone", "hour", "interests", "frequency", "language")


def freeze(db: Connection, composed: Mapping[int, Subscriber], rows: Any, now: datetime) -> None:
    """Keep the readers of the deliveries that were composed ``now``; ``composed`` has them by id.

    ``rows`` is a condition on deliveries. Those frozen before stay as they are.
    """
    mine = deliveries.c.subscriber_id
    for batch in chunks(list(composed)):
        query = select(deliveries.c.id, mine).where(rows, mine.in_(batch))
        composed_rows = db.execute(
            query.where(deliveries.c.issue_id.is_not(None)).order_by("id")
        ).all()
        insert_new(db, recipients, [_row(row.id, composed[row[1]], now) for row in composed_rows])


def freeze_rows(
    db: Connection, rows: Mapping[int, int], readers: Sequence[Subscriber], now: datetime
) -> None:
    """The same for deliveries by their id, each with its reader's."""
    known = {reader.id: reader for reader in readers}
    insert_new(db, recipients, [_row(row, known[reader], now) for row, reader in rows.items()])


def _row(delivery_id: int, reader: Subscriber, now: datetime) -> dict[str, Any]:
    values = {name: getattr(reader, name) for name in FROZEN}
    return {"delivery_id": delivery_id, "composed_at": now, **values}


def column(name: str) -> ColumnElement[Any]:
    """A subscriber's column as it was at composing, where that is kept."""
    now = subscribers.c[name]
    return func.coalesce(recipients.c[name], now) if name in FROZEN else now


def thaw(db: Connection, delivery_ids: Sequence[int]) -> None:
    """Their issues are composed anew, and the readers as they are by then."""
    db.execute(recipients.delete().where(recipients.c.delivery_id.in_(delivery_ids)))


def dated_at(rows: FromClause) -> ColumnElement[datetime]:
    """The Date of the messages of ``rows``, which are deliveries: when they are due, or composed if
    that was later. What waits for approval was composed before it is due."""
    composed_at, due_at = recipients.c.composed_at, rows.c.due_at
    return case((composed_at > due_at, composed_at), else_=due_at)


def frozen(
    db: Connection, delivery: Mapping[Any, Any], reader: Subscriber
) -> tuple[Subscriber, datetime]:
    """``reader`` as the delivery's message has them, and the message's Date."""
    query = select(recipients).where(recipients.c.delivery_id == delivery["id"])
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        return reader, delivery["due_at"]
    dated_at = max(row["composed_at"], delivery["due_at"])
    return replace(reader, **{name: row[name] for name in FROZEN}), dated_at


def delivery_ids(db: Connection, before: datetime, most: int) -> Sequence[int]:
    """Deliveries composed before that instant whose readers are still kept."""
    query = select(recipients.c.delivery_id).where(recipients.c.composed_at < before)
    return db.scalars(query.order_by(recipients.c.composed_at).limit(most)).all()
