"""The figures that a monitor reads, all of them from the database: however many processes serve
them, they are the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.due import due_at, local_date
from newsletter.storage import (
    Store,
    figures,
    heartbeats,
    reports,
    returns,
    send_queue,
    subscribers,
)

_MOST_DOMAINS = 20
"""A monitor keeps each label for ever: readers' domains are too many."""


@dataclass(frozen=True)
class Figures:
    """``deliveries`` are (state, reason, count) of today, ``returns`` (kind, done, count) of what
    came back today; ages are in seconds, None where there is nothing to be old."""

    deliveries: Sequence[tuple[str, str | None, int]]
    waiting: Sequence[tuple[str, int]]
    oldest_due_age: float | None
    unknown: int
    returns: Sequence[tuple[str, str, int]]
    subscribers: Mapping[str, int]
    feeds: Mapping[str, int]
    heartbeat_age: float | None
    paused: bool


def measure(store: Store, now: datetime, timezone: str) -> Figures:
    """``timezone`` says which day is today. Changes nothing."""
    today = local_date(now, timezone)
    with store.reading() as db:
        return Figures(
            deliveries=reports.outcomes(db, today),
            waiting=figures.waiting(db, _MOST_DOMAINS),
            oldest_due_age=_age(figures.oldest_due(db), now),
            unknown=reports.unresolved(db),
            returns=returns.counts(db, due_at(today, 0, timezone), now),
            subscribers=subscribers.counts(db),
            feeds=figures.feed_counts(db),
            heartbeat_age=_age(heartbeats.latest(db), now),
            paused=send_queue.paused(db) is not None,
        )


def _age(instant: datetime | None, now: datetime) -> float | None:
    return None if instant is None else max(0.0, (now - instant).total_seconds())
