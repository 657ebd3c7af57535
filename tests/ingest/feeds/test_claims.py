"""A feed in hand: its scan's while that lives, anybody's soon after it died, on either database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep

import pytest

from newsletter.ingest.feeds.claims import TERM, Claims
from newsletter.storage import Store, feeds
from newsletter.storage.feeds import FollowedFeed
from tests.ingest.feeds.conftest import NOON

MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(store: Store) -> FollowedFeed:
    with store.writing() as db:
        feeds.add(db, ["https://pods.example/feed"], NOON)
        return feeds.followed(db)[0]


def row(store: Store) -> FollowedFeed:
    with store.reading() as db:
        return feeds.followed(db)[0]


def becomes(wanted: Callable[[], bool]) -> bool:
    end = monotonic() + 10
    while not wanted() and monotonic() < end:
        sleep(0.01)
    return wanted()


def test_a_feed_of_a_scan_that_died_is_due_after_five_minutes(
    store: Store, clock: Clock, feed: FollowedFeed
) -> None:
    assert Claims(store, clock).take(feed)
    assert row(store).next_try == NOON + TERM == NOON + 5 * MINUTE


def test_a_feed_that_takes_long_stays_with_its_scan(
    store: Store, clock: Clock, feed: FollowedFeed
) -> None:
    with Claims(store, clock, every=0.01) as claims:
        assert claims.take(feed)
        clock.now += 4 * MINUTE
        assert becomes(lambda: row(store).next_try == NOON + 4 * MINUTE + TERM)
        claims.save(replace(feed, title="Slow"), lambda _db: None)
        clock.now += MINUTE
        sleep(0.1)
    assert (row(store).title, row(store).next_try) == ("Slow", NOON)


def test_what_comes_late_is_not_saved_over_the_scan_that_took_the_feed_since(
    store: Store, clock: Clock, feed: FollowedFeed
) -> None:
    asleep, awake = Claims(store, clock), Claims(store, clock)
    assert asleep.take(feed)
    clock.now += TERM + MINUTE
    assert awake.take(row(store))
    also: list[str] = []
    asleep.save(replace(feed, title="late"), lambda _db: also.append("late"))
    assert row(store).title == ""
    awake.save(replace(feed, title="in time"), lambda _db: also.append("in time"))
    assert (row(store).title, also) == ("in time", ["in time"])


def test_another_scans_feed_is_not_prolonged(
    store: Store, clock: Clock, feed: FollowedFeed
) -> None:
    with Claims(store, clock, every=0.01) as asleep:
        assert asleep.take(feed)
        with store.writing() as db:
            feeds.save(db, replace(feed, next_try=NOON + MINUTE))
        clock.now += 2 * MINUTE
        sleep(0.1)
    assert row(store).next_try == NOON + MINUTE
