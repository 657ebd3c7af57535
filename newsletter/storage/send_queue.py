"""The queue: pending deliveries in the order they are tried, and claiming them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)

from newsletter.domain.backoff import LONGEST
from newsletter.domain.due import gets_issue
from newsletter.domain.model import Subscriber
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.domain.states import DeliveryState, Transition
from newsletter.storage import (
    deferred_domains,
    places,
    rate_limits,
    recipients,
    sets,
    transitions,
    warm_up,
)
from newsletter.storage.journal_lines import Claim
from newsletter.storage.leases import Lease
from newsletter.storage.schema import Instant, mark, recipient
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers

PAUSED = "paused"
_PENDING = transitions.stands(DeliveryState.PENDING)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a run may touch; None means any."""

    on: date | None = None
    subscriber_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row taken for an attempt, not to be offered before its slot in time.

    ``domain`` is its reader's, in ASCII. ``subscriber`` is the reader as they were at composing.
    """

    id: int
    domain: str
    subscriber: Subscriber
    issue_id: int
    message_id: str
    dated_at: datetime
    expires_at: datetime
    attempts: int
    not_before: datetime


_Taken = tuple[Claimed, str, date, datetime | None, datetime | None]
"""With the reader's key, the date of the issue, when the reader last changed what says which issues
are theirs, and when it was composed."""


def expire(db: Connection, now: datetime) -> int:
    """What waited until the next issue is given up; how many."""
    return transitions.move(db, Transition.EXPIRE, deliveries.c.expires_at <= now, changed_at=now)


# As the index has it: to sort all that waits for each few rows would cost more than sending.
_IN_TURN = (deliveries.c.next_attempt_at, deliveries.c.id)


# Row by row: for a list of ids SQLite would rather look through all that is pending.
_THIS_ROW = deliveries.c.id == bindparam("row_id")


def _claimed_columns(rows: FromClause) -> Select[Any]:
    """What a sender must know of ``rows``, which are deliveries."""
    return (
        select(
            *(recipients.column(field.name) for field in fields(Subscriber)),
            rows.c.id.label("row_id"),
            *(rows.c[name] for name in ("domain", "issue_id", "message_id")),
            recipients.dated_at(rows),
            *(rows.c[name] for name in ("expires_at", "attempts")),
            subscribers.c.key,
            rows.c.date,
            subscribers.c.schedule_changed_at,
            recipient.c.composed_at,
        )
        .select_from(rows)
        .join(subscribers, subscribers.c.id == rows.c.subscriber_id)
        .outerjoin(recipient, recipient.c.delivery_id == rows.c.id)
        .order_by(rows.c.next_attempt_at, rows.c.id)
    )


_TAKEN = _claimed_columns(deliveries).where(
    deliveries.c.id.in_(bindparam("row_ids", expanding=True))
)


@cache
def _queue(*, dated: bool, some: bool) -> Select[Any]:
    """The ids and domains of what may be taken, in turn."""
    parts = [_PENDING, *_due_now(bindparam("now", type_=Instant))]
    if dated:
        parts.append(deliveries.c.date == bindparam("day"))
    if some:
        parts.append(deliveries.c.subscriber_id.in_(bindparam("readers", expanding=True)))
    query = select(deliveries.c.id, deliveries.c.domain).where(*parts).order_by(*_IN_TURN)
    # What another takes at this moment is passed over (PostgreSQL; on SQLite there is no other).
    return query.with_for_update(skip_locked=True)


@cache
def _first(most: int, *, dated: bool, some: bool) -> Select[Any]:
    """The same, up to ``most`` of them: a word of the statement, as a state is."""
    return _queue(dated=dated, some=some).limit(literal_column(str(most)))


@cache
def _take_these() -> Select[Any]:
    """The claim of rows that are locked, and what a sender must know of them. To lock and to claim
    at once would read the readers as they were before the lock: see decision 52."""
    ids = sets.values({"row_id": deliveries.c.id.type})
    values = {name: bindparam(f"new_{name}", type_=deliveries.c[name].type) for name in _OWNERS}
    return _claimed_columns(
        transitions.moving(Transition.CLAIM, deliveries.c.id == ids.c.row_id, values)
    )


_OWNERS = ("owner", "boot", "lease_end", "lease_until", "changed_at")


def claim(
    db: Connection, now: datetime, lease: Lease, most: int, scope: Scope, pace: RateLimits = FREE
) -> list[Claimed]:
    """Take up to ``most`` rows, in the order of their slots.

    The transaction must be durable, may be together with others, and is at its end before any
    server can hear of the rows. Nothing taken may mean that what is left waits for its pace:
    ``next_claim`` tells.
    """
    if paused(db):
        return []
    while taken := _take_some(db, now, lease, most, scope, pace):
        wanted, unwanted = _parted(taken)
        _put_aside(db, unwanted, now)
        for row, key, day in wanted:
            message = key, day, row.message_id, row.subscriber.id
            places.note(db, Claim(row.id, lease.owner, now.astimezone(UTC), *message))
        if wanted:
            return sorted((row for row, _, _ in wanted), key=lambda row: row.not_before)
    return []


def _take_some(
    db: Connection, now: datetime, lease: Lease, most: int, scope: Scope, pace: RateLimits
) -> list[_Taken]:
    which = {"dated": scope.on is not None, "some": scope.subscriber_ids is not None}
    values = {"now": now, "day": scope.on, "readers": scope.subscriber_ids}
    if pace.limits:
        slots: Mapping[int, datetime] = rate_limits.reserve(db, _queue(**which), values, most, pace)
    else:
        slots = dict.fromkeys(db.scalars(_first(most, **which), values), now)
    return [_taken(row, slots) for row in _take(db, slots, lease, now)]


def _parted(taken: Sequence[_Taken]) -> tuple[list[tuple[Claimed, str, date]], list[int]]:
    """What is to be sent, each with the reader's key and its date; and the ids of what its reader
    does not want any more: they paused, or gave up the weekday, after it was composed."""
    unwanted = [
        row.id
        for row, _, day, changed_at, composed_at in taken
        if changed_at
        and composed_at
        and changed_at >= composed_at
        and not gets_issue(day, row.subscriber.weekdays, row.subscriber.paused_until)
    ]
    wanted = [(row, key, day) for row, key, day, *_ in taken if row.id not in unwanted]
    return wanted, unwanted


def _put_aside(db: Connection, ids: Sequence[int], now: datetime) -> None:
    changes = [{"row_id": row_id, "changed_at": now} for row_id in ids]
    transitions.move_each(db, Transition.READER_PAUSED, _THIS_ROW, changes)


def _take(
    db: Connection, ids: Collection[int], lease: Lease, now: datetime
) -> Sequence[Sequence[Any]]:
    """The rows of these ids as ``_taken`` has them, claimed."""
    if not ids:
        return []
    owned = {**lease.columns, "changed_at": now}
    if sets.in_sets(db):
        new = {f"new_{name}": value for name, value in owned.items()}
        return db.execute(_take_these(), {"row_id": list(ids), **new}).all()
    changes = [{**owned, "row_id": row_id} for row_id in ids]
    transitions.move_each(db, Transition.CLAIM, _THIS_ROW, changes)
    return db.execute(_TAKEN, {"row_ids": list(ids)}).all()


def next_claim(db: Connection, now: datetime, scope: Scope, pace: RateLimits) -> datetime | None:
    """When to claim anew where there was nothing to take; None where nothing is left."""
    if not pace.limits:
        return None
    open_today = rate_limits.within(warm_up.quotas(db, pace.warm_ups, now), deliveries.c.domain)
    left = any_due(db, now, scope, open_today)
    return rate_limits.soonest(db, now, pace) if left else None


def paused(db: Connection) -> datetime | None:
    """Since when nothing may be sent; None while it may."""
    since: datetime | None = db.scalar(_PAUSED_SINCE)
    return since


_PAUSED_SINCE = select(mark.c.at).where(mark.c.name == PAUSED)


_FREE = deliveries.c.held.is_(None)


def _within(scope: Scope) -> Any:
    parts = [_PENDING]
    if scope.on is not None:
        parts.append(deliveries.c.date == scope.on)
    if scope.subscriber_ids is not None:
        parts.append(deliveries.c.subscriber_id.in_(scope.subscriber_ids))
    return and_(*parts)


def _due_now(now: datetime | BindParameter[datetime]) -> Any:
    return deliveries.c.next_attempt_at <= now, deliveries.c.expires_at > now


def pending(db: Connection, now: datetime, scope: Scope) -> int:
    """How many rows a run over ``scope`` would offer now."""
    query = select(func.count()).where(_within(scope), *_due_now(now))
    return int(db.scalar(query) or 0)


def any_due(
    db: Connection, now: datetime, scope: Scope, condition: ColumnElement[bool] | None = None
) -> bool:
    """Whether there is a row, one of ``which``, that a run would offer now."""
    wanted = true() if condition is None else condition
    query = select(deliveries.c.id).where(_within(scope), *_due_now(now), wanted).limit(1)
    return db.scalar(query) is not None


def hurry(db: Connection, now: datetime, scope: Scope) -> None:
    """Rows that wait for a later attempt wait no more, and their domains with them; what waits for
    approval still does."""
    rows = and_(_within(scope), _FREE)
    deferred_domains.forget(db, rows)
    transitions.amend(db, and_(rows, deliveries.c.due_at > now), due_at=now)
    transitions.amend(db, rows, next_attempt_at=now)


def wake(db: Connection, now: datetime) -> None:
    """Rows that would wait for longer than any may: a clock ran ahead when they were deferred.

    What it composed for a day that has not come stays for that day.
    """
    late = deliveries.c.next_attempt_at > now + LONGEST
    rows = and_(_PENDING, late, deliveries.c.due_at <= now)
    transitions.amend(db, and_(rows, _FREE), next_attempt_at=now)


def _taken(columns: Sequence[Any], slots: Mapping[int, datetime]) -> _Taken:
    *row, key, day, changed_at, composed_at = columns
    return _claimed(row, slots), key, day, changed_at, composed_at


def _claimed(row: Sequence[Any], slots: Mapping[int, datetime]) -> Claimed:
    *who, row_id, domain, issue_id, message_id, dated_at, expires_at, attempts = row
    return Claimed(
        id=row_id,
        domain=domain,
        subscriber=Subscriber(*who),
        issue_id=issue_id,
        message_id=message_id,
        dated_at=dated_at,
        expires_at=expires_at,
        attempts=attempts,
        not_before=slots[row_id],
    )
