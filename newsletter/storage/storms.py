"""Bounce storms: so much of one date's issue came back that sending on would cost the good name."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from newsletter.storage.returns import PROVED
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import mark, returned
from newsletter.storage.sets import insert_new

_STORM = "storm "
_KEPT = timedelta(days=60)
_OFFERED = or_(
    deliveries.c.state == "sent",
    and_(deliveries.c.state == "failed", deliveries.c.reason == "refused"),
)


class Storm(NamedTuple):
    """Of the issue of ``day``, to ``domain`` ("" for all together): how many came back."""

    day: date
    domain: str
    bounced: int
    offered: int


def measure(db: Connection, day: date, domain: str, every: int) -> Iterator[Storm]:
    """All of a date's issue, and those to a domain, at each so many that came back: what was sent
    takes longer to count."""
    for name in dict.fromkeys(("", domain)):
        back = [returned.c.date == day, returned.c.kind == "bounce", PROVED]
        back += [returned.c.domain == name] if name else []
        query = select(func.count(returned.c.delivery_id.distinct())).where(*back)
        bounced = int(db.scalar(query) or 0)
        if bounced and bounced % every == 0:
            # One that is being refused is not settled yet.
            yield Storm(day, name, bounced, max(_offered(db, day, name), bounced))


def _offered(db: Connection, day: date, domain: str) -> int:
    there = [deliveries.c.date == day, _OFFERED]
    there += [deliveries.c.domain == domain] if domain else []
    return int(db.scalar(select(func.count()).select_from(deliveries).where(*there)) or 0)


def note(db: Connection, storm: Storm, now: datetime) -> bool:
    """Whether it is new: the operator who resumes after a storm is not stopped by it again."""
    db.execute(mark.delete().where(_STORMS, mark.c.at < now - _KEPT))
    name = f"{_STORM}{storm.day} {storm.domain}"
    if db.scalar(select(mark.c.name).where(mark.c.name == name)):
        return False
    insert_new(db, mark, [{"name": name, "at": now, "boot": "", "seconds": 0.0}])
    return True


def since(db: Connection, instant: datetime) -> Sequence[Storm]:
    """The storms noted since then, by what is known now."""
    names = db.scalars(
        select(mark.c.name).where(_STORMS, mark.c.at >= instant).order_by(mark.c.name)
    ).all()
    storms = []
    for name in names:
        day, _, domain = name.removeprefix(_STORM).partition(" ")
        about = date.fromisoformat(day)
        storms += [storm for storm in measure(db, about, domain, 1) if storm.domain == domain]
    return storms


_STORMS = mark.c.name.startswith(_STORM, autoescape=True)
