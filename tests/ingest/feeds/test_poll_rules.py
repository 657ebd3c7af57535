from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.feeds.poll_rules import (
    LONGEST_BACKOFF,
    LONGEST_FRESH,
    LONGEST_WAIT,
    after_failure,
    after_success,
    is_due,
    max_age,
    retry_after,
)

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
EVERY = st.integers(1, 14 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
FAILURES = st.integers(1, 10_000)
WAITS = st.none() | st.timedeltas(timedelta(), timedelta(days=10_000))
HOUR = timedelta(hours=1)


@given(EVERY, FAILURES, WAITS, st.text())
def test_a_feed_that_fails_waits_longer_and_never_for_ever(
    every: timedelta, failures: int, wait: timedelta | None, who: str
) -> None:
    later = after_failure(NOW, every, failures, who, wait) - NOW
    assert later >= every
    assert later >= min(wait or timedelta(), LONGEST_WAIT)
    assert later <= max(max(LONGEST_BACKOFF, every) * 1.1, LONGEST_WAIT)
    assert after_failure(NOW, every, failures, who, wait) - NOW == later


@given(EVERY, st.integers(1, 40), st.text())
def test_each_failure_makes_the_wait_longer_until_it_is_the_longest(
    every: timedelta, failures: int, who: str
) -> None:
    first = after_failure(NOW, every, failures, who)
    second = after_failure(NOW, every, failures + 1, who)
    longest = NOW + max(LONGEST_BACKOFF, every)
    assert second > first or (first >= longest and second >= longest)


def test_feeds_that_failed_together_part() -> None:
    times = {after_failure(NOW, HOUR, 3, f"https://{n}.example/") for n in range(50)}
    assert len(times) == 50


@given(EVERY, st.text() | st.integers().map(lambda age: f"public, max-age={age}"))
def test_success_waits_as_long_as_is_configured_or_as_the_server_says(
    every: timedelta, cache_control: str
) -> None:
    later = after_success(NOW, every, {"cache-control": cache_control}) - NOW
    assert every <= later <= max(every, LONGEST_FRESH)


@given(EVERY, FAILURES, WAITS)
def test_whatever_is_set_comes_true_and_only_in_its_time(
    every: timedelta, failures: int, wait: timedelta | None
) -> None:
    for at in (after_failure(NOW, every, failures, "a", wait), after_success(NOW, every, {})):
        assert not is_due(at, NOW, every)
        assert is_due(at, at, every)


def test_what_a_clock_that_ran_ahead_has_set_is_due() -> None:
    assert is_due(NOW + timedelta(days=400), NOW, HOUR)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("Sat, 14 Mar 2026 13:00:00 GMT", HOUR),
        ("Sat, 14 Mar 2026 13:00:00 -0000", HOUR),
        ("Sat, 14 Mar 2026 11:00:00 GMT", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_retry_after(value: str, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


@given(st.text() | st.integers(0).map(str))
def test_no_retry_after_breaks_it(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or wait >= timedelta()
    assert after_failure(NOW, HOUR, 1, "a", wait) <= NOW + LONGEST_WAIT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("max-age=60", 60), ('public, Max-Age = "60"', 60), ("no-store", 0), ("s-maxage=9", 0),
     ("max-age=-1", 0), ("max-age=", 0), ("max-age=99999999999999999999", 10**9)],
)  # fmt: skip
def test_max_age(value: str, seconds: int) -> None:
    assert max_age(value) == timedelta(seconds=seconds)
