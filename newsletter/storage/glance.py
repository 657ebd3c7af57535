"""What the desk shows of a day at a glance: by an index, or grouped in the database."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, or_, select

from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import cancelled
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import file as files
from newsletter.storage.schema import mention as mentions
from newsletter.storage.schema import subscriber as subscribers


class Waiting(NamedTuple):
    """``later``: they are not tried before ``first_try``."""

    domain: str
    later: bool
    rows: int
    first_try: datetime


class Due(NamedTuple):
    """How many readers of a place read on these weekdays: one count for each date asked for."""

    timezone: str
    hour: int
    weekdays: int
    counts: tuple[int, ...]


class CameIn(NamedTuple):
    """The briefs first seen on a day, and their insights; ``files`` were read since it began."""

    briefs: int
    insights: int
    files: int
    rejected: int


def waiting(db: Connection, now: datetime) -> Sequence[Waiting]:
    """The pending rows of any date; read in the index alone."""
    later = case((deliveries.c.next_attempt_at > now, 1), else_=0)
    query = (
        select(deliveries.c.domain, later, func.count(), func.min(deliveries.c.next_attempt_at))
        .where(deliveries.c.state == "pending")
        .group_by(deliveries.c.domain, later)
    )
    return [Waiting(domain, bool(flag), *rest) for domain, flag, *rest in db.execute(query)]


def held(db: Connection, now: datetime) -> dict[str, tuple[int, datetime]]:
    """By domain, how many wait for approval, and when the first of them is sent anyway."""
    tried = deliveries.c.next_attempt_at
    waits = deliveries.c.held.is_not(None), tried > now
    columns = deliveries.c.domain, func.count(), func.min(tried)
    query = select(*columns).where(*waits).group_by(deliveries.c.domain)
    return {domain: (count, first) for domain, count, first in db.execute(query)}


def due(db: Connection, days: Sequence[date]) -> Sequence[Due]:
    """All active readers, in groups; those who pause over a date are not counted for it."""
    group = subscribers.c.timezone, subscribers.c.hour, subscribers.c.weekdays
    pause = subscribers.c.paused_until
    counts = [func.sum(case((or_(pause.is_(None), pause <= day), 1), else_=0)) for day in days]
    query = select(*group, *counts).where(subscribers.c.state == "active").group_by(*group)
    return [
        Due(zone, hour, on, tuple(map(int, rest))) for zone, hour, on, *rest in db.execute(query)
    ]


def cancelled_from(db: Connection, day: date) -> list[date]:
    """The cancelled dates from ``day`` on."""
    query = select(cancelled.c.date).where(cancelled.c.date >= day)
    return list(db.scalars(query.order_by(cancelled.c.date)))


def came_in(db: Connection, day: date, since: datetime) -> CameIn:
    """``since`` is when the day began."""
    new = _first_new(db, day)
    read = files.c.seen_at >= since
    reason = func.max(files.c.reason).label("reason")  # of a file with several episodes once
    each = select(reason).where(read).group_by(files.c.source, files.c.path).subquery()
    file_counts = select(func.count(), func.count(each.c.reason)).select_from(each)
    return CameIn(
        int(db.scalar(select(func.count()).where(briefs.c.id > new)) or 0),
        int(db.scalar(select(func.count()).where(mentions.c.brief_id > new)) or 0),
        *db.execute(file_counts).one(),
    )


def new_briefs(db: Connection, day: date, most: int) -> Sequence[dict[str, Any]]:
    """(podcast, episode, title, insights, source, path) of the newest that were first seen on that
    day."""
    count = select(func.count()).where(mentions.c.brief_id == briefs.c.id).scalar_subquery()
    place = select(func.min(files.c.source)).where(files.c.brief_id == briefs.c.id)
    path = select(func.min(files.c.path)).where(files.c.brief_id == briefs.c.id)
    query = (
        select(
            briefs.c.podcast,
            briefs.c.episode,
            briefs.c.title,
            count.label("insights"),
            place.scalar_subquery().label("source"),
            path.scalar_subquery().label("path"),
        )
        .where(briefs.c.id > _first_new(db, day))
        .order_by(briefs.c.id.desc())
        .limit(most)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def _first_new(db: Connection, day: date) -> int:
    """The last brief before that day. Ids grow with time: nothing older need be looked at."""
    older = select(briefs.c.id).where(briefs.c.first_seen < day)
    return db.scalar(older.order_by(briefs.c.id.desc()).limit(1)) or 0
