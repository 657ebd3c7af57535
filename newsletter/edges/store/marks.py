"""What is so, and since when: a scheduler works, the operator was told."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from newsletter.edges.store.database import insert_new
from newsletter.edges.store.ledger import Steady
from newsletter.edges.store.schema import mark

SCHEDULER = "scheduler "
_ALIVE = timedelta(minutes=3)


def put(db: Connection, name: str, now: datetime, steady: Steady) -> None:
    """Set it anew."""
    remove(db, name)
    db.execute(mark.insert().values(name=name, at=now, boot=steady.boot, seconds=steady.seconds))


def remove(db: Connection, name: str) -> None:
    db.execute(mark.delete().where(mark.c.name == name))


def first(db: Connection, name: str, now: datetime) -> bool:
    """Set it unless it stands; whether it did not."""
    before = db.scalar(select(func.count()).where(mark.c.name == name))
    insert_new(db, mark, [{"name": name, "at": now, "boot": "", "seconds": 0.0}])
    return not before


def schedulers(db: Connection, now: datetime, steady: Steady) -> Sequence[str]:
    """Who says that they run the schedule, of those heard of within three minutes."""
    here = and_(
        mark.c.boot == steady.boot, mark.c.seconds > steady.seconds - _ALIVE.total_seconds()
    )
    elsewhere = and_(mark.c.boot != steady.boot, mark.c.at > now - _ALIVE)
    names = select(mark.c.name).where(
        mark.c.name.startswith(SCHEDULER, autoescape=True), or_(here, elsewhere)
    )
    return [name.removeprefix(SCHEDULER) for name in db.scalars(names)]
