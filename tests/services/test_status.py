"""Who is due next."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.services.status import next_due
from newsletter.services.wording import local_time, next_attempt, roughly
from newsletter.storage import Store, operator_actions
from tests.builders import NOON, TODAY, subscribe
from tests.conftest import new_store

TOMORROW_AT_SEVEN = datetime(2026, 3, 15, 7, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path)
    yield made
    made.close()


def test_without_subscribers_nobody_is_due(store: Store) -> None:
    assert next_due(store, NOON) is None


def test_the_nearest_hour_counts_wherever_the_reader_is(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "ann@letters.example")
    assert next_due(store, NOON) == TOMORROW_AT_SEVEN
    with store.writing() as db:
        subscribe(db, "bea@letters.example", "Asia/Tokyo")  # seven there is 22:00 UTC
    assert next_due(store, NOON) == NOON.replace(hour=22)
    assert next_due(store, NOON.replace(hour=22)) == TOMORROW_AT_SEVEN, "not the same instant"


def test_a_cancelled_date_is_left_out(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "ann@letters.example")
        operator_actions.cancel(db, TODAY + DAY, NOON)
    assert next_due(store, NOON) == TOMORROW_AT_SEVEN + DAY


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (102, "102 s"),
        (119.9, "119 s"),
        (179, "2 min"),
        (7199, "119 min"),
        (10_799, "2 h"),
    ],
)
def test_a_duration_is_rounded_down(seconds: float, text: str) -> None:
    assert roughly(seconds) == text


def test_an_instant_is_told_where_the_newsletter_is() -> None:
    assert local_time(NOON, "Asia/Tokyo") == "2026-03-14 21:00 JST"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(-1, "at the next `send` or `run`"), (0, "at the next `send` or `run`"), (1, "at 2026-03-14")],
)
def test_a_wait_that_is_over_ends_with_whoever_sends_next(minutes: int, text: str) -> None:
    assert text in next_attempt(NOON + timedelta(minutes=minutes), NOON, "UTC")
