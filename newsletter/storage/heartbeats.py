"""Heartbeats of schedulers, and marks of what the operator was told or shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from newsletter.storage.leases import Steady
from newsletter.storage.schema import mark

_SCHEDULER = "scheduler "
_TOLD = "told "
_SHOWN = "shown unknown"
_ALIVE = timedelta(minutes=3)
_LONGEST = timedelta(days=2)
_KEPT = timedelta(days=7)


def beat(db: Connection, owner: str, now: datetime, steady: Steady) -> None:
    """``owner`` runs the schedule. Schedulers without a heartbeat for three minutes are dropped."""
    stop(db, owner)
    db.execute(mark.delete().where(_schedulers(), not_(_alive(now, steady))))
    values = {"at": now, "boot": steady.boot, "seconds": steady.seconds}
    db.execute(mark.insert().values(name=f"{_SCHEDULER}{owner}", **values))


def stop(db: Connection, owner: str) -> None:
    """``owner`` no longer runs the schedule."""
    db.execute(mark.delete().where(mark.c.name == f"{_SCHEDULER}{owner}"))


def schedulers(db: Connection, now: datetime, steady: Steady) -> Sequence[str]:
    """The owners of running schedulers."""
    names = select(mark.c.name).where(_schedulers(), _alive(now, steady)).order_by(mark.c.name)
    return [name.removeprefix(_SCHEDULER) for name in db.scalars(names)]


def latest(db: Connection) -> datetime | None:
    """The last heartbeat of any scheduler; None where none runs, or it was ended properly."""
    at: datetime | None = db.scalar(select(func.max(mark.c.at)).where(_schedulers()))
    return at


def _schedulers() -> ColumnElement[bool]:
    return mark.c.name.startswith(_SCHEDULER, autoescape=True)


def _alive(now: datetime, steady: Steady) -> ColumnElement[bool]:
    here = and_(
        mark.c.boot == steady.boot, mark.c.seconds > steady.seconds - _ALIVE.total_seconds()
    )
    return or_(here, and_(mark.c.boot != steady.boot, mark.c.at > now - _ALIVE))


def was_told(db: Connection, cause: str, now: datetime) -> bool:
    """Whether the operator was told of ``cause`` and need not be told again yet.

    An instant further away than any midnight was written by a clock that ran ahead.
    """
    until = db.scalar(select(mark.c.at).where(mark.c.name == f"{_TOLD}{cause}"))
    return until is not None and now < until <= now + _LONGEST


def mark_told(db: Connection, cause: str, until: datetime) -> None:
    """The operator need not be told of ``cause`` again before ``until``."""
    marks = mark.c.name.startswith(_TOLD, autoescape=True)
    db.execute(mark.delete().where(marks, mark.c.at < until - _KEPT))  # dates that are over
    _set(db, f"{_TOLD}{cause}", until)


def show(db: Connection, now: datetime) -> None:
    """The operator was shown every delivery that was unknown at ``now``."""
    _set(db, _SHOWN, now)


def shown(db: Connection, now: datetime) -> datetime | None:
    """When that last happened; None for a future instant, written by a clock that ran ahead."""
    at = db.scalar(select(mark.c.at).where(mark.c.name == _SHOWN))
    return at if at is not None and at <= now else None


def _set(db: Connection, name: str, at: datetime) -> None:
    db.execute(mark.delete().where(mark.c.name == name))
    db.execute(mark.insert().values(name=name, at=at, boot="", seconds=0.0))
