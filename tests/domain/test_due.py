"""Hours that a zone skips or repeats, half-hour zones, dates that never were."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.due import due_at, local_date, next_due, too_late

ZONES = st.sampled_from(
    ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
     "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Casablanca"]
)  # fmt: skip
INSTANTS = st.integers(1_230_000_000, 2_114_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@pytest.mark.parametrize(
    ("day", "hour", "timezone", "expected"),
    [
        ("2026-03-14", 7, "Europe/Paris", "2026-03-14T06:00"),
        ("2026-03-14", 7, "Asia/Kathmandu", "2026-03-14T01:15"),
        ("2026-03-08", 2, "America/New_York", "2026-03-08T07:00"),  # skipped: 3 o'clock comes
        ("2026-11-01", 1, "America/New_York", "2026-11-01T05:00"),  # twice: the first
        ("2026-10-04", 2, "Australia/Lord_Howe", "2026-10-03T15:30"),  # half an hour skipped
    ],
)
def test_the_instant_an_issue_is_due(day: str, hour: int, timezone: str, expected: str) -> None:
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert due_at(date.fromisoformat(day), hour, timezone) == wanted


@given(INSTANTS, st.integers(0, 23), ZONES)
def test_the_next_issue_is_later_and_nearly_a_day_away_at_most(
    now: datetime, hour: int, timezone: str
) -> None:
    following = next_due(now, hour, timezone)
    assert now < following <= now + timedelta(hours=49)
    assert next_due(following - timedelta(seconds=1), hour, timezone) == following


@given(INSTANTS, st.integers(0, 23), ZONES)
def test_a_due_instant_falls_on_its_date(now: datetime, hour: int, timezone: str) -> None:
    day = local_date(now, timezone)
    if (timezone, day) != ("Pacific/Apia", date(2011, 12, 30)):
        assert local_date(due_at(day, hour, timezone), timezone) == day


def test_catching_up_ends_with_the_hours_or_with_the_day() -> None:
    day, six = date(2026, 3, 14), timedelta(hours=6)

    def late(hour: int, now: str) -> bool:
        instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
        return too_late(instant, day, due_at(day, hour, "UTC"), "UTC", six)

    assert not late(7, "2026-03-14T12:59")
    assert late(7, "2026-03-14T13:00")
    assert not late(22, "2026-03-14T23:59")
    assert late(22, "2026-03-15T00:00")  # it would be yesterday's issue
