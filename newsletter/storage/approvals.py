"""Issues that wait for the operator's approval, and the dates that were approved.

A delivery waits while it is ``held``: it is pending, is not tried before its readers get it anyway,
and knows the newest of the editor's acts that its issue heeds. An approval is for a date, and names
the newest act that its issues must heed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from newsletter.domain.states import Transition
from newsletter.storage import editing, sets, transitions
from newsletter.storage.schema import approval as approvals
from newsletter.storage.schema import delivery as deliveries

_HELD = deliveries.c.held.is_not(None)


@dataclass(frozen=True, slots=True)
class Approval:
    """``acts`` is the newest of the editor's acts that the approved issues heed."""

    date: date
    at: datetime
    who: str
    acts: int


@dataclass(frozen=True, slots=True)
class Held:
    """A date's readers who wait for its approval; they are sent it anyway from ``first`` to
    ``last``."""

    date: date
    readers: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery that is held, and locked by this transaction."""

    id: int
    subscriber_id: int


def approve(db: Connection, day: date, who: str, now: datetime) -> Approval:
    """With all that the editor did up to now. The first approval of a date stays."""
    values = {"date": day, "at": now, "who": who, "acts": editing.latest(db, day)}
    sets.insert_new(db, approvals, [values])
    approved = find(db, day)
    assert approved is not None
    return approved


def find(db: Connection, day: date) -> Approval | None:
    query = select(*_APPROVAL).where(approvals.c.date == day)
    row = db.execute(query).one_or_none()
    return Approval(*row) if row else None


_APPROVAL = tuple(approvals.c[name] for name in ("date", "at", "who", "acts"))


def days(db: Connection) -> list[date]:
    """The dates of which something is held."""
    return list(db.scalars(select(deliveries.c.date).where(_HELD).distinct().order_by("date")))


def held(db: Connection, day: date) -> Held | None:
    """What is held of a date; None where nothing is."""
    tried = deliveries.c.next_attempt_at
    query = select(func.count(), func.min(tried), func.max(tried))
    readers, first, last = db.execute(query.where(_HELD, deliveries.c.date == day)).one()
    return Held(day, readers, first, last) if readers else None


def is_held(db: Connection, day: date) -> bool:
    query = select(deliveries.c.id).where(_HELD, deliveries.c.date == day)
    return db.execute(query.limit(1)).first() is not None


def needed(db: Connection, day: date) -> int:
    """The newest act that a date's issues must heed: those after its approval come too late."""
    approved = find(db, day)
    return approved.acts if approved else editing.latest(db, day)


def settled(db: Connection, day: date) -> int:
    """How many readers' issues of a date keep what they hold, whatever the editor does."""
    query = select(func.count()).where(deliveries.c.date == day, deliveries.c.issue_id.is_not(None))
    return db.scalar(query.where(true() if find(db, day) else ~_HELD)) or 0


def outdated(
    db: Connection,
    day: date,
    acts: int,
    only: Sequence[int] | None = None,
    between: tuple[int, int] | None = None,
) -> list[int]:
    """The ids of the readers whose issue is held and does not heed all these acts; of those
    ``only``, or ``between`` two ids."""
    mine = deliveries.c.subscriber_id
    query = select(mine).where(_old(day, acts))
    query = query.where(mine.in_(only) if only is not None else true())
    query = query.where(mine.between(*between) if between else true())
    return sorted(db.scalars(query))


def is_outdated(db: Connection, day: date, reader: int | None) -> bool:
    """Whether the issue of this reader, or the house issue, is to be composed anew."""
    query = select(deliveries.c.id).where(_old(day, needed(db, day)))
    mine = true() if reader is None else deliveries.c.subscriber_id == reader
    return db.execute(query.where(mine).limit(1)).first() is not None


def shares(db: Connection, day: date, acts: int, width: int) -> set[int]:
    """The numbers of the ranges of ``width`` ids in which somebody's issue is ``outdated``."""
    number = deliveries.c.subscriber_id // width
    return set(db.scalars(select(number).where(_old(day, acts)).distinct()))


def _old(day: date, acts: int) -> ColumnElement[bool]:
    return and_(_HELD, deliveries.c.date == day, deliveries.c.held < acts)


def take_back(db: Connection, day: date, acts: int, readers: Sequence[int]) -> list[Row]:
    """Those of a few hundred readers whose issue is ``outdated``: they have none for the moment.

    What a sender takes at this moment is passed over, and what is taken here is kept from senders.
    """
    query = select(deliveries.c.id, deliveries.c.subscriber_id).where(
        _old(day, acts), deliveries.c.subscriber_id.in_(readers)
    )
    rows = [Row(*row) for row in db.execute(query.with_for_update())]
    transitions.amend(db, _with_ids([row.id for row in rows]), issue_id=None)
    return rows


def give(db: Connection, issue_ids: Mapping[int, int], acts: int | None, now: datetime) -> None:
    """The rows by their id, each with its new issue. ``acts`` are those it heeds, where it is held
    still; None: it is sent when it is due."""
    rows: dict[int, list[int]] = {}
    for row_id, issue_id in issue_ids.items():
        rows.setdefault(issue_id, []).append(row_id)
    waits = {} if acts is not None else {"next_attempt_at": deliveries.c.due_at}
    for issue_id, row_ids in rows.items():
        values = {"issue_id": issue_id, "held": acts, "changed_at": now, **waits}
        transitions.amend(db, _with_ids(row_ids), **values)


def skip(db: Connection, row_ids: Sequence[int], now: datetime) -> None:
    """Too little is left for them by what the editor did."""
    if row_ids:
        transitions.move(db, Transition.TOO_FEW_LEFT, _with_ids(row_ids), changed_at=now)


def release(db: Connection, day: date, acts: int, most: int) -> int:
    """Up to ``most`` of an approved date's rows that heed all these acts wait for their hour alone;
    how many."""
    fresh = _HELD, deliveries.c.date == day, deliveries.c.held >= acts
    ids = select(deliveries.c.id).where(*fresh).limit(most)
    rows = deliveries.c.id.in_(ids)
    return transitions.amend(db, rows, held=None, next_attempt_at=deliveries.c.due_at)


def _with_ids(ids: Sequence[int]) -> ColumnElement[bool]:
    return deliveries.c.id.in_(ids)
