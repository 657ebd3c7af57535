"""The last look before a message goes, and writing down what became of a claimed delivery."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    select,
)
from sqlalchemy.dialects import registry

from newsletter.domain.states import SubscriberState, Transition
from newsletter.storage import sets, transitions
from newsletter.storage.leases import SENDING, Steady
from newsletter.storage.schema import attempt as attempts
from newsletter.storage.schema import cancelled, mark
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.send_queue import PAUSED

Verdict = Literal["go", "paused", "cancelled", "left", "bounced", "complained", "lost"]


_OWNED = and_(SENDING, deliveries.c.owner == bindparam("holder"))


_OURS = and_(_OWNED, deliveries.c.id == bindparam("row_id"))


_THESE = deliveries.c.id.in_(bindparam("row_ids", expanding=True))


_LOOK = (
    select(
        subscribers.c.state,
        deliveries.c.boot,
        deliveries.c.lease_end,
        exists().where(mark.c.name == literal_column(f"'{PAUSED}'")),
        exists().where(cancelled.c.date == deliveries.c.date),
    )
    .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
    .where(_OWNED, deliveries.c.id == bindparam("row_id"))
)


_MINE = select(deliveries.c.id).where(_OWNED, _THESE)


def look(db: Connection, row_id: int, owner: str, steady: Steady) -> tuple[Verdict, float]:
    """Whether a row may be sent now, and for how many seconds more it is ours.

    Reads only: asked right before the message goes, it is the last moment to withhold it.
    """
    driver: Any = db.connection.driver_connection
    values = {"holder": owner, "row_id": row_id}
    row = driver.execute(_look_as_text(db.dialect.name), values).fetchone()
    if row is None or row[1] != steady.boot or row[2] <= steady.seconds:
        return "lost", 0.0
    state, _boot, end, is_paused, is_cancelled = row
    if state != SubscriberState.ACTIVE:
        gone: Verdict = state if state in ("bounced", "complained") else "left"
        return gone, end - steady.seconds
    verdict: Verdict = "cancelled" if is_cancelled else "paused" if is_paused else "go"
    return verdict, end - steady.seconds


@cache
def _look_as_text(database: str) -> str:
    """For the driver itself, which both take names: to go by SQLAlchemy takes five times as long as
    the question, and this one is asked for each message."""
    style = "named" if database == "sqlite" else "pyformat"
    return str(_LOOK.compile(dialect=registry.load(database)(paramstyle=style)))


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that was not accepted: the server's answers, empty where there were none. What a
    server accepted needs none: the row itself has the answer and the instant."""

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


def settle(db: Connection, owner: str, entries: Sequence[Settled]) -> Set[int]:
    """Take the transitions; returns the ids of those rows that nobody had taken from us."""
    if not entries:
        return set()
    mine = _moved(db, owner, entries)
    noted = [_attempt(each, each.tried) for each in entries if each.tried and each.row_id in mine]
    sets.insert(db, attempts, noted)
    return mine


def _moved(db: Connection, owner: str, entries: Sequence[Settled]) -> Set[int]:
    if sets.in_sets(db):
        alike = _alike(entries).items()
        return set().union(*(_move_set(db, owner, *way, of_it) for way, of_it in alike))
    values = {"holder": owner, "row_ids": [entry.row_id for entry in entries]}
    mine = set(db.scalars(_MINE, values))
    kept = [entry for entry in entries if entry.row_id in mine]
    for (transition, _), settled in _alike(kept).items():
        transitions.move_each(
            db, transition, _OURS, [_as_settled(entry, owner) for entry in settled]
        )
    return mine


def _alike(
    settled: Sequence[Settled],
) -> Mapping[tuple[Transition, tuple[str, ...]], list[Settled]]:
    """By the transition and the names of the values."""
    alike = defaultdict(list)
    for entry in settled:
        alike[entry.transition, tuple(sorted(entry.values))].append(entry)
    return alike


def _move_set(
    db: Connection,
    owner: str,
    transition: Transition,
    names: tuple[str, ...],
    settled: Sequence[Settled],
) -> set[int]:
    rows = [{"row_id": entry.row_id, "changed_at": entry.at, **entry.values} for entry in settled]
    rows_given = sets.arrays(rows, tuple(rows[0]))
    return set(db.scalars(_moving(transition, names), {**rows_given, "holder": owner}))


@cache
def _moving(transition: Transition, names: tuple[str, ...]) -> Select[Any]:
    """The rows of one transition in one statement; the ids of those that were ours."""
    written = ("changed_at", *names)
    types = {name: deliveries.c[name].type for name in written}
    rows_given = sets.values({"row_id": deliveries.c.id.type, **types})
    ours = and_(deliveries.c.owner == bindparam("holder"), deliveries.c.id == rows_given.c.row_id)
    moved = transitions.moving(transition, ours, {name: rows_given.c[name] for name in written})
    return select(moved.c.id)


def _as_settled(entry: Settled, owner: str) -> dict[str, Any]:
    return {"holder": owner, "row_id": entry.row_id, **entry.values, "changed_at": entry.at}


def _attempt(entry: Settled, tried: Tried) -> dict[str, Any]:
    state = transitions.MOVES[entry.transition].after
    answers = {"rcpt": tried.rcpt, "data": tried.data}
    return {"delivery_id": entry.row_id, "at": entry.at, "state": state, **answers}
