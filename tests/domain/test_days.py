"""Dates as people write them: read, or refused with what to write."""

from datetime import date

import pytest

from newsletter.domain.days import parse_day
from newsletter.domain.errors import UsageError


def test_a_date_is_read() -> None:
    assert parse_day("2026-03-14") == date(2026, 3, 14)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30", "14.3.2026", "\0", "0001-01-01", "3000-01-01"]
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write"):
        parse_day(text)
