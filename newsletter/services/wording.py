"""Times, durations and states as the operator reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter.domain.due import zone
from newsletter.domain.text import counted
from newsletter.services.approval import Waiting
from newsletter.storage.feeds import FollowedFeed


def local_time(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(zone(timezone)):%Y-%m-%d %H:%M %Z}"


def roughly(seconds: float) -> str:
    """A duration, rounded down."""
    if seconds <= 120:
        return f"{int(seconds)} s"
    return f"{int(seconds / 60)} min" if seconds <= 120 * 60 else f"{int(seconds / 3600)} h"


def too_old(count: int, window_days: int) -> str:
    """What so many insights before the window mean; empty for none."""
    if not count:
        return ""
    those = f"{counted(count, 'insight')} that no issue held {'is' if count == 1 else 'are'}"
    return f"{those} older than selection.window_days = {window_days}: raise it"


def state_and_reason(row: Mapping[Any, Any]) -> str:
    """Such as ``skipped (too few)``, or ``sent (bounced)``."""
    reason = row["reason"] or (row["state"] == "sent" and row.get("came_back")) or ""
    return f"{row['state']} ({reason.replace('_', ' ')})" if reason else str(row["state"])


def next_attempt(instant: datetime, now: datetime, timezone: str) -> str:
    """When a pending delivery is tried again: after its wait by the next `send` or `run`."""
    if instant <= now:
        return "next try at the next `send` or `run`"
    return f"next try at {local_time(instant, timezone)}"


def awaiting(waiting: Waiting, timezone: str) -> str:
    """That a date waits for its approval, for whom and until when."""
    readers = counted(waiting.readers, "reader")
    if waiting.approval:
        approver = waiting.approval.who
        return f"the issue of {waiting.date} is approved by {approver}; {readers} to be let go"
    anyway = local_time(waiting.first, timezone)
    if waiting.last > waiting.first:
        anyway = f"from {anyway} to {local_time(waiting.last, timezone)}"
    return f"the issue of {waiting.date} waits for approval: {readers}, sent anyway {anyway}"


def approve_it(waiting: Waiting) -> str:
    return f"`newsletter approve --date {waiting.date}` lets it go"


def feed_state(feed: FollowedFeed, timezone: str) -> str:
    """How it does, in words: since when it fails, why, and when it is tried again."""

    def at(instant: datetime | None) -> str:
        return local_time(instant, timezone) if instant else "never"

    if feed.ended:
        return f"ended at {at(feed.checked_at)}: {feed.reason}"
    if feed.failures:
        return f"fails since {at(feed.failing_since)}, next try {at(feed.next_try)}: {feed.reason}"
    if feed.checked_at is None:
        return "not read yet"
    but = f": {feed.reason}" if feed.reason else ""
    return f"read {at(feed.checked_at)}, next {at(feed.next_try)}{but}"


def being_sent(count: int, lease_end: datetime, timezone: str) -> str:
    until = local_time(lease_end, timezone)
    return f"{count:,} being sent now; if their process died, they are unknown from {until}"


def warming_up(row: Mapping[str, Any]) -> str:
    """Where a group's warm-up stands."""
    day = f"day {row['day']} of {row['days']}"
    return f"{row['destinations']}, {day}: {row['sent']:,} of {row['limit']:,} messages today"
