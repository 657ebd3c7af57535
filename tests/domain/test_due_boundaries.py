"""The instants at which being due begins and ends, to the second."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.domain.due import due_at, local_date, next_due, too_late

DAY = date(2026, 3, 14)
SIX = timedelta(hours=6)
SECOND = timedelta(seconds=1)


def test_at_the_due_instant_the_next_one_is_tomorrows() -> None:
    due = due_at(DAY, 7, "UTC")
    assert next_due(due, 7, "UTC") == due + timedelta(days=1)
    assert next_due(due - SECOND, 7, "UTC") == due


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Asia/Tokyo"])
def test_catching_up_ends_at_its_last_second(zone: str) -> None:
    due = due_at(DAY, 7, zone)
    assert not too_late(due + SIX - SECOND, DAY, due, zone, SIX)
    assert too_late(due + SIX, DAY, due, zone, SIX)
    assert too_late(due + SIX + SECOND, DAY, due, zone, SIX), "and does not begin again"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo"])
def test_yesterdays_issue_is_too_late_from_the_readers_midnight_on(zone: str) -> None:
    """Both limits by themselves: the hours are not over when the day is."""
    due = due_at(DAY, 23, zone)
    midnight = due_at(DAY + timedelta(days=1), 0, zone)
    assert not too_late(midnight - SECOND, DAY, due, zone, SIX)
    assert too_late(midnight, DAY, due, zone, SIX)


def test_an_issue_of_tomorrow_is_not_too_late() -> None:
    tomorrow = DAY + timedelta(days=1)
    due = due_at(tomorrow, 7, "UTC")
    assert not too_late(datetime(2026, 3, 14, 12, tzinfo=UTC), tomorrow, due, "UTC", SIX)


def test_the_local_date_changes_at_local_midnight() -> None:
    midnight = due_at(DAY, 0, "Asia/Kathmandu")
    assert local_date(midnight, "Asia/Kathmandu") == DAY
    assert local_date(midnight - SECOND, "Asia/Kathmandu") == DAY - timedelta(days=1)
