"""The last look before a message goes, and writing down what became of a claimed delivery."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    exists,
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


_LOOK = (
    select(
        subscribers.c.state,
        deliveries.c.boot,
        deliveries.c.lease_end,
        exists().where(mark.c.name == PAUSED),
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
    found = db.execute(_LOOK, {"holder": owner, "row_id": row_id}).one_or_none()
    if found is None or found[1] != steady.boot or found[2] <= steady.seconds:
        return "lost", 0.0
    state, _boot, end, is_paused, is_cancelled = found
    if state != SubscriberState.ACTIVE:
        gone: Verdict = state if state in ("bounced", "complained") else "left"
        return gone, end - steady.seconds
    verdict: Verdict = "cancelled" if is_cancelled else "paused" if is_paused else "go"
    return verdict, end - steady.seconds


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
    alike: dict[tuple[Transition, frozenset[str]], list[dict[str, Any]]] = defaultdict(list)
    for one in kept:
        alike[one.transition, frozenset(one.values)].append(_as_settled(one, owner))
    for (transition, _), settled in alike.items():
        transitions.move_each(db, transition, _OURS, settled)
    sets.insert(db, attempts, [_attempt(one, one.tried) for one in kept if one.tried])
    return mine


def _as_settled(one: Settled, owner: str) -> dict[str, Any]:
    return {"holder": owner, "row_id": one.row_id, **one.values, "changed_at": one.at}


def _attempt(one: Settled, tried: Tried) -> dict[str, Any]:
    state = transitions.MOVES[one.transition].after
    said = {"rcpt": tried.rcpt, "data": tried.data}
    return {"delivery_id": one.row_id, "at": one.at, "state": state, **said}
