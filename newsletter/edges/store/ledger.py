"""The ledger: one row ever per (subscriber, date), with a state and, where nothing was sent, why.

pending -> sending -> sent | failed | unknown | skipped, and back to pending when the server asked
to wait. ``skipped`` rows of a date still running may be opened again. Nothing else moves a row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    String,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
    update,
)

from newsletter.edges.store.database import Store, chunks, insert_new
from newsletter.edges.store.schema import delivery as deliveries
from newsletter.edges.store.schema import pick as picks
from newsletter.edges.store.schema import subscriber as subscribers
from newsletter.edges.store.subscribers import subscriber
from newsletter.editorial.model import Subscriber

# A pending row holds its picks as well: a message that waits must not be overtaken by its twin.
_HEARD = ("pending", "sending", "sent", "unknown")
_REOPEN = ("too_few", "too_late")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An active subscriber not yet served for a date; ``reason`` is why, where a row says so."""

    subscriber: Subscriber
    active_since: datetime
    reason: str | None
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be: with an issue it is pending, with a reason it is skipped."""

    subscriber_id: int
    date: date
    issue_id: int | None
    reason: str | None
    message_id: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a run may touch; None means any."""

    on: date | None = None
    subscriber_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    id: int
    subscriber: Subscriber
    issue_id: int
    message_id: str
    due_at: datetime
    expires_at: datetime
    attempts: int


def kept(db: Connection, now: datetime) -> tuple[datetime, datetime] | None:
    """The first and the last due instant up to ``now`` that the ledger knows of."""
    due_at = deliveries.c.due_at
    query = select(func.min(due_at), func.max(due_at)).where(due_at <= now)
    first, last = db.execute(query).one()
    return (first, last) if first else None


def waiting(
    db: Connection,
    day: date,
    wanted: Callable[[str, int], bool],
    only: Sequence[int] | None = None,
) -> list[Waiting]:
    """Active subscribers who have no row for ``day``, or one that may be opened again.

    ``wanted`` says of a (timezone, hour) whether its subscribers are looked at at all: asked once
    for each pair in use, it keeps a look at the clock from reading every subscriber.
    """
    place = (subscribers.c.timezone, subscribers.c.hour)
    active = subscribers.c.state == "active"
    pairs = db.execute(select(*place).where(active).distinct()).all()
    hours = [tuple(pair) for pair in pairs if wanted(*pair)]
    return [one for some in chunks(hours) for one in _waiting(db, day, some, only)]


def _waiting(
    db: Connection, day: date, hours: Sequence[tuple[str, int]], only: Sequence[int] | None
) -> Iterator[Waiting]:
    mine = and_(deliveries.c.subscriber_id == subscribers.c.id, deliveries.c.date == day)
    reopen = and_(deliveries.c.state == "skipped", deliveries.c.reason.in_(_REOPEN))
    query = (
        select(subscribers, deliveries.c.reason, deliveries.c.changed_at)
        .outerjoin(deliveries, mine)
        .where(subscribers.c.state == "active", or_(deliveries.c.id.is_(None), reopen))
        .where(tuple_(subscribers.c.timezone, subscribers.c.hour).in_(hours))
        .order_by(subscribers.c.id)
    )
    if only is not None:
        query = query.where(subscribers.c.id.in_(only))
    for row in db.execute(query):
        yield Waiting(subscriber(row), row.activated_at, row.reason, row.changed_at)


def histories(db: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Subscriber id to the ids of the issues that count as read; a new reader is missing."""
    joined = func.aggregate_strings(cast(deliveries.c.issue_id, String), ",")
    query = (
        select(deliveries.c.subscriber_id, joined)
        .where(deliveries.c.state.in_(_HEARD), deliveries.c.issue_id.is_not(None))
        .group_by(deliveries.c.subscriber_id)
    )
    return {
        subscriber_id: tuple(sorted(map(int, issue_ids.split(","))))
        for some in chunks(ids)
        for subscriber_id, issue_ids in db.execute(
            query.where(deliveries.c.subscriber_id.in_(some))
        )
    }


def heard(db: Connection, ids: Sequence[int]) -> dict[int, dict[int, date]]:
    """Subscriber id to each insight they were sent, and the date of that issue."""
    insight_ids = func.aggregate_strings(cast(picks.c.insight_id, String), ",")
    dates = func.aggregate_strings(cast(deliveries.c.date, String), ",")
    query = (
        select(deliveries.c.subscriber_id, insight_ids, dates)
        .join(picks, picks.c.issue_id == deliveries.c.issue_id)
        .where(deliveries.c.state.in_(_HEARD))
        .group_by(deliveries.c.subscriber_id)
    )
    return {
        subscriber_id: dict(
            zip(map(int, sent.split(",")), map(date.fromisoformat, on.split(",")), strict=True)
        )
        for some in chunks(ids)
        for subscriber_id, sent, on in db.execute(query.where(deliveries.c.subscriber_id.in_(some)))
    }


# Statements that run for every row are built once: that takes longer than running them.
_SKIPPED_TOO_SOON = and_(
    deliveries.c.subscriber_id == bindparam("reader"),
    deliveries.c.date == bindparam("day"),
    deliveries.c.state == "skipped",
    or_(*(deliveries.c.reason == reason for reason in _REOPEN)),
)
_REOPENED = update(deliveries).where(_SKIPPED_TOO_SOON)


def enter(db: Connection, entries: Iterable[Entry], now: datetime) -> None:
    """Write the rows that are not there yet, and open again those that were skipped too soon."""
    rows = [_row(entry, now) for entry in entries]
    insert_new(db, deliveries, [{**row, "attempts": 0, "answer": ""} for row in rows])
    if rows:
        again = [{**row, "reader": row["subscriber_id"], "day": row["date"]} for row in rows]
        db.execute(_REOPENED, again)


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": entry.subscriber_id,
        "date": entry.date,
        "issue_id": entry.issue_id,
        "state": "pending" if entry.issue_id is not None else "skipped",
        "reason": entry.reason,
        "message_id": entry.message_id,
        "due_at": entry.due_at,
        "expires_at": entry.expires_at,
        "next_attempt_at": now,
        "changed_at": now,
    }


def lapse(db: Connection, now: datetime) -> None:
    """What a dead sender left is unknown; what waited until the next issue is given up."""
    dead = and_(deliveries.c.state == "sending", deliveries.c.lease_until <= now)
    db.execute(
        update(deliveries)
        .where(dead)
        .values(state="unknown", answer="the sender ended before the answer", changed_at=now)
    )
    old = and_(deliveries.c.state == "pending", deliveries.c.expires_at <= now)
    db.execute(
        update(deliveries).where(old).values(state="failed", reason="expired", changed_at=now)
    )


def claim(
    store: Store, now: datetime, lease_until: datetime, owner: str, most: int, scope: Scope
) -> list[Claimed]:
    """Take up to ``most`` rows for ``owner``: durably, before any server can hear of them."""
    with store.writing(durable=True) as db:
        queue = select(deliveries.c.id).where(_within(scope), *_ripe(now))
        ids = db.scalars(queue.order_by(deliveries.c.due_at, deliveries.c.id).limit(most)).all()
        if not ids:
            return []
        taken = {"state": "sending", "owner": owner, "lease_until": lease_until, "changed_at": now}
        db.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(**taken))
        query = (
            select(deliveries, subscribers)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.id.in_(ids))
            .order_by(deliveries.c.due_at, deliveries.c.id)
        )
        return [_claimed(row) for row in db.execute(query).mappings()]


def _within(scope: Scope) -> Any:
    parts = [deliveries.c.state == "pending"]
    if scope.on is not None:
        parts.append(deliveries.c.date == scope.on)
    if scope.subscriber_ids is not None:
        parts.append(deliveries.c.subscriber_id.in_(scope.subscriber_ids))
    return and_(*parts)


def _ripe(now: datetime) -> Any:
    return deliveries.c.next_attempt_at <= now, deliveries.c.expires_at > now


def pending(db: Connection, now: datetime, scope: Scope) -> int:
    """How many rows a run over ``scope`` would offer now."""
    query = select(func.count()).where(_within(scope), *_ripe(now))
    return int(db.scalar(query) or 0)


def hurry(db: Connection, now: datetime, scope: Scope) -> None:
    """Rows that wait for a later attempt wait no more."""
    db.execute(update(deliveries).where(_within(scope)).values(next_attempt_at=now))


def _claimed(row: Mapping[Any, Any]) -> Claimed:
    who = {column.name: row[column] for column in subscribers.c}
    del who["key"], who["activated_at"]
    return Claimed(
        id=row[deliveries.c.id],
        subscriber=Subscriber(**who),
        issue_id=row["issue_id"],
        message_id=row["message_id"],
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        attempts=row["attempts"],
    )


_OWNED = and_(deliveries.c.state == "sending", deliveries.c.owner == bindparam("holder"))
_OURS = and_(_OWNED, deliveries.c.id == bindparam("row_id"))
_PROLONGED = update(deliveries).where(_OWNED)
_READER_OF_OURS = (
    select(subscribers.c.state)
    .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
    .where(_OURS)
)
_SETTLED = update(deliveries).where(_OURS)


def hold(db: Connection, row_id: int, owner: str, lease_until: datetime) -> str | None:
    """Prolong all of the owner's leases; this row's reader's state, or None: no longer ours.

    Asked right before an attempt, it keeps what waits behind a slow server ours as well.
    """
    db.execute(_PROLONGED, {"holder": owner, "lease_until": lease_until})
    state: str | None = db.scalar(_READER_OF_OURS, {"holder": owner, "row_id": row_id})
    return state


def settle(db: Connection, row_id: int, owner: str, now: datetime, **values: Any) -> bool:
    """Write what became of a row (state, reason, answer ...); False where it was taken from us."""
    values |= {"owner": None, "lease_until": None, "changed_at": now}
    return bool(db.execute(_SETTLED, {"holder": owner, "row_id": row_id, **values}).rowcount)


def release(db: Connection, ids: Sequence[int], owner: str) -> None:
    """Rows claimed and never offered wait again, as if they had not been claimed."""
    mine = and_(deliveries.c.state == "sending", deliveries.c.owner == owner)
    free = {"state": "pending", "owner": None, "lease_until": None}
    db.execute(update(deliveries).where(mine, deliveries.c.id.in_(ids)).values(**free))


def find(db: Connection, subscriber_id: int, day: date) -> Mapping[Any, Any] | None:
    """The row of a subscriber and a date."""
    query = select(deliveries).where(
        deliveries.c.subscriber_id == subscriber_id, deliveries.c.date == day
    )
    return db.execute(query).mappings().one_or_none()
