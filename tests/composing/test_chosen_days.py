"""Weekdays, pauses, the digest of a week and languages: who gets a row, and what is in it."""

from datetime import timedelta
from typing import Any

import pytest

from newsletter.composing.draft import draft
from newsletter.composing.readers import Readers
from newsletter.domain.weekdays import bit
from newsletter.rendering.rendered_email import render_email
from newsletter.services import alerts
from newsletter.services.status import next_due
from newsletter.storage import recipients, reports, subscribers
from newsletter.storage.schema import delivery
from tests.builders import NOON, TODAY, subscribe
from tests.composing.test_compose import rows
from tests.delivery.conftest import House
from tests.golden import head

DAY = timedelta(days=1)
THEIRS, OTHERS = bit(TODAY), bit(TODAY + DAY)


def join(house: House, address: str, **chosen: Any) -> int:
    with house.store.writing() as db:
        reader = subscribe(db, address)
        if chosen:
            subscribers.change(db, address, **chosen)
    return reader.id


def test_a_date_that_is_not_theirs_has_no_row_and_nobody_is_forgotten(house: House) -> None:
    join(house, "today@example.org", weekdays=THEIRS)
    join(house, "other@example.org", weekdays=OTHERS)
    join(house, "paused@example.org", paused_until=TODAY + DAY)
    join(house, "back@example.org", paused_until=TODAY)
    house.receive(9)
    for _ in range(2):
        house.compose()
        assert rows(house) == [
            ("today@example.org", TODAY, "pending", None),
            ("back@example.org", TODAY, "pending", None),
        ]
    with house.store.reading() as db:
        assert reports.forgotten(db, NOON - DAY, NOON) == 0
    assert next_due(house.store, NOON) == NOON.replace(hour=7) + DAY


def test_who_is_forgotten_is_still_told(house: House) -> None:
    """The rules of weekdays and pauses hide nobody whose date it was."""
    join(house, "today@example.org", weekdays=THEIRS)
    with house.store.reading() as db:
        assert reports.forgotten(db, NOON - DAY, NOON) == 1


def test_who_makes_a_past_date_theirs_is_not_late(house: House) -> None:
    """Their choice of this evening makes this morning's issue no debt of ours."""
    join(house, "a@example.org", weekdays=OTHERS)
    join(house, "b@example.org")
    house.receive(9)
    house.compose()
    evening = NOON + timedelta(hours=8)
    with house.store.writing() as db:
        subscribers.change(db, "a@example.org", evening, weekdays=127)
    house.now = evening
    house.compose()
    assert [row[0] for row in rows(house)] == ["b@example.org"]
    with house.store.reading() as db:
        assert reports.forgotten(db, evening - DAY, evening) == 0
    assert "never composed" not in alerts.late(house.store, evening, "UTC", 20)
    # While it can still be caught up with, it comes at once.
    join(house, "c@example.org", weekdays=OTHERS)
    with house.store.writing() as db:
        subscribers.change(db, "c@example.org", NOON, weekdays=127)
    house.now = NOON
    house.compose()
    assert ("c@example.org", TODAY, "pending", None) in rows(house)


@pytest.mark.parametrize("named", [True, False])
def test_only_who_is_named_gets_an_issue_on_another_day(house: House, named: bool) -> None:  # noqa: FBT001
    reader = join(house, "other@example.org", weekdays=OTHERS)
    house.receive(9)
    house.compose(readers=Readers(now=True, ids=[reader] if named else None))
    assert len(rows(house)) == named


def test_a_weekly_message_waits_for_a_week_and_says_what_it_is(house: House) -> None:
    join(house, "weekly@example.org", weekdays=THEIRS, frequency="weekly", language="de")
    house.receive(9)
    with house.store.reading() as db:
        reader = subscribers.find(db, "weekly@example.org")
    assert reader
    before = draft(house.rules, NOON, reader, TODAY)
    house.compose()
    sent = draft(house.rules, NOON, reader, TODAY)
    assert render_email(sent.issue, sent.subscriber, head()).html == (
        render_email(before.issue, before.subscriber, head()).html
    )
    email = render_email(sent.issue, sent.subscriber, head())
    assert email.subject.startswith("Diese Woche: ")
    assert "5 Erkenntnisse der Woche" in email.text
    assert '<html lang="de"' in email.html
    with house.store.reading() as db:
        [row] = db.execute(delivery.select()).mappings()
        assert row["expires_at"] == row["due_at"] + 7 * DAY
    # What was composed is what is sent, whatever they choose meanwhile.
    with house.store.writing() as db:
        subscribers.change(db, "weekly@example.org", frequency="daily", language="fr")
        changed = subscribers.find(db, "weekly@example.org")
        assert changed
        frozen, _ = recipients.frozen(db, row, changed)
    assert (frozen.frequency, frozen.language) == ("weekly", "de")
