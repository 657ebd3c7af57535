"""The last look: what changed shortly before a message, and how often the ledger is asked."""

from datetime import timedelta

import pytest

from newsletter.delivery.last_look import GOOD_FOR
from newsletter.mail.channels import Envelope
from newsletter.storage import operator_actions, settlements, subscriber_states, subscribers
from tests.builders import TODAY, subscribe
from tests.delivery.conftest import House
from tests.delivery.test_worker_pool import states

SOON, LATE = GOOD_FOR * 0.9, GOOD_FOR


@pytest.fixture(autouse=True)
def three_readers(house: House) -> None:
    with house.store.writing() as db:
        for address in ("ann@example.org", "bob@example.org", "cat@example.org"):
            subscribe(db, address)
    house.receive(12)


def after_the_first(house: House, deed: str, seconds: float) -> list[tuple[str, str | None]]:
    """The states after something was done between the first message and the others."""

    def before(_: Envelope) -> None:
        if not house.channel.taken:
            _do(house, deed)
            house.now += timedelta(seconds=seconds)

    house.channel.before = before
    house.tick()
    return states(house)


def _do(house: House, deed: str) -> None:
    with house.store.writing() as db:
        if deed == "pause":
            operator_actions.pause(db, house.now)
        elif deed == "cancel":
            operator_actions.cancel(db, TODAY, house.now)
        else:
            for each in subscribers.everyone(db):
                subscriber_states.leave(db, each.id, house.now)


WITHHELD = {"pause": "pending", "cancel": "skipped", "leave": "skipped"}


@pytest.mark.parametrize("deed", WITHHELD)
def test_what_was_done_a_quarter_of_a_second_ago_is_heard(house: House, deed: str) -> None:
    first, *others = after_the_first(house, deed, LATE)
    assert first[0] == "sent"
    assert {state for state, _ in others} == {WITHHELD[deed]}


@pytest.mark.parametrize("deed", WITHHELD)
def test_what_is_done_within_it_comes_too_late_for_what_is_on_its_way(
    house: House, deed: str
) -> None:
    assert {state for state, _ in after_the_first(house, deed, SOON)} == {"sent"}


def test_the_ledger_is_asked_once_for_all_rows_of_a_claim(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look = list[int](), settlements.look

    def counted(db: object, ids: list[int], owner: str) -> object:
        asked.append(len(ids))
        return look(db, ids, owner)  # type: ignore[arg-type]

    monkeypatch.setattr(settlements, "look", counted)
    house.tick()
    assert asked == [3]
    assert len(house.channel.taken) == 3
