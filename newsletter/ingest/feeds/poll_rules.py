"""When a feed is asked again: the rules that feed readers settled on. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.domain.model import digest

LONGEST_BACKOFF = timedelta(days=1)
"""Between two tries of a feed that fails."""
LONGEST_WAIT = timedelta(days=7)
"""Of what a server may ask for with Retry-After."""
LONGEST_FRESH = timedelta(days=1)
"""Of what a server may ask for with Cache-Control."""


def after_success(now: datetime, every: timedelta, headers: Mapping[str, str]) -> datetime:
    """The next poll; later than usual where the server says for how long its answer is fresh."""
    return now + max(every, min(max_age(headers.get("cache-control", "")), LONGEST_FRESH))


def after_failure(
    now: datetime, every: timedelta, failures: int, who: str, wait: timedelta | None = None
) -> datetime:
    """The next try after ``failures`` in a row, from 1: twice as late each time, up to a day.

    Up to a tenth is added, by ``who`` fails, so that those that failed together part. ``wait`` is
    what the server asked for: never earlier than that, but for what is absurd.
    """
    plain = min(every * (1 << min(failures, 20)), max(LONGEST_BACKOFF, every))
    spread = plain / 10 * (int(digest(who, str(failures))[:8], 16) / 0xFFFFFFFF)
    return now + max(plain + spread, min(wait or timedelta(), LONGEST_WAIT))


def is_due(next_try: datetime, now: datetime, every: timedelta) -> bool:
    """A time later than any that is ever set was set by a clock that ran ahead."""
    longest = max(LONGEST_WAIT, every * 2)
    return next_try <= now or next_try > now + longest


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110); None for neither, or for what is over."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:10]), 10**9))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return until - now if until > now else None


def max_age(cache_control: str) -> timedelta:
    for directive in cache_control.lower().split(","):
        name, _, value = directive.partition("=")
        seconds = value.strip().strip('"')
        if name.strip() == "max-age" and seconds.isascii() and seconds.isdigit():
            return timedelta(seconds=min(int(seconds[:10]), 10**9))
    return timedelta()
