"""The day at a glance, of a morning on which everything happens."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.domain.model import Subscriber
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.domain.warm_up import WarmUp
from newsletter.services import approval, delivery_checks, operator_actions
from newsletter.services.reader_story import outlook
from newsletter.services.status import day_status
from newsletter.services.today import HELD, Today, Wait, headline, today
from newsletter.storage import Store, returns, subscribers
from tests.builders import NOON, TODAY, subscribe
from tests.composing.test_approval import held_house
from tests.web.desk.morning import HOSTILE, morning

HOUR = timedelta(hours=1)


def seen(store: Store, limits: RateLimits = FREE, now: datetime = NOON) -> Today:
    status = day_status(
        store, TODAY, now, inbox=Path("inbox"), window_days=14, minimum=3, limits=limits
    )  # fmt: skip
    return today(store, now, "UTC", status, limits)


def readers_of(store: Store) -> list[Subscriber]:
    with store.reading() as db:
        return list(subscribers.everyone(db))


def test_an_empty_newsletter(store: Store) -> None:
    shown = seen(store)
    assert headline(shown, "UTC") == ("quiet", "Nothing is composed yet today.")
    assert (shown.waits, shown.briefs, shown.came_in.insights, shown.waiting) == ([], [], 0, 0)
    assert {hour.readers for hour in shown.hours} == {0}


def test_a_morning(store: Store) -> None:
    morning(store)
    shown = seen(store)
    assert headline(shown, "UTC") == ("busy", "Going out: 18 of 30 sent, 8 wait.")
    assert shown.came_in == (2, 8, 3, 1)
    assert [(one["episode"], one["insights"]) for one in shown.briefs] == [
        (HOSTILE, 4),
        ("A conversation about tides", 4),
    ]
    assert dict(shown.came_back) == {"bounce": 1, "complaint": 1, "reply": 1, "unknown": 1}
    assert shown.cancelled == [TODAY + timedelta(days=9)]


def test_what_waits_for_approval(store: Store) -> None:
    house = held_house(store)
    house.now = NOON - 4 * HOUR  # an hour before the readers' own
    house.tick()
    shown = seen(store, now=house.now)
    assert headline(shown, "UTC") == ("busy", "1 reader waits for approval.")
    assert [(one.reason, one.count) for one in shown.waits] == [("to be approved", 1)]
    [check] = delivery_checks.queue(store, house.now, "UTC")
    assert check.finding == "nothing waits but 1 for approval"
    [reader] = readers_of(store)
    assert outlook(store, reader, house.now, "UTC").hindrances == [
        f"the issue of {TODAY} waits: nobody approved it yet, and it is sent anyway at"
        f" {TODAY} 10:00 UTC"
    ]
    approval.approve(store, TODAY, "ed", house.now, asked=True)
    house.tick()
    assert outlook(store, reader, house.now, "UTC").hindrances == []
    shown = seen(store, now=house.now)
    assert headline(shown, "UTC") == ("busy", "1 reader waits until later.")
    two = replace(shown, waits=[*shown.waits, Wait(HELD, "a.example", 2, NOON)])
    assert headline(two, "UTC")[1] == "2 readers wait for approval; 1 more waits until later."
    now = replace(two, waits=[*two.waits, Wait("next in line", "b.example", 1, None)])
    assert headline(now, "UTC")[1] == "Going out: 0 of 4 sent, 4 wait, 2 of them for approval."
    assert [(one.reason, one.until) for one in shown.waits] == [
        ("composed before the hour", NOON - 3 * HOUR)
    ]


def test_answers_that_nobody_gets_are_told(store: Store) -> None:
    assert list(delivery_checks.replies(store, "")) == []
    morning(store)
    with store.writing() as db:
        assert returns.mark(db, 1, "listed", "reply")
    [check] = delivery_checks.replies(store, "")
    assert check.finding == "1 answer of readers, forwarded to nobody"
    assert list(delivery_checks.replies(store, "editor@letters.example")) == []


def test_who_waits_and_why(store: Store) -> None:
    morning(store)
    waits = {wait.domain: (wait.reason, wait.count) for wait in seen(store).waits}
    assert waits["slow.example"] == ("its server asked to wait", 2)
    assert waits["big.example"] == ("next in line", 2)
    limits = RateLimits(domains={"big.example": 0.5})
    waits = {wait.domain: (wait.reason, wait.count) for wait in seen(store, limits).waits}
    assert waits["big.example"] == ("rate limit", 2)
    assert waits["mail.example"] == ("next in line", 2)
    limits = RateLimits(warm_ups=(WarmUp(("mail.example",), TODAY, (0,)),))
    waits = {wait.domain: (wait.reason, wait.count) for wait in seen(store, limits).waits}
    assert waits["mail.example"] == ("the warm-up's messages of today are sent", 2)
    operator_actions.pause(store, NOON - HOUR)
    shown = seen(store)
    assert {wait.reason for wait in shown.waits} == {"paused", "its server asked to wait"}
    assert headline(shown, "UTC") == ("bad", "Paused since Sat 11:00: nothing is sent.")


def test_the_next_hours_wherever_the_readers_are(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "ann@letters.example", hour=13)
        subscribe(db, "kim@letters.example", "Asia/Tokyo")  # seven there is 22:00 UTC
        raj = subscribe(db, "raj@letters.example", "Asia/Calcutta", 19)  # 13:30 UTC
        off = subscribe(db, "off@letters.example", hour=14)
        subscribers.change(db, off.address, paused_until=TODAY + timedelta(days=5))
        monday = subscribe(db, "mon@letters.example", hour=15)
        subscribers.change(db, monday.address, weekdays=1)  # TODAY is a Saturday
    assert raj
    due = {hour.begins.hour: hour.readers for hour in seen(store).hours if hour.readers}
    assert due == {13: 2, 22: 1}
    operator_actions.cancel(store, TODAY, NOON)
    shown = seen(store)
    assert {hour.begins.hour: hour.off for hour in shown.hours if hour.off} == {13: 2}
    assert headline(shown, "UTC")[0] == "off"


def test_the_hour_that_runs_has_none_of_the_same_hour_tomorrow(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "ann@letters.example", hour=12)
        subscribe(db, "raj@letters.example", "Asia/Calcutta", 18)  # 12:30 UTC
    hours = seen(store, now=NOON + timedelta(minutes=10)).hours
    due = [(hour.begins - NOON, hour.readers) for hour in hours if hour.readers]
    assert due == [(timedelta(), 1), (timedelta(days=1), 1)]


def test_what_proves_nothing_is_not_counted_as_come_back(store: Store) -> None:
    shown = replace(seen(store), back=[("complaint", "unproved", 5), ("bounce", "counted", 2)])
    assert dict(shown.came_back) == {"bounce": 2}
