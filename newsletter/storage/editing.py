"""What the editor did: a date's opening line and order, insights pinned, blocked, corrected.

Every act is a row and stays one; of each matter the latest holds. Composing reads what holds, so an
issue that was composed keeps what held then.
"""

from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, or_, select

from newsletter.domain.model import Editing
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import editing

Action = Literal["note", "pin", "unpin", "block", "unblock", "edit", "order"]


@dataclass(frozen=True, slots=True)
class Change:
    """One act. ``words`` are a note, a correction or the ids of an order; empty ones take back what
    was there."""

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
    return Editing(note(db, day), pinned(db, day), blocked(db), order(db, day))


def latest(db: Connection, day: date) -> int:
    """The id of the newest act that bears on a date: it grows with each; 0 where there is none."""
    of_day = or_(editing.c.date == day, editing.c.date.is_(None))
    return db.scalar(select(func.max(editing.c.id)).where(of_day)) or 0


def note(db: Connection, day: date) -> str:
    """The opening line of a date; empty where there is none."""
    return _words(db, "note", day)


def order(db: Connection, day: date) -> tuple[int, ...]:
    """The insights of a date that the editor put in order; none where they did not."""
    return tuple(map(int, _words(db, "order", day).split()))


def _words(db: Connection, action: Action, day: date) -> str:
    query = select(editing.c.words).where(editing.c.action == action, editing.c.date == day)
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
