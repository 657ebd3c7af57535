"""Every way a delivery may go. Nothing outside this module writes to the table: a test holds it.

docs/ledger.md draws the same table; a test compares the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    String,
    Update,
    and_,
    bindparam,
    cast,
    literal,
    literal_column,
    or_,
    update,
)

from newsletter.domain.states import DeliveryState, Reason, Transition
from newsletter.storage import sets
from newsletter.storage.schema import delivery as deliveries

REOPEN = (Reason.TOO_FEW, Reason.TOO_LATE, Reason.PAUSED)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a transition begins and ends. ``reason`` is written; a row must have one of the reasons
    ``only``, where there are any."""

    before: tuple[DeliveryState, ...]
    after: DeliveryState
    reason: Reason | None = None
    only: tuple[Reason, ...] = ()


_PENDING, _SENDING = (DeliveryState.PENDING,), (DeliveryState.SENDING,)
_SKIPPED, _UNKNOWN = (DeliveryState.SKIPPED,), (DeliveryState.UNKNOWN,)
_UNSENT = (*_PENDING, *_SENDING, DeliveryState.FAILED, *_SKIPPED)

MOVES = {
    Transition.REOPEN: Move(_SKIPPED, DeliveryState.PENDING, only=REOPEN),
    Transition.STILL_TOO_FEW: Move(_SKIPPED, DeliveryState.SKIPPED, Reason.TOO_FEW, REOPEN),
    Transition.STILL_TOO_LATE: Move(_SKIPPED, DeliveryState.SKIPPED, Reason.TOO_LATE, REOPEN),
    Transition.STILL_CANCELLED: Move(_SKIPPED, DeliveryState.SKIPPED, Reason.CANCELLED, REOPEN),
    Transition.CLAIM: Move(_PENDING, DeliveryState.SENDING),
    Transition.RELEASE: Move(_SENDING, DeliveryState.PENDING),
    Transition.ACCEPTED: Move(_SENDING, DeliveryState.SENT),
    Transition.DEFERRED: Move(_SENDING, DeliveryState.PENDING),
    Transition.REFUSED: Move(_SENDING, DeliveryState.FAILED, Reason.REFUSED),
    Transition.READER_PAUSED: Move(_SENDING, DeliveryState.SKIPPED, Reason.PAUSED),
    Transition.LEFT: Move(_SENDING, DeliveryState.SKIPPED, Reason.UNSUBSCRIBED),
    Transition.BOUNCED: Move(_SENDING, DeliveryState.SKIPPED, Reason.BOUNCED),
    Transition.COMPLAINED: Move(_SENDING, DeliveryState.SKIPPED, Reason.COMPLAINED),
    Transition.ANSWER_LOST: Move(_SENDING, DeliveryState.UNKNOWN),
    Transition.LEASE_OVER: Move(_SENDING, DeliveryState.UNKNOWN),
    Transition.EXPIRE: Move(_PENDING, DeliveryState.FAILED, Reason.EXPIRED),
    Transition.CANCEL: Move(_PENDING + _SENDING, DeliveryState.SKIPPED, Reason.CANCELLED),
    Transition.TOO_FEW_LEFT: Move(_PENDING, DeliveryState.SKIPPED, Reason.TOO_FEW),
    Transition.RESOLVE_AS_SENT: Move(_UNKNOWN, DeliveryState.SENT),
    Transition.RESOLVE_AS_PENDING: Move(_UNKNOWN, DeliveryState.PENDING),
    Transition.FOUND_ACCEPTED: Move(_SENDING, DeliveryState.SENT),
    Transition.NEVER_OFFERED: Move(_SENDING, DeliveryState.PENDING),
    Transition.REPLAYED_AS_SENT: Move(_UNSENT + _UNKNOWN, DeliveryState.SENT),
    Transition.REPLAYED_AS_UNKNOWN: Move(_UNSENT, DeliveryState.UNKNOWN),
}
"""A row begins as pending, or as skipped with a reason: see ``begin``."""

BEGINNINGS = (
    (DeliveryState.PENDING, None),
    (DeliveryState.SKIPPED, Reason.TOO_FEW),
    (DeliveryState.SKIPPED, Reason.TOO_LATE),
    (DeliveryState.SKIPPED, Reason.CANCELLED),
)

MESSAGE_OF_A_DAY = and_(
    deliveries.c.subscriber_id == bindparam("reader"), deliveries.c.date == bindparam("day")
)
"""The row of a ``reader`` and a ``day``, for ``move_each``."""

_NOBODYS: dict[str, str | None] = {
    "owner": None,
    "boot": None,
    "lease_end": None,
    "lease_until": None,
}


def stands(state: DeliveryState) -> ColumnElement[bool]:
    """A state is a word of the statement, no parameter of it: so PostgreSQL makes a plan once for
    the rows of this state, and not at each time anew."""
    return deliveries.c.state == literal_column(f"'{state.value}'", deliveries.c.state.type)


def begin(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows that are not there yet; a row that is there stays as it is."""
    assert all((row["state"], row["reason"]) in BEGINNINGS for row in rows)
    sets.insert_new(db, deliveries, rows)


def move(db: Connection, transition: Transition, rows: ColumnElement[bool], **values: Any) -> int:
    """Take the transition ``name`` with those of ``rows`` that stand where it begins; how many.

    A row that is not on its way to a server is nobody's.
    """
    return db.execute(_statement(transition, rows), [_written(transition, values)]).rowcount


def move_each(
    db: Connection,
    transition: Transition,
    rows: ColumnElement[bool],
    values: Sequence[dict[str, Any]],
) -> None:
    """``move`` for each of ``values``, which hold what to write and what to bind in ``rows``, all
    under the same names."""
    if not values:
        return
    if sets.in_sets(db):
        names = tuple(values[0])
        db.execute(_statement_of_set(transition, rows, names), sets.arrays(values, names))
    else:
        written = [_written(transition, each) for each in values]
        db.execute(_statement_of_each(transition, rows), written)


def moving(transition: Transition, rows: ColumnElement[bool], values: Mapping[str, Any]) -> CTE:
    """``move`` as a part of a larger statement, which goes on with the rows as they are then:
    PostgreSQL alone knows such."""
    written = _written(transition, dict(values))
    return _statement(transition, rows).values(written).returning(deliveries).cte("moved")


@cache
def _statement_of_each(transition: Transition, rows: ColumnElement[bool]) -> Update:
    """``rows`` are few and always the same: to put a statement together takes as long as to run it
    for some rows."""
    return _statement(transition, rows)


@cache
def _statement_of_set(
    transition: Transition, rows: ColumnElement[bool], names: tuple[str, ...]
) -> Update:
    bound = sets.bound(rows)
    types = {name: bound[name] if name in bound else deliveries.c[name].type for name in names}
    rows_given = sets.values(types)
    written: dict[str, Any] = {name: rows_given.c[name] for name in names if name not in bound}
    statement = _statement(transition, sets.joined(rows, rows_given))
    return statement.values(_written(transition, written))


def _statement(transition: Transition, rows: ColumnElement[bool]) -> Update:
    return update(deliveries).where(rows, *_begins(MOVES[transition]))


def _written(transition: Transition, values: dict[str, Any]) -> dict[str, Any]:
    assert "state" not in values
    assert "reason" not in values
    way = MOVES[transition]
    nobodys = {} if way.after == "sending" else _NOBODYS
    free = {} if way.after == "pending" else {"held": None}  # nothing else waits for approval
    return {**free, **values, "state": way.after, "reason": way.reason, **nobodys}


def _begins(move: Move) -> Iterator[ColumnElement[bool]]:
    """The rows that a transition may begin with."""
    yield or_(*map(stands, move.before))
    if move.only:
        yield or_(*(deliveries.c.reason == reason for reason in move.only))


def forget(db: Connection, subscriber_id: int, now: datetime) -> None:
    """What waits for this reader is cancelled, and their rows say no more whose they were: a
    Message-ID is made from the address, and a server's answer names it."""
    theirs = deliveries.c.subscriber_id == subscriber_id
    move(db, Transition.CANCEL, theirs, changed_at=now)
    nameless = literal("<erased.") + cast(deliveries.c.id, String) + literal(">")
    values = {"message_id": nameless, "domain": "", "answer": ""}
    db.execute(update(deliveries).where(theirs).values(values))


def amend(db: Connection, rows: ColumnElement[bool], **values: Any) -> int:
    """Change what is no state (a lease, the next attempt) of rows that are open; how many."""
    assert not {"state", "reason"} & set(values)
    still = or_(deliveries.c.state == "pending", deliveries.c.state == "sending")
    return db.execute(update(deliveries).where(rows, still).values(**values)).rowcount
