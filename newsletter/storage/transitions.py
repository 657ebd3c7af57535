"""Every way a delivery may go. Nothing outside this module writes to the table: a test holds it.

docs/ledger.md draws the same table; a test compares the two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, or_, update

from newsletter.storage.database import insert_new
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.statements import Writer

REOPEN = ("too_few", "too_late")


@dataclass(frozen=True, slots=True)
class Transition:
    """``before`` is one of these states; ``reason`` is written, ``only`` are the reasons left."""

    before: tuple[str, ...]
    after: str
    reason: str | None = None
    only: tuple[str, ...] = ()


TRANSITIONS = {
    "reopen": Transition(("skipped",), "pending", only=REOPEN),
    "still too few": Transition(("skipped",), "skipped", "too_few", only=REOPEN),
    "still too late": Transition(("skipped",), "skipped", "too_late", only=REOPEN),
    "still cancelled": Transition(("skipped",), "skipped", "cancelled", only=REOPEN),
    "claim": Transition(("pending",), "sending"),
    "release": Transition(("sending",), "pending"),
    "accepted": Transition(("sending",), "sent"),
    "put off": Transition(("sending",), "pending"),
    "refused": Transition(("sending",), "failed", "refused"),
    "left": Transition(("sending",), "skipped", "unsubscribed"),
    "answer lost": Transition(("sending",), "unknown"),
    "lease over": Transition(("sending",), "unknown"),
    "found accepted": Transition(("sending",), "sent"),
    "never offered": Transition(("sending",), "pending"),
    "expire": Transition(("pending",), "failed", "expired"),
    "cancel": Transition(("pending", "sending"), "skipped", "cancelled"),
    "resolve as sent": Transition(("unknown",), "sent"),
    "resolve as pending": Transition(("unknown",), "pending"),
    "replayed as sent": Transition(("pending", "sending", "failed", "unknown", "skipped"), "sent"),
    "replayed as unknown": Transition(("pending", "sending", "failed", "skipped"), "unknown"),
}
"""By name. A row begins as ``pending``, or as ``skipped`` with a reason: see ``begin``."""

BEGINNINGS = (
    ("pending", None),
    ("skipped", "too_few"),
    ("skipped", "too_late"),
    ("skipped", "cancelled"),
)

MESSAGE_OF_A_DAY = and_(
    deliveries.c.subscriber_id == bindparam("reader"), deliveries.c.date == bindparam("day")
)
"""The row of a ``reader`` and a ``day``, for ``prepared``."""

_NOBODYS: dict[str, str | None] = {
    "owner": None,
    "boot": None,
    "lease_end": None,
    "lease_until": None,
}


def begin(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows that are not there yet; a row that is there stays as it is."""
    assert all((row["state"], row["reason"]) in BEGINNINGS for row in rows)
    insert_new(db, deliveries, rows)


def move(db: Connection, name: str, rows: ColumnElement[bool], **values: Any) -> int:
    """Take the transition ``name`` with those of ``rows`` that stand where it begins; how many.

    A row that is not on its way to a server is nobody's.
    """
    return db.execute(_statement(name, rows), [_written(name, values)]).rowcount


def prepared(name: str, rows: ColumnElement[bool]) -> "Prepared":
    """``move`` as a function of (connection, values to write and to bind in ``rows``).

    For what runs for every row. How many were moved is told for a single set of values.
    """
    write = Writer(_statement(name, rows))
    return lambda db, values: write(db, [_written(name, one) for one in values])


def _statement(name: str, rows: ColumnElement[bool]) -> Update:
    return update(deliveries).where(rows, *_begins(TRANSITIONS[name]))


def _written(name: str, values: dict[str, Any]) -> dict[str, Any]:
    assert "state" not in values
    assert "reason" not in values
    way = TRANSITIONS[name]
    nobodys = {} if way.after == "sending" else _NOBODYS
    return {**values, "state": way.after, "reason": way.reason, **nobodys}


Prepared = Callable[[Connection, Sequence[dict[str, Any]]], int]


def _begins(way: Transition) -> Iterator[ColumnElement[bool]]:
    """The rows that stand where ``way`` begins; no IN: a prepared statement is built once."""
    yield or_(*(deliveries.c.state == state for state in way.before))
    if way.only:
        yield or_(*(deliveries.c.reason == reason for reason in way.only))


def amend(db: Connection, rows: ColumnElement[bool], **values: Any) -> int:
    """Change what is no state (a lease, the next attempt) of rows that are open; how many."""
    assert not {"state", "reason"} & set(values)
    still = or_(deliveries.c.state == "pending", deliveries.c.state == "sending")
    return db.execute(update(deliveries).where(rows, still).values(**values)).rowcount
