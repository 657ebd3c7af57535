"""A page of readers, found without reading all of them.

A page walks along one index and looks at ``WINDOW`` rows at most. What the index cannot answer is
asked of each of those rows, so a page may hold few readers, or nobody, and still have a next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    RowMapping,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    select,
    true,
    tuple_,
)

from newsletter.domain.model import Subscriber
from newsletter.storage.schema import DomainOf
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.subscribers import subscriber

WINDOW = 1_000
By = Literal["address", "name", "domain"]
Place = tuple[str | int | datetime, ...]
"""Where in its walk a page ended."""
_AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Search:
    """``text`` is the beginning of what ``by`` names, in its normal form; "" is everybody.

    ``waits_since``: a delivery of that date or a later one waits. ``nothing_since``: active since
    before that date, and sent nothing from it on.
    """

    text: str = ""
    by: By = "address"
    state: str = ""
    timezone: str = ""
    waits_since: date | None = None
    nothing_since: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """``end`` is where the walk stopped; None where there is nobody after it."""

    readers: Sequence[Subscriber]
    end: Place | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along ``order``, whose index begins with the columns that ``where`` is about."""

    order: tuple[ColumnElement[Any], ...]
    where: ColumnElement[bool]
    descending: bool = False
    rows: FromClause = subscribers

    def looked_at(self, columns: Sequence[Any], after: Place | None) -> Select[Any]:
        query = select(*columns).select_from(self.rows).where(self.where)
        if after is not None:
            pairs = zip(self.order, after, strict=True)
            here, there = tuple_(*self.order), tuple_(*(literal(v, c.type) for c, v in pairs))
            query = query.where(here < there if self.descending else here > there)
        return query.order_by(*self._in_order(self.order))

    def _in_order(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        return [column.desc() for column in columns] if self.descending else list(columns)


def kind(search: Search) -> Any:
    """The type of a place in this search."""
    if not search.text:
        return tuple[datetime, int] if search.waits_since else tuple[int]
    return tuple[str] if search.by == "address" else tuple[str, int]


def page(db: Connection, search: Search, after: Place | None, most: int) -> Found:
    walk = _walk(search)
    places = [column.label(f"place_{number}") for number, column in enumerate(walk.order)]
    looked = walk.looked_at([subscribers, *places], after).limit(WINDOW).subquery()
    rows = db.execute(select(looked).where(_rest(search, looked)).limit(most)).all()
    end = _place(rows[-1], walk) if len(rows) == most else _end(db, walk, after)
    return Found([subscriber(row) for row in rows], end)


def _end(db: Connection, walk: _Walk, after: Place | None) -> Place | None:
    """The last that was looked at, where there are more."""
    query = walk.looked_at(walk.order, after).offset(WINDOW - 1).limit(1)
    row = db.execute(query).one_or_none()
    return tuple(row) if row else None


def _place(row: Row[Any], walk: _Walk) -> Place:
    return tuple(getattr(row, f"place_{number}") for number in range(len(walk.order)))


def _walk(search: Search) -> _Walk:
    """By the index that leaves the fewest to look at, as far as one knows without looking."""
    number = subscribers.c.id
    if search.text:
        return _by_text(search)
    if search.waits_since:
        return _WAITING
    if search.state and not (search.timezone and search.state == "active"):
        return _Walk((number,), subscribers.c.state == search.state, descending=True)
    if search.timezone:
        return _Walk((number,), subscribers.c.timezone == search.timezone, descending=True)
    return _Walk((number,), true(), descending=True)


def _by_text(search: Search) -> _Walk:
    key, name, number = subscribers.c.key, subscribers.c.name, subscribers.c.id
    if search.by == "address":
        return _Walk((key,), _begins(key, search.text))
    column = DomainOf(key) if search.by == "domain" else func.lower(name, type_=name.type)
    return _Walk((column, number), _begins(column, search.text))


def _begins(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return and_(column >= text, column < text + _AFTER_ALL)


_WAITING = _Walk(
    (deliveries.c.next_attempt_at, deliveries.c.id),
    deliveries.c.state == "pending",
    rows=deliveries.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id),
)
"""Who waits longest comes first."""


def _rest(search: Search, looked: FromClause) -> ColumnElement[bool]:
    """What is asked of each row; of who was erased nothing is left to show."""
    asked = [looked.c.address != ""]
    if search.state:
        asked.append(looked.c.state == search.state)
    if search.timezone:
        asked.append(looked.c.timezone == search.timezone)
    if search.waits_since:
        waits = _one_of_theirs(looked, search.waits_since, "pending")
        # Who waits for two dates is met twice on that walk, and shown once.
        asked.append(waits.is_not(None) if search.text else waits == looked.c.place_1)
    if search.nothing_since:
        sent = _one_of_theirs(looked, search.nothing_since, "sent")
        joined = looked.c.activated_at < datetime.combine(search.nothing_since, time(), UTC)
        asked += [looked.c.state == "active", joined, sent.is_(None)]
    return and_(*asked)


def _one_of_theirs(looked: FromClause, since: date, state: str) -> ScalarSelect[int]:
    """Asked reader by reader: for an EXISTS PostgreSQL may read everybody's of those dates."""
    mine = deliveries.alias()
    theirs = and_(mine.c.subscriber_id == looked.c.id, mine.c.date >= since, mine.c.state == state)
    first = select(mine.c.id).where(theirs).order_by(mine.c.id).limit(1)
    return first.correlate(looked).scalar_subquery()


def latest(db: Connection, ids: Sequence[int], since: date) -> Mapping[int, RowMapping]:
    """By reader (some dozen) the newest delivery of a date from ``since`` on: (date, state, reason,
    next_attempt_at)."""
    names = "subscriber_id", "date", "state", "reason", "next_attempt_at"
    columns = [deliveries.c[name] for name in names]
    theirs = and_(deliveries.c.subscriber_id.in_(ids), deliveries.c.date >= since)
    query = select(*columns).where(theirs).order_by(deliveries.c.date)
    return {row["subscriber_id"]: row for row in db.execute(query).mappings()}
