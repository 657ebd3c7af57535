"""The day at a glance: what came in, what goes out, who waits and why, what is due next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.domain.due import due_at, local_date, zone
from newsletter.domain.rate_limits import RateLimits
from newsletter.domain.warm_up import Quotas
from newsletter.domain.weekdays import bit
from newsletter.services.alerts import blamed, stormed
from newsletter.services.status import DayStatus
from newsletter.storage import (
    Connection,
    Store,
    deferred_domains,
    glance,
    reports,
    returns,
    warm_up,
)
from newsletter.storage.glance import CameIn, Waiting

_HOURS = 25
_DAY = timedelta(days=1)
_MOST_BRIEFS = 6
HELD = "to be approved"


@dataclass(frozen=True)
class Wait:
    """``count`` readers of ``domain`` wait for ``reason``; ``until`` is the soonest that one of
    them is tried, None where that is now."""

    reason: str
    domain: str
    count: int
    until: datetime | None


@dataclass(frozen=True)
class Hour:
    """``readers`` become due within the hour that begins then; ``off`` more would, but that date is
    cancelled."""

    begins: datetime
    readers: int
    off: int


@dataclass(frozen=True)
class Today:
    """``back`` is what came back today, (kind, done, count)."""

    now: datetime
    day: date
    status: DayStatus
    came_in: CameIn
    briefs: Sequence[Mapping[str, Any]]
    waits: Sequence[Wait]
    back: Sequence[tuple[str, str, int]]
    hours: Sequence[Hour]
    cancelled: Sequence[date]
    alarms: Sequence[str]

    def count(self, *states: str) -> int:
        """Deliveries of today in these states."""
        return sum(row["count"] for row in self.status.deliveries if row["state"] in states)

    @property
    def waiting(self) -> int:
        """Of any date."""
        return sum(wait.count for wait in self.waits)

    @property
    def came_back(self) -> Mapping[str, int]:
        """By kind; what proves nothing is left out."""
        kinds: Counter[str] = Counter()
        for kind, done, count in self.back:
            if done not in ("unproved", "forged"):
                kinds[kind] += count
        return kinds


def today(
    store: Store, now: datetime, timezone: str, status: DayStatus, limits: RateLimits
) -> Today:
    """``status`` is that of today."""
    day = local_date(now, timezone)
    midnight = due_at(day, 0, timezone)
    alarms = [text for text in (stormed(store, now), blamed(store, now)) if text]
    with store.reading() as db:
        return Today(
            now=now,
            day=day,
            status=status,
            came_in=glance.came_in(db, day, midnight),
            briefs=glance.new_briefs(db, day, _MOST_BRIEFS),
            waits=_waits(db, now, limits, paused=status.paused is not None),
            back=returns.counts(db, midnight, now),
            hours=_hours(db, now),
            cancelled=glance.cancelled_from(db, day - _DAY),
            alarms=alarms,
        )


def _waits(db: Connection, now: datetime, limits: RateLimits, *, paused: bool) -> list[Wait]:
    """Most readers first."""
    until = deferred_domains.until(db)
    spent = warm_up.quotas(db, limits.warm_ups, now)
    slow = {name for name, _, _ in reports.paced(db, now, limits)}
    held = glance.held(db, now)
    early = reports.next_composed(db, now) is not None
    waits = [Wait(HELD, domain, count, first) for domain, (count, first) in held.items()]
    waits += [
        Wait(
            _reason(row, spent, slow, held=row.domain in until, paused=paused, early=early),
            row.domain,
            rows,
            row.first_try if row.later else None,
        )
        for row in glance.waiting(db, now)
        if (rows := row.rows - (held[row.domain][0] if row.later and row.domain in held else 0))
    ]
    return sorted(waits, key=lambda wait: (-wait.count, wait.domain))


def _reason(
    row: Waiting, spent: Quotas, slow: set[str], *, held: bool, paused: bool, early: bool
) -> str:
    if row.later and held:
        return "its server asked to wait"
    if row.later:
        return "composed before the hour" if early else "refused for now, tried again"
    if paused:
        return "paused"
    if not spent.allow(row.domain):
        return "the warm-up's messages of today are sent"
    return "rate limit" if slow & {row.domain, ""} else "next in line"


def _hours(db: Connection, now: datetime) -> list[Hour]:
    """Who is due within a day from now, by the hour: parts of the first and of the last."""
    begin = now.replace(minute=0, second=0, microsecond=0)
    days = [begin.astimezone(UTC).date() + _DAY * more for more in range(-1, 4)]
    off = set(glance.cancelled_from(db, days[0]))
    there: Counter[datetime] = Counter()
    gone: Counter[datetime] = Counter()
    for group in glance.due(db, days):
        for day, count in zip(days, group.counts, strict=True):
            at = due_at(day, group.hour, group.timezone)
            if group.weekdays & bit(day) and now <= at < now + _DAY:
                hour = at.replace(minute=0, second=0, microsecond=0)
                (gone if day in off else there)[hour] += count
    hours = [begin + timedelta(hours=more) for more in range(_HOURS)]
    return [Hour(hour, there[hour], gone[hour]) for hour in hours]


def headline(shown: Today, timezone: str) -> tuple[str, str]:
    """How the day stands, in a word for its colour and in a sentence."""
    status, sent = shown.status, shown.count("sent")
    if status.paused:
        return "bad", f"Paused since {_clock(status.paused, timezone)}: nothing is sent."
    if status.cancelled:
        return "off", "Today’s issue is cancelled: nobody else gets it."
    if shown.waiting or shown.count("sending"):
        return "busy", _going_out(shown)
    if sent:
        return "good", f"{sent:,} sent, nobody waits.{_next(status, timezone)}"
    return "quiet", f"Nothing is composed yet today.{_next(status, timezone)}"


_TRIED = ("sent", "sending", "unknown", "failed")


def _going_out(shown: Today) -> str:
    """What waits for approval comes first, unless something is being sent just now."""
    held = sum(wait.count for wait in shown.waits if wait.reason == HELD)
    later = shown.waiting - held
    if not shown.count("sending") and all(wait.until for wait in shown.waits):
        parts = [f"{_wait(held, 'reader')} for approval"] if held else []
        parts += [f"{_wait(later, 'more' if held else 'reader')} until later"] if later else []
        return f"{'; '.join(parts)}."
    all_ = shown.count(*_TRIED) + shown.waiting
    but = f", {held:,} of them for approval" if held else ""
    return f"Going out: {shown.count('sent'):,} of {all_:,} sent, {_wait(shown.waiting)}{but}."


def _wait(count: int, whose: str = "") -> str:
    whose += "s" * (whose == "reader" and count != 1)
    return " ".join(filter(None, (f"{count:,}", whose, "waits" if count == 1 else "wait")))


def _next(status: DayStatus, timezone: str) -> str:
    if status.next_due is None:
        return ""
    return f" The next readers are due {_clock(status.next_due, timezone)}."


def _clock(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(zone(timezone)):%a %H:%M}"


def upcoming_cancelled(store: Store, day: date) -> Sequence[date]:
    """The cancelled dates that are not over everywhere."""
    with store.reading() as db:
        return glance.cancelled_from(db, day - _DAY)


def unresolved(store: Store) -> int:
    """How many deliveries of any date are unknown."""
    with store.reading() as db:
        return reports.unresolved(db)
