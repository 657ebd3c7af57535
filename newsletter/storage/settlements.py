"""The last look before a message goes, and writing down what became of a claimed delivery."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    select,
)

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


_MINE = select(deliveries.c.id).where(_OWNED, _THESE)


class Look(NamedTuple):
    """What the ledger said of a row that was its worker's: its reader's state, its lease, and what
    the operator decided."""

    reader: str
    boot: str
    lease_end: float
    is_paused: bool
    is_cancelled: bool


def look(db: Connection, row_ids: Sequence[int], owner: str) -> dict[int, Look]:
    """Those of the rows that are the owner's, by their ids. Reads only."""
    rows = db.execute(_looks(in_sets=sets.in_sets(db)), {"holder": owner, "row_ids": row_ids})
    return {row_id: Look(*seen) for row_id, *seen in rows.all()}


@cache
def _looks(*, in_sets: bool) -> Select[Any]:
    paused = exists().where(mark.c.name == literal_column(f"'{PAUSED}'"))
    off = exists().where(cancelled.c.date == deliveries.c.date)
    lease = deliveries.c.boot, deliveries.c.lease_end
    query = select(deliveries.c.id, subscribers.c.state, *lease, paused, off)
    query = query.join(subscribers, deliveries.c.subscriber_id == subscribers.c.id).where(_OWNED)
    if not in_sets:
        return query.where(_THESE)
    ids = sets.values({"row_ids": deliveries.c.id.type})
    return query.where(deliveries.c.id == ids.c.row_ids)


_GONE: Mapping[str, Verdict] = {
    SubscriberState.BOUNCED: "bounced",
    SubscriberState.COMPLAINED: "complained",
}


def verdict(seen: Look | None, steady: Steady) -> tuple[Verdict, float]:
    """Whether a row may be sent now, and for how many seconds more it is its owner's."""
    if seen is None or seen.boot != steady.boot or seen.lease_end <= steady.seconds:
        return "lost", 0.0
    return _by_state(seen), seen.lease_end - steady.seconds


def _by_state(seen: Look) -> Verdict:
    if seen.reader == SubscriberState.ACTIVE:
        return "cancelled" if seen.is_cancelled else "paused" if seen.is_paused else "go"
    return _GONE.get(seen.reader, "left")


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
