"""All that is kept about one reader, and erasing it.

Every table that names a subscriber is read and emptied without being named here: what is added one
day is neither kept back from its reader nor left behind. Only the ledger keeps its rows, for
counts, without what tells whose they were.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from newsletter.domain.weekdays import EVERY_DAY
from newsletter.storage import api_answers, transitions
from newsletter.storage.database import chunks
from newsletter.storage.journal_lines import Change
from newsletter.storage.places import note
from newsletter.storage.schema import audit, delivery, insight, metadata, pick
from newsletter.storage.schema import subscriber as subscribers

ERASED = "erased"
"""The state of a journal's record, and the reason that the row of who was erased has."""

_COMPLAINED = "complained"
_SUBSCRIBER = "subscriber %d"
_OF_THE_MACHINE = {"owner", "boot", "lease_end", "lease_until"}
_NOBODY: Mapping[str, Any] = {
    **dict.fromkeys(("address", "name", "interests", "language"), ""),
    "timezone": "UTC",
    "hour": 0,
    "weekdays": EVERY_DAY,
    "paused_until": None,
    "frequency": "daily",
    "schedule_changed_at": None,
    "heard_at": None,
    "state": "unsubscribed",
    "state_reason": ERASED,
}


def kept(db: Connection, subscriber_id: int) -> dict[str, Any]:
    """Their row, and by the name of each table the rows that are about them."""
    row = db.execute(select(subscribers).where(subscribers.c.id == subscriber_id)).mappings().one()
    about: dict[str, Any] = {"subscriber": dict(row)}
    for table, mine in _tables(subscriber_id):
        columns = [column for column in table.c if column.name not in _OF_THE_MACHINE]
        rows = db.execute(select(*columns).where(mine)).mappings().all()
        about[table.name] = [dict(row) for row in rows]
    texts = picks_of(db, {row["issue_id"] for row in about["delivery"]} - {None})
    for row in about["delivery"]:
        row["picks"] = texts.get(row["issue_id"], [])
    return about


def picks_of(db: Connection, issue_ids: set[int]) -> dict[int, list[dict[str, Any]]]:
    """By issue what it holds: (rank, insight, text)."""
    columns = pick.c.issue_id, pick.c.rank, insight.c.id, insight.c.text
    query = select(*columns).join(insight, insight.c.id == pick.c.insight_id)
    picks_by_issue: dict[int, list[dict[str, Any]]] = {}
    for batch in chunks(sorted(issue_ids)):
        rows = db.execute(query.where(pick.c.issue_id.in_(batch)).order_by(*columns[:2]))
        for issue_id, rank, number, text in rows:
            picks_by_issue.setdefault(issue_id, []).append(
                {"rank": rank, "insight": number, "text": text}
            )
    return picks_by_issue


def erase(db: Connection, subscriber_id: int, hashed: str, now: datetime) -> None:
    """Their row stays, as a number with ``hashed`` in the place of its key (see ``erased_among``).

    That they complained stays with it. The journal says so to a backup that is put back one day.
    """
    complained = empty(db, subscriber_id, hashed, now)
    why = _COMPLAINED if complained else ""
    note(db, Change(hashed, ERASED, now, why, reader=subscriber_id))


def empty(db: Connection, subscriber_id: int, hashed: str, at: datetime, why: str = "") -> bool:
    """The same, for who replays the journal: whether the reader had complained."""
    for table, mine in reversed(list(_tables(subscriber_id))):
        if table is not delivery:
            db.execute(delete(table).where(mine))
    transitions.forget(db, subscriber_id, at)
    mine = subscribers.c.id == subscriber_id
    names = db.execute(select(subscribers.c.address, subscribers.c.key).where(mine)).one()
    in_any_case = func.lower(audit.c.about).in_([name.lower() for name in names])
    named = audit.c.about.in_(names) | in_any_case
    db.execute(update(audit).where(named).values(about=_SUBSCRIBER % subscriber_id))
    api_answers.forget_about(db, names)
    # Who came back and is erased again has two rows: one hash is enough.
    same = subscribers.c.key == hashed, subscribers.c.id != subscriber_id
    earlier_row = db.execute(
        select(subscribers.c.id, subscribers.c.state).where(*same)
    ).one_or_none()
    if earlier_row is not None:
        db.execute(update(subscribers).where(*same).values(key=f"{hashed}.{earlier_row.id}"))
    states = [
        db.scalar(select(subscribers.c.state).where(mine)),
        earlier_row and earlier_row.state,
        why,
    ]
    complained = _COMPLAINED in states
    values = {**_NOBODY, "key": hashed, "activated_at": at, "state_changed_at": at}
    if complained:
        values["state"] = _COMPLAINED
    db.execute(update(subscribers).where(mine).values(values))
    return complained


def complained_before(db: Connection, hashed: str) -> bool:
    """Whether the reader who was erased had complained, or did so later: they get no mail again,
    whoever asks for it."""
    return db.scalar(select(subscribers.c.state).where(subscribers.c.key == hashed)) == _COMPLAINED


def erased_among(db: Connection, hashed: Sequence[str]) -> set[str]:
    """Those of ``hashed`` whose readers were erased and never came back with another row."""
    return {
        key
        for batch in chunks(hashed)
        for key in db.scalars(select(subscribers.c.key).where(subscribers.c.key.in_(batch)))
    }


def _tables(subscriber_id: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Each table that names a subscriber, or a row of such a table, and which of its rows are
    theirs; what refers to others comes after them."""
    named = [table for table in metadata.sorted_tables if "subscriber_id" in table.c]
    for table in metadata.sorted_tables:
        if table in named:
            yield table, table.c.subscriber_id == subscriber_id
            continue
        for key in table.foreign_keys:
            if key.column.table in named:
                owner = key.column.table
                theirs = select(key.column).where(owner.c.subscriber_id == subscriber_id)
                yield table, key.parent.in_(theirs)
