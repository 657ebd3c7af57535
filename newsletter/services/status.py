"""The status of a date: what came in, what went out, what did not and why, what is due next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newsletter.delivery.returned import described
from newsletter.domain.due import due_at, local_date
from newsletter.domain.rate_limits import RateLimits
from newsletter.domain.urls import without_password
from newsletter.services.approval import Waiting, waiting
from newsletter.services.clock import steady
from newsletter.storage import (
    Connection,
    Store,
    archive,
    feeds,
    leases,
    notices,
    operator_actions,
    reports,
    send_queue,
    storms,
    subscribers,
    sunset,
    warm_up,
)
from newsletter.storage.feeds import FollowedFeed

MOST_TROUBLES = 20
_TWO_DAYS = timedelta(days=2)

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class DayStatus:
    """``troubles`` holds one row more than MOST_TROUBLES where there are more; ``faulty_feeds`` are
    those that are read, though not all of what they answer is right; ``too_old`` counts the
    insights before the window that no issue held, where there are too few within it."""

    date: str
    inbox: str
    briefs: int
    insights: int
    mentions: int
    boilerplate: int
    rejected: Rows
    feeds: int
    failing_feeds: Rows
    faulty_feeds: Rows
    ended_feeds: Rows
    waiting_episodes: int
    subscribers: Mapping[str, int]
    candidates: int
    too_old: int
    deliveries: Rows
    troubles: Rows
    held_back: Rows
    paced: Rows
    warm_up: Rows
    leased: Mapping[str, Any]
    unknown: int
    notices: Rows
    unanswered: int
    storms: Sequence[str]
    paused: datetime | None
    cancelled: bool
    approvals: Sequence[Waiting]
    next_due: datetime | None


def day_status(
    store: Store,
    day: date,
    now: datetime,
    *,
    inbox: Path,
    window_days: int,
    minimum: int,
    limits: RateLimits,
) -> DayStatus:
    """``window_days`` are those whose insights are candidates; fewer than ``minimum`` make no
    issue."""
    first = _first(day, window_days)
    waits = waiting(store)
    with store.reading() as db:
        candidates = reports.candidate_count(db, first, day)
        totals, followed = archive.totals(db), feeds.followed(db)
        polled = [feed for feed in followed if not feed.ended]
        sending, lease_end = leases.leased(db, now, steady())
        return DayStatus(
            date=day.isoformat(),
            inbox=str(inbox),
            briefs=totals.briefs,
            insights=totals.insights,
            mentions=totals.mentions,
            boilerplate=totals.dropped,
            rejected=[dict(row) for row in archive.rejected(db)],
            feeds=len(followed),
            failing_feeds=[_failing(feed) for feed in polled if feed.failures],
            faulty_feeds=[_faulty(feed) for feed in polled if feed.reason and not feed.failures],
            ended_feeds=[_ended(feed) for feed in followed if feed.ended],
            waiting_episodes=feeds.waiting_count(db),
            subscribers=subscribers.counts(db),
            candidates=candidates,
            too_old=reports.too_old_count(db, first) if candidates < minimum else 0,
            deliveries=_outcomes(db, day),
            troubles=[dict(row) for row in reports.troubles(db, day, MOST_TROUBLES + 1)],
            held_back=_held_back(db, now),
            paced=_paced(db, now, limits),
            warm_up=warming(db, now, limits),
            leased={"count": sending, "until": lease_end},
            unknown=reports.unresolved(db),
            notices=_notices(db, now),
            unanswered=sunset.unanswered(db),
            storms=[described(storm) for storm in storms.since(db, now - _TWO_DAYS)],
            paused=send_queue.paused(db),
            cancelled=operator_actions.is_cancelled(db, day),
            approvals=waits,
            next_due=_next_due(db, now),
        )


def elsewhere(
    store: Store, today: date, now: datetime, since: datetime | None = None
) -> dict[date, dict[str, int]]:
    """The dates that are not ``today``, and it is where readers are: what became of their issues
    of it, by state, all told or ``since``."""
    with store.reading() as db:
        zones: dict[date, set[str]] = {}
        for timezone, _ in reports.places(db):
            zones.setdefault(local_date(now, timezone), set()).add(timezone)
        counts = {
            day: reports.outcomes_in(db, day, sorted(zones[day]), since)
            for day in sorted(zones.keys() - {today})
        }
    return {day: states for day, states in counts.items() if states}


def too_old_count(store: Store, day: date, window_days: int) -> int:
    """How many insights no issue held, and that of ``day`` cannot: they are older."""
    with store.reading() as db:
        return reports.too_old_count(db, _first(day, window_days))


def _first(day: date, window_days: int) -> date:
    return day - timedelta(days=window_days - 1)


def next_due(store: Store, now: datetime) -> datetime | None:
    """The instant, in UTC, at which the next reader without a row is due; skips cancelled dates."""
    with store.reading() as db:
        return _next_due(db, now)


def _next_due(db: Connection, now: datetime) -> datetime | None:
    # A week and the days around it: a digest comes on one weekday.
    near = [now.date() + timedelta(days=days) for days in range(-1, 9)]
    days = [day for day in near if not operator_actions.is_cancelled(db, day)]
    places = reports.places(db)
    instants = sorted(
        (due_at(day, place[1], place[0]), day, place) for day in days for place in places
    )
    composed = reports.next_composed(db, now)
    for due, day, place in instants:
        if composed and composed <= due:
            break
        if due > now and reports.is_waited_for(db, day, place):
            return due
    return composed


def _outcomes(db: Connection, day: date) -> Rows:
    return [
        {"state": state, "reason": reason, "count": count}
        for state, reason, count in reports.outcomes(db, day)
    ]


def warming(db: Connection, now: datetime, limits: RateLimits) -> Rows:
    """Where the warm-up of each group stands today; none of those that are over."""
    today = now.astimezone(UTC).date()
    sent = warm_up.sent(db, today)
    return [
        {
            "destinations": group.name,
            "day": (today - group.start).days + 1,
            "days": len(group.a_day),
            "limit": limit,
            "sent": sent.get(group.name, 0),
        }
        for group in limits.warm_ups
        if (limit := group.limit(today)) is not None
    ]


def _notices(db: Connection, now: datetime) -> Rows:
    """Those that wait, and of the last two days those that are over."""
    return [
        {"purpose": purpose, "state": state, "count": count}
        for purpose, state, count in notices.counts(db, now - _TWO_DAYS)
    ]


def _failing(feed: FollowedFeed) -> Mapping[str, Any]:
    return {
        "url": without_password(feed.url),
        "reason": feed.reason,
        "failing_since": feed.failing_since,
        "next_try": feed.next_try,
    }


def _ended(feed: FollowedFeed) -> Mapping[str, Any]:
    """One that is not asked any more: it is gone, or another that is followed."""
    url = without_password(feed.url)
    return {"url": url, "reason": feed.reason, "ended_at": feed.checked_at}


def _faulty(feed: FollowedFeed) -> Mapping[str, Any]:
    """One that answers, and with what is not all right."""
    return {"url": without_password(feed.url), "reason": feed.reason}


def _held_back(db: Connection, now: datetime) -> Rows:
    return [
        {"domain": domain, "until": until, "pending": count}
        for domain, until, count in reports.held_back(db, now)
    ]


def _paced(db: Connection, now: datetime, limits: RateLimits) -> Rows:
    return [
        {
            "domain": domain or None,
            "per_second": limits.rate(domain),
            "pending": count,
            "seconds": round(least.total_seconds(), 1),
        }
        for domain, count, least in reports.paced(db, now, limits)
    ]
