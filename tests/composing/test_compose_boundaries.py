"""The instants at which composing for a reader begins and ends, to the second."""

from datetime import date, datetime, timedelta

import pytest

from newsletter.composing.compose import message_id
from newsletter.domain.model import Subscriber
from newsletter.services.publish import Readers
from newsletter.storage.schema import delivery
from tests.builders import NOON, TODAY, subscribe
from tests.delivery.conftest import House

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SEVEN = NOON - timedelta(hours=5)
CATCH_UP = timedelta(hours=6)


def rows(house: House) -> list[tuple[date, str, str | None]]:
    with house.store.reading() as db:
        result = db.execute(delivery.select().order_by(delivery.c.id)).all()
    return [(row.date, row.state, row.reason) for row in result]


def join(house: House, since: datetime, address: str = "ann@example.org") -> None:
    """Due at seven, UTC."""
    with house.store.writing() as db:
        subscribe(db, address, since=since)


def compose_at(house: House, now: datetime) -> list[tuple[date, str, str | None]]:
    house.now = now
    house.compose()
    return rows(house)


def test_an_issue_is_composed_at_its_due_instant_and_no_second_before(house: House) -> None:
    join(house, SEVEN - DAY)
    house.receive(6)
    assert compose_at(house, SEVEN - SECOND) == []
    assert compose_at(house, SEVEN) == [(TODAY, "pending", None)]


def test_who_joins_at_the_due_instant_starts_tomorrow_and_a_second_before_today(
    house: House,
) -> None:
    join(house, SEVEN, "late@example.org")
    house.receive(6)
    assert compose_at(house, SEVEN + SECOND) == []
    join(house, SEVEN - SECOND, "ann@example.org")
    assert compose_at(house, SEVEN + SECOND) == [(TODAY, "pending", None)]


def test_an_issue_is_too_late_from_the_last_second_of_catching_up_on(house: House) -> None:
    join(house, SEVEN - DAY)
    house.receive(6)
    house.now = SEVEN + CATCH_UP - SECOND
    assert compose_at(house, SEVEN + CATCH_UP - SECOND) == [(TODAY, "pending", None)]


def test_and_then_it_is_told_as_too_late(house: House) -> None:
    join(house, SEVEN - DAY)
    house.receive(6)
    assert compose_at(house, SEVEN + CATCH_UP) == [(TODAY, "skipped", "too_late")]


@pytest.mark.parametrize("wait", [timedelta(0), SECOND])
def test_too_few_is_asked_again_only_when_more_came_after_the_look(
    house: House, wait: timedelta
) -> None:
    join(house, SEVEN - DAY)
    house.now = SEVEN - SECOND
    house.receive(2)
    assert compose_at(house, SEVEN) == [(TODAY, "skipped", "too_few")]
    house.now = SEVEN + wait
    house.receive(6, start=10)
    after = ("pending", None) if wait else ("skipped", "too_few")
    assert compose_at(house, SEVEN + 2 * SECOND) == [(TODAY, *after)]


def test_a_day_without_a_run_is_made_up_for_as_far_as_the_ledger_was_kept(house: House) -> None:
    join(house, SEVEN - 30 * DAY)
    house.receive(6)
    first = SEVEN + 5 * SECOND
    assert compose_at(house, first) == [(TODAY, "pending", None)]
    compose_at(house, first + 3 * DAY)
    assert [row[0] for row in rows(house)] == [TODAY + days * DAY for days in range(4)]


def test_nobody_was_promised_an_issue_before_the_ledger_was_kept(house: House) -> None:
    """The first row says since when; who was active then has no issue of the day before."""
    join(house, SEVEN - 30 * DAY)
    house.receive(6)
    compose_at(house, SEVEN)
    compose_at(house, SEVEN + DAY)
    assert [row[0] for row in rows(house)] == [TODAY, TODAY + DAY]


def test_a_first_run_for_some_leaves_the_issue_of_that_instant_to_the_others(house: House) -> None:
    join(house, SEVEN - DAY, "named@example.org")
    join(house, SEVEN - DAY, "other@example.org")
    house.receive(6)
    house.now = SEVEN
    house.compose(readers=Readers(ids=[1]))
    assert len(rows(house)) == 1
    assert len(compose_at(house, SEVEN + SECOND)) == 2


def test_now_is_dated_at_the_due_hour_or_now_and_never_later(house: House) -> None:
    join(house, SEVEN - DAY)
    house.receive(6)
    house.now = SEVEN - timedelta(hours=2)
    house.compose(readers=Readers(now=True))
    with house.store.reading() as db:
        (row,) = db.execute(delivery.select()).all()
    assert row.due_at <= house.now
    assert row.expires_at == SEVEN + DAY


def test_a_message_id_is_of_one_date_and_one_address() -> None:
    ann = Subscriber(1, "ann@example.org", "UTC", 7)
    bob = Subscriber(1, "bob@example.org", "UTC", 7)
    ids = {
        message_id(day, reader, "x.example")
        for day in (TODAY, TODAY + DAY)
        for reader in (ann, bob)
    }
    assert len(ids) == 4
    assert all(text.startswith(("<20260314.", "<20260315.")) for text in ids)
    assert all(text.endswith("@x.example>") for text in ids)
    renamed = Subscriber(9, "ann@example.org", "Asia/Tokyo", 3, "Ann")
    assert message_id(TODAY, ann, "x.example") == message_id(TODAY, renamed, "x.example")
