"""What ``status`` tells: counts and the rows that need a look."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, func, select

from newsletter.edges.store.schema import delivery as deliveries
from newsletter.edges.store.schema import insight as insights
from newsletter.edges.store.schema import subscriber as subscribers


def outcomes(db: Connection, day: date) -> Sequence[tuple[str, str | None, int]]:
    """(state, reason, count) of a date's deliveries."""
    query = (
        select(deliveries.c.state, deliveries.c.reason, func.count())
        .where(deliveries.c.date == day)
        .group_by(deliveries.c.state, deliveries.c.reason)
        .order_by(deliveries.c.state, deliveries.c.reason)
    )
    return [(state, reason, count) for state, reason, count in db.execute(query)]


def queue(
    db: Connection, now: datetime, on: date | None, ids: Sequence[int] | None, *, hurry: bool
) -> Sequence[tuple[str, int]]:
    """(address, issue id) of what waits and would be offered now; ``hurry``: at any time."""
    query = (
        select(subscribers.c.address, deliveries.c.issue_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.state == "pending", deliveries.c.expires_at > now)
        .where(subscribers.c.state == "active")
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    if not hurry:
        query = query.where(deliveries.c.next_attempt_at <= now)
    if on is not None:
        query = query.where(deliveries.c.date == on)
    if ids is not None:
        query = query.where(subscribers.c.id.in_(ids))
    return [(address, issue_id) for address, issue_id in db.execute(query)]


def troubles(db: Connection, day: date) -> Sequence[RowMapping]:
    """Rows (address, state, reason, answer, next_attempt_at) that were tried and not sent."""
    query = (
        select(
            subscribers.c.address,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.answer,
            deliveries.c.next_attempt_at,
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            deliveries.c.date == day,
            deliveries.c.answer != "",
            deliveries.c.state.in_(("pending", "sending", "failed", "unknown", "skipped")),
        )
        .order_by(deliveries.c.id)
    )
    return db.execute(query).mappings().all()


def unresolved(db: Connection) -> int:
    """How many deliveries of any date are unknown."""
    query = select(func.count()).where(deliveries.c.state == "unknown")
    return int(db.scalar(query) or 0)


def waiting_since(db: Connection, first: datetime, last: datetime) -> int:
    """How many deliveries due between the two instants still wait for their turn."""
    query = select(func.count()).where(
        deliveries.c.state.in_(("pending", "sending")), deliveries.c.due_at.between(first, last)
    )
    return int(db.scalar(query) or 0)


def oldest_waiting(db: Connection) -> datetime | None:
    """When the delivery that waits longest was due."""
    waits = deliveries.c.state == "pending"
    found: datetime | None = db.scalar(select(func.min(deliveries.c.due_at)).where(waits))
    return found


def hours_without(db: Connection, day: date) -> Sequence[tuple[str, int]]:
    """(timezone, hour) of the active subscribers who have no row for ``day``, each pair once."""
    mine = deliveries.c.subscriber_id == subscribers.c.id
    row = select(deliveries.c.id).where(mine, deliveries.c.date == day)
    query = (
        select(subscribers.c.timezone, subscribers.c.hour)
        .where(subscribers.c.state == "active", ~row.exists())
        .distinct()
    )
    return [(timezone, hour) for timezone, hour in db.execute(query)]


def candidate_count(db: Connection, first: date, last: date) -> int:
    query = select(func.count()).where(insights.c.date.between(first, last))
    return int(db.scalar(query) or 0)


def deliveries_of(db: Connection, subscriber_id: int) -> Sequence[RowMapping]:
    """Rows (date, state, reason, answer) of one subscriber, newest first."""
    columns = (deliveries.c.date, deliveries.c.state, deliveries.c.reason, deliveries.c.answer)
    query = select(*columns).where(deliveries.c.subscriber_id == subscriber_id)
    return db.execute(query.order_by(deliveries.c.date.desc())).mappings().all()
