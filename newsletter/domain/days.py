"""Dates as people write them."""

from datetime import date

from newsletter.domain.errors import UsageError


def parse_day(text: str) -> date:
    """ISO 8601. Raises UsageError for what is no date, or so far off that it is a slip."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text[:80]!r} is no date", "write one such as 2026-03-14") from None
    if not 1900 <= day.year <= 2999:
        raise UsageError(f"{day} is too far off", "write a year from 1900 to 2999")
    return day
