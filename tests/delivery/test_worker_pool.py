"""What becomes of a row, whatever the channel answers and whoever else sends."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from newsletter.composing.draft import draft
from newsletter.composing.readers import Readers
from newsletter.delivery.context import Report
from newsletter.domain.errors import (
    AnswerLost,
    ChannelDown,
    Deferred,
    DeliveryError,
    Refused,
    SenderRefused,
    StoreError,
)
from newsletter.mail.channels import Envelope
from newsletter.mail.message import message
from newsletter.rendering.renderer import Renderer
from newsletter.storage import subscriber_states, subscribers
from newsletter.storage.schema import delivery
from tests.builders import renderer, subscribe
from tests.delivery.conftest import House

ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"


@pytest.fixture(autouse=True)
def three_readers(house: House) -> None:
    with house.store.writing() as db:
        for address in (ANN, BOB, CAT):
            subscribe(db, address)
    house.receive(12)


def states(house: House) -> list[tuple[str, str | None]]:
    with house.store.reading() as db:
        rows = db.execute(delivery.select().order_by(delivery.c.id))
        return [(row.state, row.reason) for row in rows]


def test_everybody_gets_one_message_ever(house: House) -> None:
    assert house.tick().outcomes == Counter(sent=3)
    assert house.tick().outcomes == Counter()
    assert house.tick(readers=Readers(now=True)).outcomes == Counter()
    assert house.channel.recipients == [ANN, BOB, CAT]
    assert states(house) == [("sent", None)] * 3


def test_a_refusal_fails_that_reader_alone(house: House) -> None:
    house.channel.answers[BOB] = [Refused("550 5.1.1 no such user")]
    report = house.tick()
    assert (report.outcomes, report.ok) == (Counter(sent=2, failed=1), False)
    assert states(house)[1] == ("failed", "refused")
    house.now += timedelta(hours=1)
    assert house.tick().outcomes == Counter()


def test_a_deferred_message_waits_longer_each_time_and_is_the_same(house: House) -> None:
    house.channel.answers[BOB] = [Deferred("451 later")] * 2
    seen: list[bytes] = []
    house.channel.before = lambda e: seen.append(e.message) if e.recipient == BOB else None
    assert house.tick().outcomes == Counter(sent=2, pending=1)
    house.now += timedelta(minutes=4, seconds=59)
    assert house.tick().outcomes == Counter()
    house.now += timedelta(seconds=76)
    assert house.tick().outcomes == Counter(pending=1)
    house.now += timedelta(minutes=9, seconds=59)
    assert house.tick().outcomes == Counter()
    house.now += timedelta(minutes=2, seconds=31)
    assert house.tick().outcomes == Counter(sent=1)
    assert len(set(seen)) == 1
    assert len(seen) == 3


def test_a_deferred_message_waits_until_the_next_issue_is_due(house: House) -> None:
    house.channel.answers[BOB] = [Deferred("451 later")] * 99
    house.tick()
    house.now += timedelta(days=1)
    house.compose()
    house.deliver()
    assert states(house)[1] == ("failed", "expired")


def test_a_lost_answer_is_unknown_and_never_repeated(house: House) -> None:
    house.channel.answers[BOB] = [AnswerLost("no answer")]
    assert house.tick().outcomes == Counter(sent=2, unknown=1)
    house.now += timedelta(hours=3)
    assert house.tick(readers=Readers(now=True)).outcomes == Counter()
    assert states(house)[1] == ("unknown", None)


@pytest.mark.parametrize("error", [ChannelDown("refused"), SenderRefused("535 bad password")])
def test_a_server_that_is_down_or_a_fault_of_ours_fails_no_reader(
    house: House, error: ChannelDown | SenderRefused
) -> None:
    house.channel.answers[BOB] = [error]
    report = house.tick()
    assert report.stopped is error
    assert states(house) == [("sent", None), ("pending", None), ("pending", None)]
    assert house.tick().outcomes == Counter(sent=2)


def test_a_reader_who_left_since_composing_gets_nothing(house: House) -> None:
    house.compose()
    with house.store.writing() as db:
        bob = subscribers.find(db, BOB)
        assert bob
        subscriber_states.leave(db, bob.id, house.now)
    assert house.deliver().outcomes == Counter(sent=2, skipped=1)
    assert states(house)[1] == ("skipped", "unsubscribed")
    assert BOB not in house.channel.recipients


def test_stopping_finishes_the_message_in_hand_and_frees_the_rest(house: House) -> None:
    house.stop = lambda: len(house.channel.taken) == 1
    assert house.tick().outcomes == Counter(sent=1)
    assert states(house) == [("sent", None), ("pending", None), ("pending", None)]


def test_a_crash_leaves_only_the_message_in_flight_unknown(house: House) -> None:
    """Killed in the channel: nobody knows whether the server has it."""

    def crash(envelope: Envelope) -> None:
        if envelope.recipient == BOB:
            raise KeyboardInterrupt

    house.channel.before = crash
    with pytest.raises(KeyboardInterrupt):
        house.tick()
    assert states(house) == [("sent", None), ("unknown", None), ("pending", None)]
    house.channel.before = lambda _: None
    house.owner = "sender two"
    house.now += timedelta(minutes=16)
    assert house.tick().outcomes == Counter(sent=1)
    assert states(house) == [("sent", None), ("unknown", None), ("sent", None)]


def test_a_broken_template_sends_nothing_and_loses_nothing(house: House) -> None:
    broken = replace(house.branding, renderer=_Broken())
    house.branding = broken
    with pytest.raises(RuntimeError):
        house.tick()
    assert states(house) == [("pending", None)] * 3


class _Broken(Renderer):
    """Everything that a renderer has, but it cannot render."""

    def __init__(self) -> None:
        vars(self).update(vars(renderer()))

    def render_pieces(self, name: str, _values: dict[str, object]) -> list[str]:
        raise RuntimeError(name)


def test_a_sender_does_not_settle_a_row_that_another_took(house: House) -> None:
    """It slept past its lease: another decided, and that stands."""

    def sleep(envelope: Envelope) -> None:
        if envelope.recipient == ANN:
            house.now += timedelta(minutes=16)
            other = replace(house, owner="sender two", channel=type(house.channel)())
            other.deliver()

    house.channel.before = sleep
    report = house.tick()
    assert report.outcomes["unknown"] == 1
    assert states(house)[0] == ("unknown", None)
    assert house.channel.recipients.count(ANN) == 1


def test_a_row_whose_lease_ended_while_its_sender_slept_is_claimed_again(house: House) -> None:
    slept: list[Envelope] = []

    def sleep(envelope: Envelope) -> None:
        if envelope.recipient == ANN and not slept:
            slept.append(envelope)
            house.now += timedelta(minutes=16)

    house.channel.before = sleep
    house.tick()
    assert slept
    assert states(house) == [("sent", None)] * 3
    assert len(house.channel.recipients) == len(set(house.channel.recipients))


def test_rows_claimed_behind_a_slow_server_keep_their_lease(house: House) -> None:
    def slow(_: Envelope) -> None:
        house.now += timedelta(minutes=10)
        replace(house, owner="sender two", channel=type(house.channel)()).deliver()

    house.channel.before = slow
    assert house.tick().outcomes == Counter(sent=3)
    assert states(house) == [("sent", None)] * 3


def test_two_senders_at_once_share_the_work(house: House) -> None:
    with house.store.writing() as db:
        for number in range(50):
            subscribe(db, f"r{number}@example.org")
    house.compose()
    other = replace(house, owner="sender two")
    reports: list[Report] = []

    def both(_: Envelope) -> None:
        if not reports:
            reports.append(Report(Counter()))
            reports.append(other.deliver())

    house.channel.before = both
    first = house.deliver()
    assert first.outcomes["sent"] + reports[1].outcomes["sent"] == 53
    assert len(set(house.channel.recipients)) == len(house.channel.recipients) == 53


def _impatient(driver: sqlite3.Connection, _record: object) -> None:
    driver.execute("PRAGMA busy_timeout = 1")


@pytest.mark.parametrize(
    ("answers", "at_bob", "cat_later"), [([], "sent", 0), ([AnswerLost("no answer")], "unknown", 1)]
)
def test_a_row_that_could_not_be_settled_is_not_sent_again(
    house: House, answers: list[DeliveryError], at_bob: str, cat_later: int
) -> None:
    """The database is locked for longer than is waited: not even the end can be written."""
    house.compose()
    house.channel.answers[BOB] = answers
    event.listen(house.store.engine, "connect", _impatient)
    house.store.close()  # what is connected already is patient
    path = str(house.store.engine.url.database)
    with closing(sqlite3.connect(path, check_same_thread=False)) as lock:

        def locked(envelope: Envelope) -> None:
            if envelope.recipient == BOB:
                lock.execute("BEGIN IMMEDIATE")

        house.channel.before = locked
        with pytest.raises(StoreError, match="locked"):
            house.deliver()
    assert states(house) == [("sending", None)] * 3
    house.channel.before = lambda _: None
    assert house.deliver().outcomes == +Counter(sent=cat_later)
    assert house.deliver().outcomes == Counter()
    assert states(house) == [("sent", None), (at_bob, None), ("sent", None)]
    assert len(house.channel.recipients) == len(set(house.channel.recipients))


def test_a_row_that_always_stops_the_run_holds_up_no_other_reader(house: House) -> None:
    house.channel.answers[ANN] = [SenderRefused("550 5.7.1 we take nothing from you")] * 9
    house.compose()
    for _ in range(2):
        house.now += timedelta(seconds=30)
        house.deliver()
    assert states(house) == [("pending", None), ("sent", None), ("sent", None)]


def test_a_clock_that_ran_ahead_leaves_nobody_waiting(house: House) -> None:
    house.compose()
    house.channel.answers[BOB] = [Deferred("451 later", shared=True)]
    house.now += timedelta(hours=12)
    assert house.deliver().outcomes["pending"]
    house.now -= timedelta(hours=12)
    assert house.deliver().ok
    assert states(house) == [("sent", None)] * 3


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_a_skipped_row_says_why_its_reader_left(house: House, state: str) -> None:
    house.compose()
    with house.store.writing() as db:
        subscribers.change(db, BOB, state=state)
    assert house.deliver().outcomes == Counter(sent=2, skipped=1)
    assert states(house)[1] == ("skipped", state)
    assert BOB not in house.channel.recipients


def test_a_bounce_is_kept_with_its_instant_and_the_answer(house: House) -> None:
    house.channel.answers[BOB] = [Refused("550 5.1.1 no such user", hard=True)]
    house.tick()
    with house.store.reading() as db:
        bob = subscribers.find(db, BOB)
        assert bob
        assert bob.state == "bounced"
        assert subscribers.state_since(db, bob.id) == (house.now, "550 5.1.1 no such user")


def test_what_was_composed_is_what_is_sent(house: House) -> None:
    """Whatever changes while it waits; the Date is that of the composing, on every attempt."""
    house.compose()
    rules = replace(house.rules, store=house.store)
    with house.store.reading() as db:
        bob = subscribers.find(db, BOB)
    assert bob
    expected = message(draft(rules, house.now, bob, None), house.branding)
    with house.store.writing() as db:
        subscribers.change(db, BOB, name="Robert", timezone="Asia/Tokyo", interests="x")
    house.channel.answers[BOB] = [Deferred("451 later")]
    house.deliver()
    house.now += timedelta(hours=1)
    assert house.deliver().outcomes == Counter(sent=1)
    assert house.channel.taken[-1].message == expected
    with house.store.reading() as db:
        changed = subscribers.find(db, BOB)
    assert changed
    assert message(draft(rules, house.now, changed, None), house.branding) == expected
