"""The ledger: one row ever per (subscriber, date), with a state and, where nothing was sent, why.

How a row may move stands in ``transitions``; here is when.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from newsletter.domain.backoff import LONGEST
from newsletter.domain.model import Subscriber
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.domain.states import DeliveryState, Reason, SubscriberState, Transition
from newsletter.storage import deferred_domains, places, rate_limits, recipients, transitions
from newsletter.storage.database import chunks
from newsletter.storage.journal import ACCEPTED, ANSWERED, CLAIMED, Claim, Journal
from newsletter.storage.schema import Instant, cancelled, mark, recipient
from newsletter.storage.schema import attempt as attempts
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import pick as picks
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.subscribers import subscriber

# A pending row holds its picks as well: a message that waits must not be overtaken by its twin.
# Told by what they are not: asked for what they are, SQLite reads all that was ever sent to anyone.
_HEARD = deliveries.c.state.not_in((DeliveryState.FAILED, DeliveryState.SKIPPED))

PAUSED = "paused"
Verdict = Literal["go", "paused", "cancelled", "left", "bounced", "complained", "lost"]


class Steady(NamedTuple):
    """Seconds on a clock that only runs forward, and the start of the machine it counts from.

    Not ``sure``: ``boot`` tells machines apart, and not one start of this machine from another.
    """

    boot: str
    seconds: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Lease:
    """Until when a row is ``owner``'s: ``end`` counts, ``until`` stands in for it elsewhere."""

    owner: str
    end: Steady
    until: datetime

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "boot": self.end.boot,
            "lease_end": self.end.seconds,
            "lease_until": self.until,
        }


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

    subscriber: Subscriber
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
) -> list[int]:
    """The ids of active subscribers who have no row for ``day``, or one that may be opened again.

    ``wanted`` says of a (timezone, hour) whether its subscribers are looked at at all: asked once
    for each pair in use, it keeps a look at the clock from reading every subscriber.
    """
    place = (subscribers.c.timezone, subscribers.c.hour)
    active = subscribers.c.state == SubscriberState.ACTIVE
    pairs = db.execute(select(*place).where(active).distinct()).all()
    hours = [tuple(pair) for pair in pairs if wanted(*pair)]
    query = _unserved(day, subscribers.c.id).where(active)
    if only is not None:
        query = query.where(subscribers.c.id.in_(only))
    return sorted(
        number
        for some in chunks(hours)
        for number in db.scalars(query.where(tuple_(*place).in_(some)))
    )


def among_waiting(db: Connection, day: date, ids: Sequence[int]) -> list[Waiting]:
    """Those of ``ids`` (a few hundred) who wait still, by their ids."""
    query = _unserved(day, subscribers, deliveries.c.reason, deliveries.c.changed_at)
    rows = db.execute(query.where(subscribers.c.id.in_(ids)).order_by(subscribers.c.id))
    return [
        Waiting(subscriber(row), row.activated_at, row.reason, row.changed_at)
        for row in rows
        if row.state == SubscriberState.ACTIVE  # asked in SQL, SQLite would read all who are
    ]


def _unserved(day: date, *columns: Any) -> Select[Any]:
    mine = and_(deliveries.c.subscriber_id == subscribers.c.id, deliveries.c.date == day)
    reopen = and_(
        deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reason.in_(transitions.REOPEN)
    )
    joined = select(*columns).select_from(subscribers).outerjoin(deliveries, mine)
    return joined.where(or_(deliveries.c.id.is_(None), reopen))


def histories(db: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Subscriber id to the ids of the issues that count as read; a new reader is missing."""
    joined = func.aggregate_strings(cast(deliveries.c.issue_id, String), ",")
    query = (
        select(deliveries.c.subscriber_id, joined)
        .where(_HEARD, deliveries.c.issue_id.is_not(None))
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
        .where(_HEARD)
        .group_by(deliveries.c.subscriber_id)
    )
    return {
        subscriber_id: dict(
            zip(map(int, sent.split(",")), map(date.fromisoformat, on.split(",")), strict=True)
        )
        for some in chunks(ids)
        for subscriber_id, sent, on in db.execute(query.where(deliveries.c.subscriber_id.in_(some)))
    }


_STILL = {
    Reason.TOO_FEW: Transition.STILL_TOO_FEW,
    Reason.TOO_LATE: Transition.STILL_TOO_LATE,
    Reason.CANCELLED: Transition.STILL_CANCELLED,
}


def _transition_of(row: Mapping[str, Any]) -> Transition:
    return _STILL[row["reason"]] if row["reason"] else Transition.REOPEN


def _again(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: value for key, value in row.items() if key not in ("state", "reason")}
    return {**values, "reader": row["subscriber_id"], "day": row["date"]}


def enter(db: Connection, entries: Sequence[Entry], now: datetime) -> None:
    """Write the rows that are not there yet, and open again those that were skipped too soon."""
    rows = _rows(db, entries, now)
    transitions.begin(db, [{**row, "attempts": 0, "answer": ""} for row in rows])
    for transition in (Transition.REOPEN, *_STILL.values()):
        again = [_again(row) for row in rows if _transition_of(row) is transition]
        transitions.move_each(db, transition, transitions.MESSAGE_OF_A_DAY, again)
    _freeze(db, entries, now)


def _freeze(db: Connection, entries: Sequence[Entry], now: datetime) -> None:
    composed: dict[date, dict[int, Subscriber]] = defaultdict(dict)
    for entry in entries:
        if entry.issue_id is not None:
            composed[entry.date][entry.subscriber.id] = entry.subscriber
    for day, readers in composed.items():
        recipients.freeze(db, readers, deliveries.c.date == day, now)


def _rows(db: Connection, entries: Sequence[Entry], now: datetime) -> list[dict[str, Any]]:
    keys: dict[int, str] = {}
    for some in chunks([entry.subscriber.id for entry in entries]):
        query = select(subscribers.c.id, subscribers.c.key).where(subscribers.c.id.in_(some))
        keys |= {row.id: row.key for row in db.execute(query)}
    places = {one: key.rpartition("@")[2] for one, key in keys.items()}
    return [_row(entry, now) | {"domain": places[entry.subscriber.id]} for entry in entries]


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": entry.subscriber.id,
        "date": entry.date,
        "issue_id": entry.issue_id,
        "state": DeliveryState.PENDING if entry.reason is None else DeliveryState.SKIPPED,
        "reason": entry.reason,
        "message_id": entry.message_id,
        "due_at": entry.due_at,
        "expires_at": entry.expires_at,
        "next_attempt_at": now,
        "changed_at": now,
    }


def lapse(db: Connection, now: datetime, steady: Steady, journal: Journal | None = None) -> int:
    """What a dead sender left is sent or waits again where the journal knows it; the rest is
    unknown: how many.

    ``steady`` was read before the call, and so before the journal is: a sender that still lives
    sees at its look that its lease is over.
    """
    rows = lapsed(db, now, steady, journal)
    for transition, ids in rows.items():
        values = {"answer": _LAPSED[transition]} if transition in _LAPSED else {}
        for some in chunks(ids):
            transitions.move(db, transition, deliveries.c.id.in_(some), changed_at=now, **values)
    return len(rows.get(Transition.LEASE_OVER, ()))


_LAPSED = {
    Transition.LEASE_OVER: "the sender ended before the answer",
    Transition.FOUND_ACCEPTED: "the server took it, and the sender ended before it could write so",
}


def lapsed(
    db: Connection, now: datetime, steady: Steady, journal: Journal | None = None
) -> dict[Transition, list[int]]:
    """The ids that ``lapse`` would find, by the name of their transition."""
    columns = (deliveries.c[name] for name in ("id", "owner", "boot", "changed_at"))
    rows = db.execute(select(*columns).where(_SENDING, _over(now, steady))).all()
    claims = {row.id: (row.id, row.owner or "", row.changed_at) for row in rows}
    states = journal.states(set(claims.values())) if journal and rows else {}
    found: dict[Transition, list[int]] = {}
    for row in rows:
        transition = _of_the_dead(
            states.get(claims[row.id]), here=steady.sure and row.boot == steady.boot
        )
        found.setdefault(transition, []).append(row.id)
    return found


def _of_the_dead(state: str | None, *, here: bool) -> Transition:
    """What to do with a row by what the journal says of its claim. What was not offered counts only
    where the machine was not started anew since: the end of the journal may be lost by that."""
    if state == ACCEPTED:
        return Transition.FOUND_ACCEPTED
    never = here and state in (CLAIMED, ANSWERED)
    return Transition.NEVER_OFFERED if never else Transition.LEASE_OVER


def leased(db: Connection, now: datetime, steady: Steady) -> tuple[int, datetime | None]:
    """How many rows senders have in hand, and when the last of their leases is over."""
    query = select(func.count(), func.max(deliveries.c.lease_until)).where(_SENDING)
    count, until = db.execute(query.where(~_over(now, steady))).one()
    return count, until


def expire(db: Connection, now: datetime) -> int:
    """What waited until the next issue is given up; how many."""
    return transitions.move(db, Transition.EXPIRE, deliveries.c.expires_at <= now, changed_at=now)


def _over(now: datetime, steady: Steady) -> ColumnElement[bool]:
    """The lease has ended. Another machine's clock cannot be read: there the calendar counts."""
    here = deliveries.c.boot == steady.boot
    elsewhere = or_(deliveries.c.boot.is_(None), deliveries.c.boot != steady.boot)
    return or_(
        and_(here, deliveries.c.lease_end <= steady.seconds),
        and_(elsewhere, deliveries.c.lease_until <= now),
    )


# As the index has it: to sort all that waits for each few rows would cost more than sending.
_IN_TURN = (deliveries.c.next_attempt_at, deliveries.c.id)


# Row by row: for a list of ids SQLite would rather look through all that is pending.
_THIS_ROW = deliveries.c.id == bindparam("row_id")


_TAKEN = (
    select(
        *(recipients.column(one.name) for one in fields(Subscriber)),
        deliveries.c.id.label("row_id"),
        deliveries.c.domain,
        deliveries.c.issue_id,
        deliveries.c.message_id,
        recipients.DATED_AT,
        deliveries.c.expires_at,
        deliveries.c.attempts,
        subscribers.c.key,
        deliveries.c.date,
    )
    .select_from(deliveries)
    .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .outerjoin(recipient, recipient.c.delivery_id == deliveries.c.id)
    .where(deliveries.c.id.in_(bindparam("row_ids", expanding=True)))
    .order_by(*_IN_TURN)
)


@cache
def _queue(*, dated: bool, some: bool) -> Select[Any]:
    """The ids and domains of what may be taken, in turn."""
    parts = [deliveries.c.state == DeliveryState.PENDING, *_ripe(bindparam("now", type_=Instant))]
    if dated:
        parts.append(deliveries.c.date == bindparam("day"))
    if some:
        parts.append(deliveries.c.subscriber_id.in_(bindparam("readers", expanding=True)))
    return select(deliveries.c.id, deliveries.c.domain).where(*parts).order_by(*_IN_TURN)


@cache
def _first(*, dated: bool, some: bool) -> Select[Any]:
    """The same, up to ``most`` of them."""
    return _queue(dated=dated, some=some).limit(bindparam("most"))


def claim(
    db: Connection, now: datetime, lease: Lease, most: int, scope: Scope, pace: RateLimits = FREE
) -> list[Claimed]:
    """Take up to ``most`` rows, in the order of their slots.

    The transaction must be durable, and at its end before any server can hear of them. Nothing
    taken may mean that what is left waits for its pace: ``again`` tells.
    """
    if paused(db):
        return []
    which = {"dated": scope.on is not None, "some": scope.subscriber_ids is not None}
    values = {"now": now, "day": scope.on, "readers": scope.subscriber_ids}
    if pace.limits:
        slots = rate_limits.reserve(db, _queue(**which), values, most, pace)
    else:
        slots = {row_id: now for row_id, _ in db.execute(_first(**which), {**values, "most": most})}
    if not slots:
        return []
    taken = {**lease.columns, "changed_at": now}
    changes = [{**taken, "row_id": row_id} for row_id in slots]
    transitions.move_each(db, Transition.CLAIM, _THIS_ROW, changes)
    rows = []
    for *row, key, day in db.execute(_TAKEN, {"row_ids": list(slots)}):
        rows.append(claimed := _claimed(row, slots))
        message = key, day, claimed.message_id
        places.note(db, Claim(claimed.id, lease.owner, now.astimezone(UTC), *message))
    return sorted(rows, key=lambda row: row.not_before)


def again(db: Connection, now: datetime, scope: Scope, pace: RateLimits) -> datetime | None:
    """When to claim anew where there was nothing to take; None where nothing is left."""
    if not pace.limits:
        return None
    left = select(deliveries.c.id).where(_within(scope), *_ripe(now)).limit(1)
    return None if db.scalar(left) is None else rate_limits.soonest(db, now, pace)


def paused(db: Connection) -> datetime | None:
    """Since when nothing may be sent; None while it may."""
    since: datetime | None = db.scalar(select(mark.c.at).where(mark.c.name == PAUSED))
    return since


def _within(scope: Scope) -> Any:
    parts = [deliveries.c.state == DeliveryState.PENDING]
    if scope.on is not None:
        parts.append(deliveries.c.date == scope.on)
    if scope.subscriber_ids is not None:
        parts.append(deliveries.c.subscriber_id.in_(scope.subscriber_ids))
    return and_(*parts)


def _ripe(now: datetime | BindParameter[datetime]) -> Any:
    return deliveries.c.next_attempt_at <= now, deliveries.c.expires_at > now


def pending(db: Connection, now: datetime, scope: Scope) -> int:
    """How many rows a run over ``scope`` would offer now."""
    query = select(func.count()).where(_within(scope), *_ripe(now))
    return int(db.scalar(query) or 0)


def hurry(db: Connection, now: datetime, scope: Scope) -> None:
    """Rows that wait for a later attempt wait no more, and their domains with them."""
    deferred_domains.forget(db, _within(scope))
    transitions.amend(db, _within(scope), next_attempt_at=now)


def wake(db: Connection, now: datetime) -> None:
    """Rows that would wait for longer than any may: a clock ran ahead when they were deferred.

    What it composed for a day that has not come stays for that day.
    """
    late = deliveries.c.next_attempt_at > now + LONGEST
    rows = and_(deliveries.c.state == DeliveryState.PENDING, late, deliveries.c.due_at <= now)
    transitions.amend(db, rows, next_attempt_at=now)


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


_SENDING = deliveries.c.state == DeliveryState.SENDING
_OWNED = and_(_SENDING, deliveries.c.owner == bindparam("holder"))
_OURS = and_(_OWNED, deliveries.c.id == bindparam("row_id"))
_LOOK = (
    select(
        subscribers.c.state,
        deliveries.c.boot,
        deliveries.c.lease_end,
        exists().where(mark.c.name == PAUSED),
        exists().where(cancelled.c.date == deliveries.c.date),
    )
    .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
    .where(_OURS)
)
_MINE = select(deliveries.c.id).where(
    _OWNED, deliveries.c.id.in_(bindparam("row_ids", expanding=True))
)


def look(db: Connection, row_id: int, owner: str, steady: Steady) -> tuple[Verdict, float]:
    """Whether a row may be sent now, and for how many seconds more it is ours.

    Reads only: asked right before the message goes, it is the last moment to withhold it.
    """
    found = db.execute(_LOOK, {"holder": owner, "row_id": row_id}).one_or_none()
    if found is None or found[1] != steady.boot or found[2] <= steady.seconds:
        return "lost", 0.0
    state, _boot, end, is_paused, is_cancelled = found
    if state != SubscriberState.ACTIVE:
        gone: Verdict = state if state in ("bounced", "complained") else "left"
        return gone, end - steady.seconds
    verdict: Verdict = "cancelled" if is_cancelled else "paused" if is_paused else "go"
    return verdict, end - steady.seconds


def prolong(db: Connection, lease: Lease) -> None:
    """All that the owner has claimed stays theirs, what waits behind a slow server as well."""
    transitions.amend(db, deliveries.c.owner == lease.owner, **lease.columns)


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt at a row: the server's answers, empty where there were none."""

    rcpt: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a row that is ours: the transition, and what is written with it."""

    row_id: int
    transition: Transition
    at: datetime
    values: Mapping[str, Any]
    tried: Tried | None = None


def lost(row_id: int, now: datetime) -> Settled:
    """Its sender ends, and does not know what became of it."""
    return Settled(
        row_id, Transition.ANSWER_LOST, now, {"answer": "the sender was stopped before the answer"}
    )


def settle(db: Connection, owner: str, some: Sequence[Settled]) -> Set[int]:
    """Take the transitions; returns the ids of those rows that nobody had taken from us."""
    mine = {
        row[0]
        for row in db.execute(_MINE, {"holder": owner, "row_ids": [one.row_id for one in some]})
    }
    kept = [one for one in some if one.row_id in mine]
    for transition in {one.transition for one in kept}:
        settled = [_as_settled(one, owner) for one in kept if one.transition is transition]
        transitions.move_each(db, transition, _OURS, settled)
    if said := [_attempt(one, one.tried) for one in kept if one.tried]:
        db.execute(attempts.insert(), said)
    return mine


def _as_settled(one: Settled, owner: str) -> dict[str, Any]:
    return {"holder": owner, "row_id": one.row_id, **one.values, "changed_at": one.at}


def _attempt(one: Settled, tried: Tried) -> dict[str, Any]:
    state = transitions.MOVES[one.transition].after
    said = {"rcpt": tried.rcpt, "data": tried.data}
    return {"delivery_id": one.row_id, "at": one.at, "state": state, **said}


def release(db: Connection, ids: Sequence[int], owner: str) -> None:
    """Rows claimed and never offered wait again, as if they had not been claimed."""
    mine = and_(deliveries.c.owner == owner, deliveries.c.id.in_(ids))
    if ids:
        transitions.move(db, Transition.RELEASE, mine)


def abandon(
    db: Connection, owner: str, in_hand: Mapping[int, Settled | None], now: datetime
) -> int:
    """All senders of the owner end at once: what is in hand without an answer is unknown (how
    many). What has one is settled by it, and the rest waits again.
    """
    known = [settled for settled in in_hand.values() if settled]
    unknown = [lost(row_id, now) for row_id, settled in in_hand.items() if not settled]
    theirs = deliveries.c.owner.startswith(worker_owner(owner, ""), autoescape=True)
    count = 0
    for one in db.scalars(select(deliveries.c.owner).where(_SENDING, theirs).distinct()).all():
        settle(db, one, known)
        count += len(settle(db, one, unknown))
        transitions.move(db, Transition.RELEASE, deliveries.c.owner == one)
    return count


def worker_owner(owner: str, name: str) -> str:
    """Each sender of an owner is an owner by itself: no row is two threads' at once."""
    return f"{owner}/{name}"


def find(db: Connection, subscriber_id: int, day: date) -> Mapping[Any, Any] | None:
    """The row of a subscriber and a date."""
    query = select(deliveries).where(
        deliveries.c.subscriber_id == subscriber_id, deliveries.c.date == day
    )
    return db.execute(query).mappings().one_or_none()
