"""The operator's decisions: pause, resume, cancel, resolve. Each survives a power cut."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, true

from newsletter.domain.states import DeliveryState, Transition
from newsletter.storage import transitions
from newsletter.storage.schema import attempt, cancelled, mark, returned
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.send_queue import PAUSED
from newsletter.storage.sets import insert_new


def pause(db: Connection, now: datetime) -> None:
    """Every sender stops before its next message."""
    insert_new(db, mark, [{"name": PAUSED, "at": now, "boot": "", "seconds": 0.0}])


def resume(db: Connection) -> bool:
    """False if it was not paused."""
    return bool(db.execute(mark.delete().where(mark.c.name == PAUSED)).rowcount)


def cancel(db: Connection, day: date, now: datetime) -> int:
    """Stop the issue of ``day``; returns how many rows were waiting for it."""
    insert_new(db, cancelled, [{"date": day, "at": now}])
    return transitions.move(
        db, Transition.CANCEL, _chosen(DeliveryState.PENDING, None, day), changed_at=now
    )


def allow(db: Connection, day: date) -> bool:
    """Undo ``cancel`` for readers without a row of ``day``; False if it was not cancelled."""
    return bool(db.execute(cancelled.delete().where(cancelled.c.date == day)).rowcount)


def is_cancelled(db: Connection, day: date) -> bool:
    return db.scalar(select(cancelled.c.date).where(cancelled.c.date == day)) is not None


def resolve(
    db: Connection, how: str, now: datetime, ids: Sequence[int] | None, day: date | None
) -> int:
    """Settle unknown rows of these subscribers and this date (None: any) as sent or pending. They
    have no lease: a row becomes unknown by its sender, or when its lease is over.
    """
    values = {"next_attempt_at": now} if how == "pending" else {}
    rows = _chosen("unknown", ids, day)
    return transitions.move(db, Transition(f"resolve as {how}"), rows, changed_at=now, **values)


def count_without_issue(db: Connection, ids: Sequence[int] | None, day: date | None) -> int:
    """How many unknown messages cannot be made again, because a restored database knows them only
    from its journal."""
    rows = _chosen("unknown", ids, day), deliveries.c.issue_id.is_(None)
    return int(db.scalar(select(func.count()).select_from(deliveries).where(*rows)) or 0)


def count(
    db: Connection,
    state: str,
    ids: Sequence[int] | None,
    day: date | None,
    over: datetime | None = None,
    since: datetime | None = None,
) -> int:
    """How many there are. ``over``: only those whose next issue was due by then. ``since``: only
    those that changed after it.
    """
    query = select(func.count()).where(_chosen(state, ids, day))
    if since is not None:
        query = query.where(deliveries.c.changed_at > since)
    if over is not None:
        query = query.where(deliveries.c.expires_at <= over)
    return int(db.scalar(query) or 0)


def pending(
    db: Connection, ids: Sequence[int] | None, day: date | None
) -> tuple[int, datetime | None]:
    """How many are pending, and when the first of them is tried."""
    query = select(func.count(), func.min(deliveries.c.next_attempt_at))
    count, first = db.execute(query.where(_chosen("pending", ids, day))).one()
    return count, first


def listed(
    db: Connection, state: str | None, ids: Sequence[int] | None, day: date | None
) -> Iterator[dict[str, Any]]:
    """Rows of _SHOWN, address, next_attempt_at, rcpt and data, by date, as they are read.

    ``next_attempt_at`` is None unless pending. ``rcpt`` and ``data`` are the server's replies at
    the last attempt, if any; of an ``unknown`` row only at the attempt that left it unknown, and
    none of a ``sent`` one, whose ``answer`` it is.
    ``came_back`` is "bounced" or "complained" where its message came back afterwards, ``back_at``
    and ``back_words`` tell when and why.
    """
    attempts, backs = attempt.alias(), returned.alias()
    last = select(func.max(attempts.c.id)).where(attempts.c.delivery_id == deliveries.c.id)
    newest = select(func.max(backs.c.id)).where(
        backs.c.delivery_id == deliveries.c.id,
        backs.c.kind.in_(("bounce", "complaint")),
        backs.c.done != "unproved",
    )
    settled = deliveries.c.state.in_(("unknown", "sent"))
    counts = or_(~settled, attempt.c.at == deliveries.c.changed_at)
    query = (
        select(
            *(deliveries.c[name] for name in _SHOWN),
            case((deliveries.c.state == "pending", deliveries.c.next_attempt_at)).label(
                "next_attempt_at"
            ),
            subscribers.c.address,
            attempt.c.rcpt,
            attempt.c.data,
            case(*_CAME_BACK).label("came_back"),
            returned.c.at.label("back_at"),
            func.coalesce(func.nullif(returned.c.words, ""), returned.c.status).label("back_words"),
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .outerjoin(attempt, and_(attempt.c.id == last.scalar_subquery(), counts))
        .outerjoin(returned, returned.c.id == newest.scalar_subquery())
        .where(_chosen(state, ids, day))
        .order_by(deliveries.c.date, deliveries.c.id)
    )
    for row in db.execute(query.execution_options(yield_per=1000)).mappings():
        yield {str(name): value for name, value in row.items()}


def page(
    db: Connection, state: str | None, day: date, after: int, most: int
) -> list[dict[str, Any]]:
    """Rows of a date in the order of their ids: id, address and what is plain of a delivery."""
    names = ("id", "date", "state", "reason", "attempts", "answer", "changed_at")
    query = (
        select(*(deliveries.c[name] for name in names), subscribers.c.address)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(_chosen(state, None, day), deliveries.c.id > after)
        .order_by(deliveries.c.id)
        .limit(most)
    )
    return [dict(row) for row in db.execute(query).mappings()]


_CAME_BACK = (
    (returned.c.kind == "complaint", "complained"),
    (returned.c.kind == "bounce", "bounced"),
)
_SHOWN = (
    "date",
    "state",
    "reason",
    "attempts",
    "message_id",
    "answer",
    "changed_at",
)


def _chosen(state: str | None, ids: Sequence[int] | None, day: date | None) -> ColumnElement[bool]:
    return and_(
        deliveries.c.state == state if state is not None else true(),
        deliveries.c.subscriber_id.in_(ids) if ids is not None else true(),
        deliveries.c.date == day if day is not None else true(),
    )
