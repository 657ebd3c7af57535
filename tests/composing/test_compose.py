"""Who is due, what they get, and what is stored: once, however often it is asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from newsletter.composing.compose import due
from newsletter.composing.draft import draft
from newsletter.composing.readers import Readers
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Subscriber
from newsletter.storage import issues, pruning, subscribers
from newsletter.storage.schema import delivery, issue, pick, subscriber
from tests.builders import NOON, TODAY, subscribe
from tests.delivery.conftest import House

NOW = Readers(now=True)
HOUSE = Subscriber(0, "reader@example.org", "UTC", 7)


def rows(house: House) -> list[tuple[str, date, str, str | None]]:
    with house.store.reading() as db:
        result = db.execute(
            delivery.select()
            .with_only_columns(subscriber.c.address, *delivery.c["date", "state", "reason"])
            .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
            .order_by(delivery.c.id)
        )
        return [tuple(row) for row in result]


def count(house: House, table: Any) -> int:
    with house.store.reading() as db:
        return len(db.execute(table.select()).all())


def people(house: House, *addresses: str, **about: Any) -> None:
    with house.store.writing() as db:
        for address in addresses:
            subscribe(db, address, **about)


def test_whose_hour_has_come_gets_a_row_and_nobody_else(house: House) -> None:
    people(house, "early@example.org", hour=7)
    people(house, "late@example.org", hour=13)
    house.receive(9)
    house.compose()
    assert rows(house) == [("early@example.org", TODAY, "pending", None)]


def test_who_moves_or_leaves_while_others_are_composed_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("stays", "moves", "leaves")
    people(house, *(f"{name}@example.org" for name in names), hour=7)
    house.receive(9)

    def meanwhile(point: str) -> None:
        if point != "composed":
            return
        with house.store.writing() as db:
            subscribers.change(db, "moves@example.org", hour=13)
            subscribers.change(db, "leaves@example.org", state="unsubscribed")

    composing = import_module(
        "newsletter.composing.compose"
    )  # the package has a function of that name
    monkeypatch.setattr(import_module("newsletter.composing.readers"), "_BATCH", 1)
    monkeypatch.setattr(composing, "reach", meanwhile)
    house.compose()
    assert rows(house) == [("stays@example.org", TODAY, "pending", None)]


def test_composing_again_changes_nothing(house: House) -> None:
    people(house, "a@example.org")
    house.receive(9)
    house.compose()
    before = rows(house), count(house, issue), count(house, pick)
    house.compose()
    house.compose(readers=NOW)
    house.compose(on=TODAY)
    assert (rows(house), count(house, issue), count(house, pick)) == before


def test_readers_alike_share_one_issue(house: House) -> None:
    people(house, *(f"r{number}@example.org" for number in range(6)))
    people(house, "other@example.org", interests="granite")
    house.receive(9)
    house.compose()
    assert count(house, issue) == 3  # the house issue, the shared one, the other's
    assert len(rows(house)) == 7


def test_the_house_issue_of_a_date_is_stored_once_and_remembers(house: House) -> None:
    people(house, "a@example.org")
    house.receive(12)
    house.compose()
    house.now += timedelta(days=1)
    house.compose()
    with house.store.reading() as db:
        stored = [issues.house(db, TODAY + timedelta(days)) for days in (0, 1)]
        first, second = (issues.load(db, issue_id) for issue_id in stored if issue_id)
    assert not {pick.insight_id for pick in first.picks} & {
        pick.insight_id for pick in second.picks
    }


def test_what_is_stored_is_what_was_composed(house: House) -> None:
    people(house, "a@example.org", interests="granite, harbour")
    house.receive(9)
    (drafted,) = due(house.rules, house.now, None, Readers())
    assert rows(house) == []
    house.compose()
    with house.store.reading() as db:
        reader = subscribers.find(db, "a@example.org")
    assert reader
    assert draft(house.rules, house.now, reader, TODAY).issue == drafted[1]
    assert len(drafted[1].picks) == 5


def test_a_draft_before_and_the_posting_after_are_the_same(house: House) -> None:
    people(house, "a@example.org")
    house.receive(9)
    with house.store.reading() as db:
        reader = subscribers.find(db, "a@example.org")
    assert reader
    before = draft(house.rules, house.now, reader, None)
    house.compose()
    assert draft(house.rules, house.now, reader, None) == before
    a_house = draft(house.rules, house.now, HOUSE, None, house=True)
    assert len(a_house.issue.picks) == 5


def test_too_few_is_said_and_mended_when_more_arrives(house: House) -> None:
    people(house, "a@example.org")
    house.receive(2)
    house.compose()
    assert rows(house) == [("a@example.org", TODAY, "skipped", "too_few")]
    house.now += timedelta(minutes=5)
    house.compose()
    house.receive(3, start=10)
    house.now += timedelta(minutes=5)
    house.compose()
    assert rows(house) == [("a@example.org", TODAY, "pending", None)]


def test_who_paused_and_thinks_better_of_it_gets_todays_issue(house: House) -> None:
    people(house, "a@example.org")
    house.receive(9)
    house.compose()
    house.now += timedelta(minutes=5)
    with house.store.writing() as db:
        subscribers.change(db, "a@example.org", house.now, paused_until=TODAY + timedelta(days=9))
    house.deliver()
    assert rows(house) == [("a@example.org", TODAY, "skipped", "paused")]
    house.compose()
    assert rows(house) == [("a@example.org", TODAY, "skipped", "paused")]
    house.now += timedelta(minutes=5)
    with house.store.writing() as db:
        subscribers.change(db, "a@example.org", house.now, paused_until=None)
    house.compose()
    house.deliver()
    assert rows(house) == [("a@example.org", TODAY, "sent", None)]


def test_too_few_stays_so_after_the_catch_up_limit(house: House) -> None:
    people(house, "a@example.org", hour=7)
    house.receive(2)
    house.compose()
    house.now = NOON.replace(hour=13)
    house.receive(3, start=10)
    house.compose()
    assert rows(house) == [("a@example.org", TODAY, "skipped", "too_few")]


def test_a_machine_that_slept_too_long_says_so_for_every_missed_day(house: House) -> None:
    people(house, "a@example.org", hour=7)
    house.receive(9)
    house.tick()
    house.now = datetime(2026, 3, 18, 14, tzinfo=UTC)
    house.receive(9, start=20, on=date(2026, 3, 17))
    house.compose()
    missed = [
        ("a@example.org", date(2026, 3, day), "skipped", "too_late") for day in (15, 16, 17, 18)
    ]
    assert rows(house)[1:] == missed


def test_the_operator_may_still_send_what_was_too_late(house: House) -> None:
    people(house, "a@example.org", hour=1)
    house.receive(9)
    house.compose()
    assert rows(house) == [("a@example.org", TODAY, "skipped", "too_late")]
    house.compose(readers=NOW)
    assert rows(house) == [("a@example.org", TODAY, "pending", None)]


def test_who_came_after_the_hour_starts_tomorrow(house: House) -> None:
    people(house, "new@example.org", hour=7, since=NOON - timedelta(hours=2))
    house.receive(9)
    house.compose()
    assert rows(house) == []
    house.now += timedelta(hours=20)
    house.compose()
    assert [row[1] for row in rows(house)] == [TODAY + timedelta(1)]


def test_now_is_for_everybody_whatever_the_hour_at_their_local_date(house: House) -> None:
    people(house, "late@example.org", hour=23)
    people(house, "auckland@example.org", timezone="Pacific/Auckland", hour=5)
    house.receive(9)
    house.compose(readers=NOW)
    tomorrow = TODAY + timedelta(1)
    assert [(row[0], row[1]) for row in rows(house)] == [
        ("late@example.org", TODAY), ("auckland@example.org", tomorrow)
    ]  # fmt: skip


def test_an_explicit_date_holds_for_everyone_due(house: House) -> None:
    people(house, "a@example.org", hour=7)
    people(house, "b@example.org", hour=20)
    house.receive(9, on=date(2026, 3, 1))
    house.compose(on=date(2026, 3, 2))
    assert {row[1] for row in rows(house)} == {date(2026, 3, 2)}
    assert len(rows(house)) == 2
    house.compose(on=TODAY + timedelta(5))
    assert len(rows(house)) == 2
    house.compose(on=TODAY, readers=replace(NOW, ids=[2]))
    assert [row[0] for row in rows(house)[2:]] == ["b@example.org"]


def test_a_row_that_waits_holds_its_insights(house: House) -> None:
    """Two dates composed before either was sent do not share a word."""
    people(house, "a@example.org")
    house.receive(15)
    house.compose(on=TODAY, readers=NOW)
    house.compose(on=TODAY + timedelta(1), readers=NOW)
    with house.store.reading() as db:
        ids = [
            row.insight_id for row in db.execute(pick.select().join(issue).where(~issue.c.house))
        ]
    assert len(ids) == len(set(ids)) == 10


def test_the_next_issue_is_when_this_one_expires(house: House) -> None:
    people(house, "a@example.org", timezone="Europe/Paris", hour=7)
    house.receive(9)
    house.compose(readers=NOW)
    with house.store.reading() as db:
        (row,) = db.execute(delivery.select()).all()
    assert row.expires_at == datetime(2026, 3, 15, 6, tzinfo=UTC)
    assert row.due_at == datetime(2026, 3, 14, 6, tzinfo=UTC)


def test_a_run_for_some_does_not_make_the_others_forgotten(house: House) -> None:
    people(house, "ada@example.org", "bob@example.org", hour=7)
    house.receive(30)
    house.tick()
    house.now = NOON + timedelta(days=5)
    house.compose(readers=Readers(ids=[1]))
    house.compose()
    served = {address: {row[1] for row in rows(house) if row[0] == address} for address in
              ("ada@example.org", "bob@example.org")}  # fmt: skip
    assert served["ada@example.org"] == served["bob@example.org"]
    assert len(served["bob@example.org"]) == 6


def test_a_clock_that_ran_ahead_costs_no_day(house: House) -> None:
    people(house, "ada@example.org", hour=7)
    house.receive(30)
    house.tick()
    house.now = NOON + timedelta(days=9)
    house.compose()
    house.now = NOON + timedelta(days=1)
    assert house.tick().outcomes == {"sent": 1}


def test_what_was_given_up_may_be_picked_again(house: House) -> None:
    people(house, "ada@example.org", hour=7)
    house.receive(5)
    house.compose()
    house.now = NOON + timedelta(days=1)
    house.compose()
    assert [row[2:] for row in rows(house)] == [("failed", "expired"), ("pending", None)]


def test_nobody_gets_an_issue_of_a_date_before_they_joined(house: House) -> None:
    people(house, "old@example.org")
    people(house, "new@example.org", since=NOON)
    house.receive(30, on=TODAY - timedelta(3))
    for ago in (2, 1):
        house.compose(on=TODAY - timedelta(ago))
        house.compose(on=TODAY - timedelta(ago), readers=NOW)
    assert {row[0] for row in rows(house)} == {"old@example.org"}
    assert due(house.rules, NOON, TODAY - timedelta(3), Readers())[0][0].subscriber.id == 1
    house.compose(on=TODAY - timedelta(1), readers=Readers(ids=[2]))
    assert rows(house)[-1][:2] == ("new@example.org", TODAY - timedelta(1))


@pytest.mark.parametrize(
    ("timezone", "since", "served"),
    [
        ("UTC", datetime(2026, 3, 13, 23, 59, tzinfo=UTC), True),
        ("UTC", datetime(2026, 3, 14, 0, 0, tzinfo=UTC), False),
        ("Pacific/Auckland", datetime(2026, 3, 13, 12, 0, tzinfo=UTC), False),
        ("Pacific/Honolulu", datetime(2026, 3, 14, 9, 59, tzinfo=UTC), True),
    ],
)
def test_who_joined_on_the_day_itself_by_their_own_calendar_gets_its_issue(
    house: House, timezone: str, since: datetime, *, served: bool
) -> None:
    people(house, "a@example.org", timezone=timezone, since=since)
    house.receive(9, on=TODAY - timedelta(1))
    house.compose(on=TODAY - timedelta(1))
    assert bool(rows(house)) is served


@pytest.mark.parametrize("hour", [0, 7, 12, 20])
def test_a_message_is_dated_when_it_is_composed(house: House, hour: int) -> None:
    """Not by the hour it was due, which may be long past."""
    people(house, "a@example.org", hour=hour)
    house.receive(12)
    reader = only_reader(house)
    assert draft(house.rules, NOON, reader, None, at_once=True).dated_at == NOON
    house.compose(readers=NOW)
    later = NOON + timedelta(hours=3)
    assert draft(house.rules, later, reader, TODAY).dated_at == NOON


def test_an_issue_that_is_still_to_come_is_dated_when_it_is_due(house: House) -> None:
    people(house, "a@example.org", hour=20)
    house.receive(12)
    assert draft(house.rules, NOON, only_reader(house), None).dated_at == NOON.replace(hour=20)


def test_a_past_date_is_dated_when_it_is_composed(house: House) -> None:
    people(house, "a@example.org")
    house.receive(12, on=TODAY - timedelta(3))
    house.compose(on=TODAY - timedelta(2))
    assert draft(house.rules, NOON, only_reader(house), TODAY - timedelta(2)).dated_at == NOON


def test_one_that_was_skipped_at_first_is_dated_when_it_is_composed_after_all(house: House) -> None:
    people(house, "a@example.org")
    house.receive(2)
    house.compose()
    house.now += timedelta(minutes=5)
    house.receive(3, start=10)
    house.now += timedelta(minutes=5)
    house.compose()
    assert draft(house.rules, house.now, only_reader(house), TODAY).dated_at == house.now


CHANGES: dict[str, Any] = {
    "name": "Anna",
    "timezone": "Asia/Tokyo",
    "hour": 9,
    "interests": "granite",
}


@pytest.mark.parametrize("column", CHANGES)
def test_what_was_composed_does_not_change_with_its_reader(house: House, column: str) -> None:
    people(house, "a@example.org", interests="harbour")
    house.receive(12)
    house.compose()
    before = draft(house.rules, NOON, only_reader(house), TODAY)
    with house.store.writing() as db:
        subscribers.change(db, "a@example.org", **{column: CHANGES[column]})
    assert draft(house.rules, NOON, only_reader(house), TODAY) == before


def test_after_pruning_the_same_is_composed(house: House) -> None:
    """Novelty needs who was sent what, and nothing of why."""
    people(house, "a@example.org", interests="granite")
    house.receive(30)
    house.compose()
    house.now += timedelta(days=1)
    (_, unpruned), = due(house.rules, house.now, None, Readers())  # fmt: skip
    pruning.prune(house.store, house.now)
    (_, pruned), = due(house.rules, house.now, None, Readers())  # fmt: skip
    assert pruned == unpruned
    assert len(pruned.picks) == 5
    with pytest.raises(NewsletterError, match=r"was dropped after store\.keep_days"):
        draft(house.rules, house.now, only_reader(house), TODAY)


def only_reader(house: House) -> Subscriber:
    with house.store.reading() as db:
        reader = subscribers.find(db, "a@example.org")
    assert reader
    return reader
