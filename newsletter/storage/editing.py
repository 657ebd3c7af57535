"""What the editor did: a date's opening line and order, insights pinned, blocked, corrected.

Every act is a row and stays one; of each matter the latest holds. Composing reads what holds, so an
issue that was composed keeps what held then.
"""

from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from newsletter.domain.model import Editing
from newsletter.storage.schema import editing

Action = Literal["note", "pin", "unpin", "block", "unblock", "edit", "order"]

EVER = (1 << 31) - 1
"""Above the id of any act."""


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


def editing_of(db: Connection, day: date, until: int = EVER) -> Editing:
    """What holds for a date, by the acts up to ``until``."""
    return Editing(
        _words(db, "note", day, until),
        pinned(db, day, until),
        blocked(db, until),
        order(db, day, until),
    )


def latest(db: Connection, day: date) -> int:
    """The id of the newest act that bears on a date: it grows with each; 0 where there is none."""
    return db.scalar(select(func.max(editing.c.id)).where(_bears_on(day))) or 0


def newest(db: Connection, day: date) -> datetime | None:
    """When an act that bears on a date was done last."""
    at: datetime | None = db.scalar(select(func.max(editing.c.at)).where(_bears_on(day)))
    return at


def note(db: Connection, day: date) -> str:
    """The opening line of a date; empty where there is none."""
    return _words(db, "note", day, EVER)


def order(db: Connection, day: date, until: int = EVER) -> tuple[int, ...]:
    """The insights of a date that the editor put in order; none where they did not."""
    return tuple(map(int, _words(db, "order", day, until).split()))


def _words(db: Connection, action: Action, day: date, until: int) -> str:
    of_day = editing.c.action == action, editing.c.date == day, editing.c.id <= until
    query = select(editing.c.words).where(*of_day)
    return db.scalar(query.order_by(editing.c.id.desc()).limit(1)) or ""


def pinned(db: Connection, day: date, until: int = EVER) -> tuple[int, ...]:
    """The insights pinned for a date, in the order in which they were pinned."""
    return tuple(_held(db, _acts(until, "pin", "unpin").where(editing.c.date == day)))


def blocked(db: Connection, until: int = EVER) -> frozenset[int]:
    """The insights that are never picked."""
    return frozenset(blocked_lately(db, until))


def blocked_lately(db: Connection, until: int = EVER) -> list[int]:
    """The same, those blocked last first."""
    return list(_held(db, _acts(until, "block", "unblock")))[::-1]


def _held(db: Connection, acts: Select[Any]) -> dict[int, None]:
    """The insights of which the last act was not taken back, in the order of these acts."""
    held: dict[int, None] = {}
    for row in db.execute(acts):
        held.pop(row.insight_id, None)
        if row.action in ("pin", "block"):
            held[row.insight_id] = None
    return held


def _acts(until: int, *actions: Action) -> Select[Any]:
    wanted = editing.c.action.in_(actions), editing.c.id <= until
    return select(editing.c.action, editing.c.insight_id).where(*wanted).order_by(editing.c.id)


def corrections(db: Connection, until: int = EVER) -> dict[int, str]:
    """The words that are shown in place of an insight's own, by its id."""
    columns = select(editing.c.insight_id, editing.c.words)
    query = columns.where(editing.c.action == "edit", editing.c.id <= until).order_by(editing.c.id)
    latest = {row.insight_id: row.words for row in db.execute(query)}
    return {insight_id: words for insight_id, words in latest.items() if words}


def changes(db: Connection, insight_id: int) -> list[Change]:
    """All that was done to an insight, the first first."""
    query = select(*_COLUMNS).where(editing.c.insight_id == insight_id).order_by(editing.c.id)
    return [Change(*row) for row in db.execute(query)]


def recent(db: Connection, day: date, most: int) -> list[Change]:
    """The newest acts that bear on a date, the newest first."""
    query = select(*_COLUMNS).where(_bears_on(day)).order_by(editing.c.id.desc())
    return [Change(*row) for row in db.execute(query.limit(most))]


def _bears_on(day: date) -> ColumnElement[bool]:
    return or_(editing.c.date == day, editing.c.date.is_(None))


_COLUMNS = tuple(editing.c[name] for name in ("at", "who", "action", "insight_id", "date", "words"))
