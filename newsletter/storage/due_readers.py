"""Who is due for a date: active subscribers without a delivery, or with one to be reopened."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    true,
    tuple_,
)

from newsletter.domain.model import Subscriber
from newsletter.domain.states import DeliveryState, SubscriberState
from newsletter.domain.weekdays import bit
from newsletter.storage import transitions
from newsletter.storage.database import chunks
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.subscribers import subscriber


@dataclass(frozen=True, slots=True)
class Waiting:
    """An active subscriber not yet served for a date; ``reason`` is why, where a row says so.

    ``scheduled_at`` is when they last changed what says which issues are theirs, and when.
    """

    subscriber: Subscriber
    active_since: datetime
    scheduled_at: datetime | None
    reason: str | None
    looked_at: datetime | None


def kept(db: Connection, now: datetime) -> tuple[datetime, datetime] | None:
    """The first and the last due instant up to ``now`` that the ledger knows of."""
    due_at = deliveries.c.due_at
    # Two questions: SQLite looks one extreme up in the index, and reads all of it for both.
    first, last = (
        db.scalar(select(extreme(due_at)).where(due_at <= now)) for extreme in (func.min, func.max)
    )
    return (first, last) if first and last else None


def waiting(
    db: Connection,
    day: date,
    wanted: Callable[[str, int], bool],
    only: Sequence[int] | None = None,
    between: tuple[int, int] | None = None,
    *,
    any_day: bool = False,
) -> list[int]:
    """The ids of active subscribers who have no row for ``day``, or one that may be opened again.

    ``any_day``: whatever their weekdays and their pause.

    ``wanted`` says of a (timezone, hour) whether its subscribers are looked at at all: asked once
    for each pair in use, it keeps a look at the clock from reading every subscriber.
    """
    due = true() if any_day else gets_issue(day)
    query = _unserved(day, subscribers.c.id).where(_ACTIVE, due)
    if only is not None:
        query = query.where(subscribers.c.id.in_(only))
    if between is not None:
        query = query.where(subscribers.c.id.between(*between))
    return sorted(_at_hours(db, query, wanted))


def shares(db: Connection, day: date, wanted: Callable[[str, int], bool], width: int) -> set[int]:
    """The numbers of the ranges of ``width`` ids in which somebody is ``waiting``."""
    number = subscribers.c.id // width
    query = _unserved(day, number).where(_ACTIVE, gets_issue(day)).distinct()
    return set(_at_hours(db, query, wanted))


def _at_hours(
    db: Connection, query: Select[Any], wanted: Callable[[str, int], bool]
) -> Iterator[int]:
    pairs = db.execute(select(*_PLACE).where(_ACTIVE).distinct()).all()
    hours = [tuple(pair) for pair in pairs if wanted(*pair)]
    for batch in chunks(hours):
        yield from db.scalars(query.where(tuple_(*_PLACE).in_(batch)))


_PLACE = (subscribers.c.timezone, subscribers.c.hour)
_ACTIVE = subscribers.c.state == SubscriberState.ACTIVE


def among_waiting(
    db: Connection, day: date, ids: Sequence[int], *, any_day: bool = False
) -> list[Waiting]:
    """Those of ``ids`` (a few hundred) who wait still, by their ids."""
    query = _unserved(day, subscribers, deliveries.c.reason, deliveries.c.changed_at)
    query = query.where(subscribers.c.id.in_(ids), true() if any_day else gets_issue(day))
    rows = db.execute(query.order_by(subscribers.c.id))
    return [
        Waiting(
            subscriber(row), row.activated_at, row.schedule_changed_at, row.reason, row.changed_at
        )
        for row in rows
        if row.state == SubscriberState.ACTIVE  # asked in SQL, SQLite would read all who are
    ]


def gets_issue(day: date) -> ColumnElement[bool]:
    """``domain.due.gets_issue`` of every subscriber, in SQL."""
    pause = subscribers.c.paused_until
    return and_(
        subscribers.c.weekdays.bitwise_and(bit(day)) != 0, or_(pause.is_(None), pause <= day)
    )


def promised_before(due: datetime) -> ColumnElement[bool]:
    """Subscribers who were active, and whose schedule was what it is, before that instant."""
    since = func.coalesce(subscribers.c.schedule_changed_at, subscribers.c.activated_at)
    return and_(subscribers.c.activated_at < due, since < due)


def _unserved(day: date, *columns: Any) -> Select[Any]:
    mine = and_(deliveries.c.subscriber_id == subscribers.c.id, deliveries.c.date == day)
    reopen = and_(
        deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reason.in_(transitions.REOPEN)
    )
    joined = select(*columns).select_from(subscribers).outerjoin(deliveries, mine)
    return joined.where(or_(deliveries.c.id.is_(None), reopen))
