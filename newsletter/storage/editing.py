"""What the editor did: an opening line for a date, insights pinned, blocked and corrected.

Every act is a row and stays one; of each matter the latest holds. Composing reads what holds, so an
issue that was composed keeps what held then.
"""

from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, select

from newsletter.domain.model import Editing
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import editing

Action = Literal["note", "pin", "unpin", "block", "unblock", "edit"]


@dataclass(frozen=True, slots=True)
class Change:
    """One act. ``words`` are a note or a correction; empty ones take back what was there."""

    at: datetime
    who: str
    action: Action
    insight_id: int | None = None
    day: date | None = None
    words: str = ""


def record(db: Connection, change: Change) -> None:
    values = zip(_COLUMNS, astuple(change), strict=True)
    db.execute(editing.insert().values(dict(values)))


def editing_of(db: Connection, day: date) -> Editing:
    """What holds for a date."""
    return Editing(note(db, day), pinned(db, day), blocked(db))


def note(db: Connection, day: date) -> str:
    """The opening line of a date; empty where there is none."""
    query = select(editing.c.words).where(editing.c.action == "note", editing.c.date == day)
    return db.scalar(query.order_by(editing.c.id.desc()).limit(1)) or ""


def pinned(db: Connection, day: date) -> tuple[int, ...]:
    """The insights pinned for a date, in the order in which they were pinned."""
    query = _acts("pin", "unpin").where(editing.c.date == day)
    held: dict[int, None] = {}
    for row in db.execute(query):
        held.pop(row.insight_id, None)
        if row.action == "pin":
            held[row.insight_id] = None
    return tuple(held)


def blocked(db: Connection) -> frozenset[int]:
    """The insights that are never picked."""
    latest = {row.insight_id: row.action for row in db.execute(_acts("block", "unblock"))}
    return frozenset(each for each, action in latest.items() if action == "block")


def _acts(*actions: Action) -> Select[Any]:
    columns = editing.c.action, editing.c.insight_id
    return select(*columns).where(editing.c.action.in_(actions)).order_by(editing.c.id)


def corrections(db: Connection) -> dict[int, str]:
    """The words that are shown in place of an insight's own, by its id."""
    columns = select(editing.c.insight_id, editing.c.words)
    query = columns.where(editing.c.action == "edit").order_by(editing.c.id)
    latest = {row.insight_id: row.words for row in db.execute(query)}
    return {insight_id: words for insight_id, words in latest.items() if words}


def composed(db: Connection, day: date) -> int:
    """How many readers' issues of a date are composed: they keep what held then."""
    query = select(func.count()).where(deliveries.c.date == day, deliveries.c.issue_id.is_not(None))
    return db.scalar(query) or 0


def changes(db: Connection, insight_id: int) -> list[Change]:
    """All that was done to an insight, the first first."""
    query = select(*_COLUMNS).where(editing.c.insight_id == insight_id).order_by(editing.c.id)
    return [Change(*row) for row in db.execute(query)]


_COLUMNS = tuple(editing.c[name] for name in ("at", "who", "action", "insight_id", "date", "words"))
