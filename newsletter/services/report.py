"""How healthy the list is: growth, leaves, what came back by domain, and who gets nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.storage import Connection, Store, list_health, notices

COMPLAINT_LIMIT = 0.003
"""Gmail and Yahoo ask senders to stay below it."""
_MOST_UNSERVED = 1_000
_MOST_DOMAINS = 50


@dataclass(frozen=True, slots=True)
class Day:
    """``active`` is at its end; ``bounced`` and ``complained`` are of the ``sent`` of that date."""

    date: str
    active: int
    joined: int
    left: int
    sent: int
    bounced: int
    complained: int


@dataclass(frozen=True, slots=True)
class Domain:
    domain: str
    sent: int
    bounced: int
    complained: int

    @property
    def bounce_share(self) -> float:
        return share(self.bounced, self.sent)

    @property
    def complaint_share(self) -> float:
        return share(self.complained, self.sent)


@dataclass(frozen=True, slots=True)
class ListReport:
    """``leaves`` has (state, reason, count); ``unserved`` are active readers who were sent nothing,
    with what became of their last issue; ``notices`` has (purpose, asked, sent, bounced, answered).
    """

    first: str
    last: str
    days: Sequence[Day]
    leaves: Sequence[Mapping[str, Any]]
    domains: Sequence[Domain]
    unserved: Sequence[Mapping[str, Any]]
    notices: Sequence[Mapping[str, Any]]

    @property
    def total(self) -> Domain:
        days = self.days
        return Domain(
            "all",
            sum(day.sent for day in days),
            sum(day.bounced for day in days),
            sum(day.complained for day in days),
        )


def share(part: int, whole: int) -> float:
    return round(part / whole, 5) if whole else 0.0


def list_report(store: Store, now: datetime, days: int) -> ListReport:
    """Of the last ``days`` days, in UTC, today included."""
    last = now.astimezone(UTC).date()
    first = last - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    with store.reading() as db:
        left = list_health.left(db, since, now)
        return ListReport(
            first=first.isoformat(),
            last=last.isoformat(),
            days=_days(db, (first, last), list_health.joined(db, since, now), left),
            leaves=_leaves(left),
            domains=_domains(db, first, last, list_health.complaints_of_readers(db, since, now)),
            unserved=list_health.unserved(db, first, last, now - timedelta(days=2), _MOST_UNSERVED),
            notices=[dict(row) for row in notices.totals(db, since, now)],
        )


def _days(
    db: Connection,
    period: tuple[date, date],
    joined: Mapping[date, int],
    left: Counter[tuple[date, str, str]],
) -> Sequence[Day]:
    """Backwards from how many are active now."""
    gone: Counter[date] = Counter()
    for (day, _state, _why), count in left.items():
        gone[day] += count
    sent = list_health.sent(db, *period, "date")
    bounced, complained = (
        list_health.came_back(db, kind, *period, "date") for kind in ("bounce", "complaint")
    )
    active, rows = list_health.active(db), []
    for day in reversed(list_health.days(*period)):
        counts = (of.get(day, 0) for of in (joined, gone, sent, bounced, complained))
        rows.append(Day(day.isoformat(), active, *counts))
        active = max(active - joined.get(day, 0) + gone[day], 0)
    return rows[::-1]


def _leaves(left: Counter[tuple[date, str, str]]) -> Sequence[Mapping[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter()
    for (_day, state, why), count in left.items():
        counts[state, why] += count
    return [
        {"state": state, "reason": why, "count": count}
        for (state, why), count in counts.most_common()
    ]


def _domains(
    db: Connection, first: date, last: date, complaints: Mapping[str, int]
) -> Sequence[Domain]:
    """Those with the most messages."""
    sent = list_health.sent(db, first, last, "domain")
    bounced, complained = (
        list_health.came_back(db, kind, first, last, "domain") for kind in ("bounce", "complaint")
    )
    names = sorted(
        {*sent, *bounced, *complained, *complaints}, key=lambda name: (-sent.get(name, 0), name)
    )
    return [
        Domain(
            name,
            sent.get(name, 0),
            bounced.get(name, 0),
            complained.get(name, 0) + complaints.get(name, 0),
        )
        for name in names[:_MOST_DOMAINS]
    ]
