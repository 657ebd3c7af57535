"""The ledger: one row ever per (subscriber, date), with a state and, if nothing was sent, a reason.

How a row may move stands in ``transitions``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    select,
)

from newsletter.domain.model import Subscriber
from newsletter.domain.states import DeliveryState, Reason, Transition
from newsletter.storage import recipients, transitions
from newsletter.storage.database import chunks
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be: with an issue it is pending, with a reason it is skipped.

    It is not tried before ``opens_at``. ``held``: it waits for approval until then, and its issue
    heeds what the editor did up to this act.
    """

    subscriber: Subscriber
    date: date
    issue_id: int | None
    reason: str | None
    message_id: str
    due_at: datetime
    expires_at: datetime
    opens_at: datetime | None = None
    held: int | None = None


_STILL = {
    Reason.TOO_FEW: Transition.STILL_TOO_FEW,
    Reason.TOO_LATE: Transition.STILL_TOO_LATE,
    Reason.CANCELLED: Transition.STILL_CANCELLED,
}


def _transition_of(row: Mapping[str, Any]) -> Transition:
    return _STILL[row["reason"]] if row["reason"] else Transition.REOPEN


def _as_reopened(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: value for key, value in row.items() if key not in ("state", "reason")}
    return {**values, "reader": row["subscriber_id"], "day": row["date"]}


def enter(db: Connection, entries: Sequence[Entry], now: datetime) -> None:
    """Write the rows that are not there yet, and open again those that were skipped too soon."""
    rows = _rows(db, entries, now)
    transitions.begin(db, [{**row, "attempts": 0, "answer": ""} for row in rows])
    for transition in (Transition.REOPEN, *_STILL.values()):
        reopened = [_as_reopened(row) for row in rows if _transition_of(row) is transition]
        transitions.move_each(db, transition, transitions.MESSAGE_OF_A_DAY, reopened)
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
    for batch in chunks([entry.subscriber.id for entry in entries]):
        query = select(subscribers.c.id, subscribers.c.key).where(subscribers.c.id.in_(batch))
        keys |= {row.id: row.key for row in db.execute(query)}
    places = {reader_id: key.rpartition("@")[2] for reader_id, key in keys.items()}
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
        "next_attempt_at": max(now, entry.opens_at or now),
        "changed_at": now,
        "held": entry.held if entry.reason is None else None,
    }


def find(db: Connection, subscriber_id: int, day: date) -> Mapping[Any, Any] | None:
    """The row of a subscriber and a date."""
    query = select(deliveries).where(
        deliveries.c.subscriber_id == subscriber_id, deliveries.c.date == day
    )
    return db.execute(query).mappings().one_or_none()
