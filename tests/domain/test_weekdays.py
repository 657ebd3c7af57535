"""Weekdays as people write them, and whose date is whose: over zones, days and pauses."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.due import due_at, gets_issue, local_date, next_due, next_due_of
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.weekdays import EVERY_DAY, first_of, numbers, parse, weekday_set, written

SETS = st.integers(1, EVERY_DAY)
DAYS = st.dates(date(2009, 1, 1), date(2036, 12, 31))
HOURS = st.integers(0, 23)
ZONES = st.sampled_from(
    ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
     "Pacific/Apia", "Pacific/Kiritimati", "America/Sao_Paulo"]
)  # fmt: skip
INSTANTS = st.integers(1_230_000_000, 2_114_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(SETS)
def test_what_is_written_is_read(days: int) -> None:
    assert parse(written(days)) == days == weekday_set(numbers(days))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon, Wed; friday", [0, 2, 4]),
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("fri – mon", [0, 4, 5, 6]),
        ("Every  Day", [0, 1, 2, 3, 4, 5, 6]),
        ("thurs", [3]),
    ],
)
def test_days_as_people_write_them(text: str, days: list[int]) -> None:
    assert numbers(parse(text)) == days


@pytest.mark.parametrize("text", ["", " , ", "moonday", "mo", "-", "mon-", "1", "mon-fri-sat"])
def test_what_names_no_day_is_refused(text: str) -> None:
    if text == "mon-":
        assert numbers(parse(text)) == [0]
        return
    with pytest.raises(UsageError):
        parse(text)


@given(DAYS, SETS, st.none() | DAYS)
def test_a_date_is_theirs_by_its_weekday_and_from_the_end_of_the_pause_on(
    day: date, days: int, pause: date | None
) -> None:
    expected = day.weekday() in numbers(days) and not (pause and day < pause)
    assert gets_issue(day, days, pause) is expected


@given(INSTANTS, HOURS, ZONES, SETS, st.none() | DAYS)
def test_the_next_issue_is_theirs_and_no_date_of_theirs_lies_before_it(
    now: datetime, hour: int, timezone: str, days: int, pause: date | None
) -> None:
    due = next_due(now, hour, timezone, days, pause)
    assert due > now
    theirs = {
        day
        for more in range(-2, 12)
        if gets_issue(day := local_date(due, timezone) + timedelta(more), days, pause)
    }
    dues = sorted(due_at(day, hour, timezone) for day in theirs)
    assert due in dues
    assert not [other for other in dues if now < other < due]


@given(INSTANTS, ZONES, SETS)
def test_who_reads_weekly_gets_one_in_seven_days(now: datetime, timezone: str, days: int) -> None:
    reader = Subscriber(1, "a@b.example", timezone, 7, weekdays=first_of(days), frequency="weekly")
    today = local_date(now, timezone)
    week = [today + timedelta(more) for more in range(7)]
    assert sum(gets_issue(day, reader.weekdays) for day in week) == 1
    following = next_due_of(reader, next_due_of(reader, now))
    assert timedelta(days=6) < following - next_due_of(reader, now) < timedelta(days=8)
