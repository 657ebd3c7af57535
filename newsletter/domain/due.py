"""When a reader's issue is due: local dates and hours, whatever the zone does to its clocks."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from newsletter.domain.model import Subscriber
from newsletter.domain.weekdays import EVERY_DAY, bit

_DAY = timedelta(days=1)

zone = cache(ZoneInfo)


def due_at(day: date, hour: int, timezone: str) -> datetime:
    """The instant, in UTC, at which this date's issue is due.

    An hour that exists twice means its first time (fold=0, PEP 495). One that a spring change skips
    is as long after midnight as on other days: the clock calls it an hour later.
    """
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone(timezone)).astimezone(UTC)


def local_date(now: datetime, timezone: str) -> date:
    return now.astimezone(zone(timezone)).date()


def gets_issue(day: date, weekdays: int = EVERY_DAY, paused_until: date | None = None) -> bool:
    """Whether the issue of this local date is for a reader with these weekdays and this pause.

    A pause ends with the date before ``paused_until``: that date's own issue comes. A weekly digest
    is for the one weekday of its reader.
    """
    return bool(weekdays & bit(day)) and (paused_until is None or day >= paused_until)


def next_due(
    after: datetime,
    hour: int,
    timezone: str,
    weekdays: int = EVERY_DAY,
    paused_until: date | None = None,
) -> datetime:
    """The first instant later than ``after`` at which an issue is due. ``weekdays`` names one."""
    day = max(local_date(after, timezone), paused_until or date.min)
    while (instant := due_at(day, hour, timezone)) <= after or not weekdays & bit(day):
        day += _DAY
    return instant


def next_due_of(
    reader: Subscriber, after: datetime, done: Collection[date] = frozenset()
) -> datetime:
    """``next_due`` by a reader's own hour, weekdays and pause, whatever their state, of a date that
    is not ``done``."""
    own = reader.hour, reader.timezone, reader.weekdays, reader.paused_until
    instant = next_due(after, *own)
    while local_date(instant, reader.timezone) in done:
        instant = next_due(instant, *own)
    return instant


def too_late(now: datetime, day: date, due: datetime, timezone: str, catch_up: timedelta) -> bool:
    """A machine that slept catches up for so long, and never for yesterday's issue."""
    return now >= due + catch_up or local_date(now, timezone) > day
