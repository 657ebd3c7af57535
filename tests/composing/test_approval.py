"""Issues that wait for approval: held, composed anew after an edit, let go, or sent anyway."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.composing.compose import compose, due, edition_of
from newsletter.composing.draft import draft
from newsletter.composing.edition import Edition
from newsletter.composing.readers import Readers
from newsletter.composing.rules import Approval, Rules
from newsletter.domain.errors import Deferred, UsageError
from newsletter.domain.model import Issue
from newsletter.mail.message import message
from newsletter.services import approval
from newsletter.services.insights import Editor
from newsletter.storage import Store, issues, ledger, recipients, subscriber_states, subscribers
from tests.builders import NOON, TODAY, subscribe
from tests.conftest import new_store
from tests.delivery.conftest import House, house_in

ANN = "ann@example.org"
HOURS = timedelta(hours=1)
DUE = NOON.replace(hour=9)
MINUTE = timedelta(minutes=1)


def held_house(store: Store) -> House:
    house = house_in(store)
    house.approval = Approval(lead=2 * HOURS, wait=HOURS)
    house.now = DUE - timedelta(hours=2, minutes=1)
    with store.writing() as db:
        subscribe(db, ANN, hour=9)
    house.receive(12)
    return house


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.heavy)])
def engine(request: pytest.FixtureRequest) -> str:
    """Approving asks nothing of a server that storage/ is not tested with; its morning is below."""
    return str(request.param)


@pytest.fixture
def house(store: Store) -> House:
    """On either engine, a minute before the issue of nine o'clock is composed."""
    return held_house(store)


def at(house: House, instant: datetime) -> list[str]:
    """Who has been sent something by then."""
    house.now = instant
    house.tick()
    return house.channel.recipients


def issue_of(house: House, address: str = ANN, day: date = TODAY) -> Issue:
    with house.store.reading() as db:
        reader = subscribers.find(db, address)
        assert reader
        row = ledger.find(db, reader.id, day)
        assert row
        assert row["issue_id"]
        return issues.load(db, row["issue_id"])


def picked(house: House, address: str = ANN) -> list[int]:
    return [pick.insight_id for pick in issue_of(house, address).picks]


def house_picks(house: House, day: date = TODAY) -> list[int]:
    with house.store.reading() as db:
        number = issues.house(db, day)
        assert number
        return [pick.insight_id for pick in issues.load(db, number).picks]


def editor(house: House) -> Editor:
    return Editor(house.store, "ed", house.now)


def approve(house: House, day: date = TODAY) -> approval.Approved:
    return approval.approve(house.store, day, "ed", house.now, asked=True)


def row(house: House, address: str = ANN) -> Any:
    with house.store.reading() as db:
        reader = subscribers.find(db, address)
        assert reader
        return ledger.find(db, reader.id, TODAY)


def sent_text(house: House, number: int = 0) -> str:
    return message_from_bytes(house.channel.taken[number].message).as_string()


def test_it_is_composed_two_hours_before_and_waits(house: House) -> None:
    assert at(house, DUE - 2 * HOURS - MINUTE) == []
    assert row(house) is None
    assert at(house, DUE - 2 * HOURS) == []
    (waits,) = approval.waiting(house.store)
    assert (waits.date, waits.readers, waits.first) == (TODAY, 1, DUE + HOURS)
    assert at(house, DUE) == at(house, DUE + HOURS - MINUTE) == []


def test_without_an_approval_it_is_sent_anyway_by_a_set_time(house: House) -> None:
    at(house, DUE - HOURS)
    assert at(house, DUE + HOURS) == [ANN]
    assert approval.waiting(house.store) == []


def test_approved_it_goes_at_its_hour_and_is_dated_so(house: House) -> None:
    at(house, DUE - HOURS)
    assert (approve(house).readers, approve(house).again) == (1, True)
    assert at(house, DUE - MINUTE) == []
    assert at(house, DUE) == [ANN]
    dated = message_from_bytes(house.channel.taken[0].message)["Date"]
    assert parsedate_to_datetime(dated) == DUE


def test_approved_after_its_hour_it_goes_at_once(house: House) -> None:
    assert at(house, DUE + 20 * MINUTE) == []
    approve(house)
    assert at(house, DUE + 21 * MINUTE) == [ANN]


def test_what_is_composed_too_late_to_wait_is_sent(house: House) -> None:
    assert at(house, DUE + 2 * HOURS) == [ANN]


def test_an_edit_before_approval_is_in_what_is_sent(house: House) -> None:
    at(house, DUE - HOURS)
    first, *_, last = before = picked(house)
    spare = next(number for number in range(1, 13) if number not in before)
    house.now += MINUTE
    edit = editor(house)
    edit.block(first)
    edit.pin(spare, TODAY, 5)
    edit.edit(last, "It was corrected.")
    assert edit.note(TODAY, "Good morning.") == 0
    approve(house)
    assert at(house, DUE) == [ANN]
    after = issue_of(house)
    assert first not in picked(house)
    assert (after.picks[0].insight_id, after.note) == (spare, "Good morning.")
    for words in ("Good morning.", "It was corrected."):
        assert words in sent_text(house)
    assert house_picks(house)[0] == spare
    with house.store.reading() as db:
        reader = subscribers.find(db, ANN)
    assert reader
    shown = draft(house.rules, house.now, reader, TODAY)
    assert shown.dated_at == DUE


def test_what_was_picked_before_the_edit_is_not_taken_for_read(house: House) -> None:
    at(house, DUE - HOURS)
    before = picked(house)
    editor(house).note(TODAY, "Good morning.")
    at(house, DUE - HOURS + MINUTE)
    assert picked(house) == before == house_picks(house)
    assert issue_of(house).first


def test_an_edit_after_approval_changes_nothing_that_is_composed(house: House) -> None:
    at(house, DUE - HOURS)
    before = issue_of(house)
    approve(house)
    house.tick()
    editor(house).block(before.picks[0].insight_id)
    assert editor(house).note(TODAY, "Too late.") == 1
    assert at(house, DUE) == [ANN]
    assert issue_of(house) == before


def test_an_edit_just_before_the_approval_is_heeded_though_nothing_ran_between(
    house: House,
) -> None:
    at(house, DUE - HOURS)
    first = picked(house)[0]
    editor(house).block(first)
    approve(house)
    house.now = DUE
    house.tick()
    assert house.channel.recipients == [ANN]
    assert first not in picked(house)


def test_the_order_of_the_editor(house: House) -> None:
    at(house, DUE - HOURS)
    before = picked(house)
    editor(house).order(TODAY, before[::-1])
    at(house, DUE - HOURS + MINUTE)
    assert picked(house) == house_picks(house) == before[::-1]
    editor(house).order(TODAY, [])
    at(house, DUE - HOURS + 2 * MINUTE)
    assert picked(house) == before
    with pytest.raises(UsageError, match="in the order of selection already"):
        editor(house).order(TODAY, [])
    with pytest.raises(UsageError, match="twice"):
        editor(house).order(TODAY, [before[0], before[0]])


def test_where_too_little_is_left_nothing_is_sent_until_more_comes(house: House) -> None:
    at(house, DUE - HOURS)
    for number in range(1, 11):
        editor(house).block(number)
    at(house, DUE - HOURS + MINUTE)
    found = row(house)
    assert (found["state"], found["reason"], found["held"]) == ("skipped", "too_few", None)
    house.now += MINUTE
    house.receive(5, start=30)
    assert at(house, DUE - 30 * MINUTE) == []
    assert [one.readers for one in approval.waiting(house.store)] == [1]
    approve(house)
    assert at(house, DUE) == [ANN]


def test_an_approval_is_for_a_date_wherever_it_begins(house: House) -> None:
    with house.store.writing() as db:
        subscribe(db, "tokyo@example.org", timezone="Asia/Tokyo", hour=9)
        subscribe(db, "york@example.org", timezone="America/New_York", hour=9)
    at(house, datetime(2026, 3, 13, 22, 30, tzinfo=UTC))  # 7:30 in Tokyo
    assert [(one.date, one.readers) for one in approval.waiting(house.store)] == [(TODAY, 1)]
    approve(house)
    assert at(house, datetime(2026, 3, 14, 0, tzinfo=UTC)) == ["tokyo@example.org"]
    at(house, DUE)
    at(house, DUE + 4 * HOURS)
    assert house.channel.recipients == ["tokyo@example.org", ANN, "york@example.org"]
    assert approval.waiting(house.store) == []


def test_send_now_waits_for_it_as_well(house: House) -> None:
    now = Readers(now=True)
    house.compose(readers=now)
    assert house.tick(readers=now).outcomes.total() == 0
    assert due(house.rules, house.now, None, now) == []
    approve(house)
    house.tick(readers=now)
    assert house.channel.recipients == [ANN]


def test_approved_and_hurried_it_is_not_dated_after_it_was_sent(house: House) -> None:
    at(house, DUE - HOURS)
    approve(house)
    house.now = DUE - 30 * MINUTE
    house.tick(readers=Readers(now=True))
    dated = message_from_bytes(house.channel.taken[0].message)["Date"]
    assert parsedate_to_datetime(dated) == house.now


def test_a_cancelled_date_waits_for_nothing(house: House) -> None:
    from newsletter.services import operator_actions

    at(house, DUE - HOURS)
    assert operator_actions.cancel(house.store, TODAY, house.now).waited == 1
    assert approval.waiting(house.store) == []
    assert at(house, DUE + HOURS) == []


def test_who_left_meanwhile_is_composed_for_and_sent_nothing(house: House) -> None:
    at(house, DUE - HOURS)
    editor(house).block(picked(house)[0])
    with house.store.writing() as db:
        reader = subscribers.find(db, ANN)
        assert reader
        subscriber_states.leave(db, reader.id, house.now)
    assert at(house, DUE + HOURS) == []
    assert row(house)["reason"] == "unsubscribed"


def test_a_process_that_dies_while_it_composes_anew_leaves_what_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    at(house, DUE - HOURS)
    before, first = row(house), picked(house)[0]
    editor(house).block(first)
    with monkeypatch.context() as dies:
        dies.setattr(recipients, "freeze_rows", killed)
        with pytest.raises(Killed):
            house.compose()
    assert dict(row(house)) == dict(before)
    house.compose()
    assert first not in picked(house)
    assert at(house, DUE + HOURS) == [ANN]


def test_what_a_sender_has_had_stays_as_it_is(house: House) -> None:
    """It was sent anyway, and the server asked to wait: what was offered is what goes."""
    at(house, DUE - HOURS)
    before = issue_of(house)
    house.channel.answers[ANN] = [Deferred("451 later")]
    assert at(house, DUE + HOURS) == []
    editor(house).block(before.picks[0].insight_id)
    assert at(house, DUE + 2 * HOURS) == [ANN]
    assert issue_of(house) == before


def test_a_date_that_is_over_is_a_slip(house: House) -> None:
    with pytest.raises(UsageError, match="check the year"):
        approve(house, TODAY - timedelta(days=300))
    with pytest.raises(UsageError, match="no issue of 2026-03-14 waits"):
        approval.approve(house.store, TODAY, "ed", house.now, asked=False)
    with pytest.raises(UsageError, match="no date waits"):
        approval.the_one_that_waits(house.store)
    at(house, DUE - HOURS)
    assert approval.the_one_that_waits(house.store) == TODAY


def edited_meanwhile(house: House, act: Callable[[], None], *, made: bool) -> None:
    """A look in which the editor acts just after an edition was ``made``, or just before."""
    acts = [act]

    def editions(rules: Rules, day: date, until: int | None) -> Edition:
        if not made and acts:
            acts.pop()()
        edition = edition_of(rules, day, until)
        if acts:
            acts.pop()()
        return edition

    compose(house.rules, house.now, None, Readers(), editions)
    assert not acts


def test_an_edit_and_an_approval_while_it_is_composed_anew_are_heeded(house: House) -> None:
    at(house, DUE - HOURS)
    first, second, *_ = picked(house)

    def act() -> None:
        editor(house).block(second)
        editor(house).note(TODAY, "Approved.")
        approve(house)

    editor(house).block(first)
    house.now += MINUTE
    edited_meanwhile(house, act, made=True)
    assert at(house, DUE - 30 * MINUTE) == []
    assert at(house, DUE) == [ANN]
    assert not {first, second} & {*picked(house), *house_picks(house)}
    assert issue_of(house).note == "Approved."


def test_an_edit_after_an_approval_while_it_is_composed_anew_comes_too_late(house: House) -> None:
    at(house, DUE - HOURS)
    first, second, *_ = picked(house)

    def act() -> None:
        approve(house)
        editor(house).block(second)
        editor(house).note(TODAY, "Never approved.")

    editor(house).block(first)
    house.now += MINUTE
    edited_meanwhile(house, act, made=False)
    assert at(house, DUE) == [ANN]
    assert issue_of(house).note == ""
    for picks in (picked(house), house_picks(house)):
        assert first not in picks
        assert second in picks


def test_an_edit_and_an_approval_while_it_is_first_composed_are_heeded(house: House) -> None:
    """The edition was made before them, and serves all batches of the look."""

    def act() -> None:
        editor(house).block(1)
        editor(house).note(TODAY, "Approved.")
        approve(house)

    house.now = DUE - HOURS
    edited_meanwhile(house, act, made=True)
    assert house.deliver().outcomes.total() == 0
    assert [one.readers for one in approval.waiting(house.store)] == [1]
    assert at(house, DUE) == [ANN]
    assert issue_of(house).note == "Approved."
    assert 1 not in {*picked(house), *house_picks(house)}


def test_who_is_composed_after_the_approval_gets_what_was_done_since(house: House) -> None:
    york = "york@example.org"
    with house.store.writing() as db:
        subscribe(db, york, timezone="America/New_York", hour=9)
        reader = subscribers.find(db, york)
    assert reader
    at(house, DUE - HOURS)
    approve(house)
    house.tick()
    assert editor(house).note(TODAY, "Since.") == 1
    assert draft(house.rules, house.now, reader, TODAY).issue.note == "Since."
    assert at(house, DUE + 4 * HOURS) == [ANN, york]
    assert [issue_of(house, one).note for one in (ANN, york)] == ["", "Since."]


@pytest.mark.parametrize("mode", [True, False])
def test_what_was_blocked_by_mistake_and_unblocked_is_composed_again(
    house: House, *, mode: bool
) -> None:
    """Too little was left meanwhile, and nothing new comes in."""
    house = house if mode else replace(house, approval=None)
    for number in range(1, 11):
        editor(house).block(number)
    at(house, DUE + 20 * MINUTE)
    assert row(house)["reason"] == "too_few"
    house.now += 20 * MINUTE
    for number in range(1, 11):
        editor(house).unblock(number)
    if mode:
        approve(house)
    assert at(house, house.now) == [ANN]


def test_an_act_that_is_stored_after_a_look_began_is_heeded_by_the_next(house: House) -> None:
    at(house, DUE - HOURS)
    for number in range(1, 11):
        editor(house).block(number)
    unblocked_at = house.now + MINUTE
    at(house, unblocked_at + timedelta(seconds=2))
    assert row(house)["reason"] == "too_few"
    for number in range(1, 11):
        Editor(house.store, "ed", unblocked_at).unblock(number)
    approve(house)
    at(house, unblocked_at + timedelta(seconds=30))
    assert at(house, DUE) == [ANN]


class Morning:
    """One morning of two readers, and what must hold of it whatever happens."""

    def __init__(self, store: Store) -> None:
        self.house = house = held_house(store)
        with store.writing() as db:
            subscribe(db, "bob@example.org", hour=9, interests="granite")
        house.now = DUE - 2 * HOURS
        house.tick()
        self.approved_at: datetime | None = None
        self.note = ""
        self.amid: list[int] = []

    def live(self, events: Sequence[tuple[str, int]]) -> None:
        for what, number in events:
            getattr(self, what)(number)
            if self.house.channel.taken:
                wait = timedelta(0) if self.approved_at else HOURS
                assert self.house.now >= DUE + wait

    def tick(self, minutes: int) -> None:
        house = self.house
        house.now += minutes * MINUTE
        compose(house.rules, house.now, None, Readers(), self.edition)
        house.deliver()

    def edition(self, rules: Rules, day: date, acts: int | None) -> Edition:
        made = edition_of(rules, day, acts)
        for number in self.amid:
            self.write(number)
            if number % 2:
                self.approve(0)
        self.amid.clear()
        return made

    def look(self, number: int) -> None:
        """The next one lasts; the editor writes, and approves where the number is odd."""
        self.amid.append(number)

    def block(self, insight: int) -> None:
        editor(self.house).block(insight)

    def write(self, number: int) -> None:
        editor(self.house).note(TODAY, f"Note {number}.")
        if self.approved_at is None and self.house.now < DUE + HOURS:
            self.note = f"Note {number}."

    def approve(self, _: int) -> None:
        approve(self.house)
        self.approved_at = self.approved_at or self.house.now

    def defer(self, _: int) -> None:
        self.house.channel.answers.setdefault(ANN, []).append(Deferred("451 later"))

    def end(self) -> None:
        self.house.channel.answers.clear()
        at(self.house, DUE + 5 * HOURS)
        assert sorted(self.house.channel.recipients) == [ANN, "bob@example.org"]
        if self.approved_at is not None and self.approved_at < DUE + HOURS:
            assert issue_of(self.house).note == self.note


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(5, 50)),
        st.tuples(st.just("block"), st.integers(1, 6)),
        st.tuples(st.just("write"), st.integers(1, 99)),
        st.tuples(st.just("approve"), st.just(0)),
        st.tuples(st.just("look"), st.integers(1, 99)),
        st.tuples(st.just("defer"), st.just(0)),
    ),
    max_size=12,
)


@pytest.mark.heavy
@given(events=EVENTS)
def test_whatever_happens_in_the_morning(
    events: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nobody gets two or none, nothing goes before its hour, nothing that was not approved goes
    before the set time, and what goes heeds what was done before the approval and no more."""
    store = new_store(tmp_path_factory.mktemp("morning"))
    try:
        morning = Morning(store)
        morning.live(events)
        morning.end()
    finally:
        store.close()


@pytest.mark.parametrize(
    "events",
    [
        [("write", 93), ("block", 1), ("approve", 0), ("write", 1)],
        [("look", 6), ("look", 5), ("look", 4), ("block", 1), ("tick", 20)],
        [("write", 1), ("tick", 50), ("write", 2), ("defer", 0), ("tick", 50), ("tick", 50)],
    ],
)
def test_a_morning(events: list[tuple[str, int]], store: Store) -> None:
    morning = Morning(store)
    morning.live(events)
    morning.end()


def test_without_the_mode_nothing_waits(house: House) -> None:
    plain = replace(house, approval=None)
    assert at(plain, DUE - MINUTE) == []
    assert at(plain, DUE) == [ANN]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_on_a_server_a_claim_and_a_revision_of_the_same_rows_exclude_each_other(
    apart: Store,
) -> None:
    """Sent anyway at the very moment at which it is composed anew: either wins, and what the sender
    has is what the ledger says."""
    house = held_house(apart)
    with apart.writing() as db:
        for number in range(40):
            subscribe(db, f"r{number}@example.org", hour=9)
    at(house, DUE - HOURS)
    first = picked(house)[0]
    editor(house).block(first)
    house.now = DUE + HOURS
    with ThreadPoolExecutor(2) as both:
        composed, sent = both.submit(house.compose), both.submit(house.deliver)
        composed.result()
        sent.result()
    house.tick()
    assert len(house.channel.recipients) == len(set(house.channel.recipients)) == 41
    for envelope in house.channel.taken:
        with apart.reading() as db:
            reader = subscribers.find(db, envelope.recipient)
        assert reader
        kept = draft(house.rules, house.now, reader, TODAY)
        assert message(kept, house.branding) == envelope.message
