"""When a reader's issue is due: local dates and hours, whatever the zone does to its clocks."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

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


def next_due(after: datetime, hour: int, timezone: str) -> datetime:
    """The first instant later than ``after`` at which an issue is due."""
    day = local_date(after, timezone)
    while (instant := due_at(day, hour, timezone)) <= after:
        day += _DAY
    return instant


def too_late(now: datetime, day: date, due: datetime, timezone: str, catch_up: timedelta) -> bool:
    """A machine that slept catches up for so long, and never for yesterday's issue."""
    return now >= due + catch_up or local_date(now, timezone) > day
