"""Silent readers: asked twice, each once in its time, and then no more; never who gave a sign."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from newsletter.delivery.returned import ReturnRules, take
from newsletter.domain.notices import Purpose, asked, message_id, path
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.services.preferences import Preferences
from newsletter.services.prune import forget_unconfirmed
from newsletter.services.sunset import (
    NO_ANSWER,
    StillLinks,
    StillState,
    SunsetReport,
    SunsetRules,
    sunset_step,
)
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.storage import Store, notices, subscriber_states, subscribers, sunset
from newsletter.storage.returns import Incoming
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import notice as table
from tests.builders import NOON, subscribe

DAY = timedelta(days=1)
SECRET = b"a secret of the tests"
JOINED = NOON - 400 * DAY


@dataclass
class List:
    """Readers who were sent an issue yesterday; what is asked for is sent at once."""

    store: Store
    rules: SunsetRules = field(default_factory=lambda: SunsetRules(months=6, a_day=100))
    now: datetime = NOON

    def reader(self, name: str = "ann", since: datetime = JOINED) -> int:
        with self.store.writing() as db:
            number = subscribe(db, f"{name}@example.org", since=since).id
        self.issue(number, (self.now - DAY).date())
        return number

    def issue(self, number: int, day: date) -> None:
        row = {
            "subscriber_id": number, "date": day, "state": "sent", "message_id": f"<{number}>",
            "due_at": NOON, "expires_at": NOON, "next_attempt_at": NOON, "changed_at": NOON,
            "attempts": 1, "answer": "",
        }  # fmt: skip
        with self.store.writing() as db:
            db.execute(deliveries.insert().values(**row))

    def step(self, *, becomes: str = "sent") -> tuple[int, int, int]:
        """(asked, of them for the second time, ended), once more on the same day: nothing."""
        done = sunset_step(self.store, self.rules, self.now)
        assert sunset_step(self.store, self.rules, self.now).ended == 0
        with self.store.writing() as db:
            waiting = table.update().where(table.c.state == "pending")
            db.execute(waiting.values(state=becomes, changed_at=self.now))
        return done.asked, done.reminded, done.ended

    def later(self, days: int) -> None:
        self.now += days * DAY

    def state(self, number: int) -> str | None:
        with self.store.reading() as db:
            return subscribers.state_of(db, number)

    def token(self, number: int) -> str:
        """Of the newest notice."""
        with self.store.reading() as db:
            notice = notices.find(db, notices.of_subscriber(db, number)[0]["id"])
        assert notice
        return path(SECRET, notice).removeprefix("/still/")

    @property
    def links(self) -> StillLinks:
        return StillLinks(self.store, SECRET, lambda: self.now)


@pytest.fixture
def people(store: Store) -> List:
    return List(store)


def test_who_is_silent_is_asked_twice_and_then_unsubscribed(people: List) -> None:
    ann, bob = people.reader(), people.reader("bob", since=NOON - 30 * DAY)
    assert people.step() == (1, 0, 0)
    people.later(13)
    assert people.step() == (0, 0, 0)
    people.later(1)
    assert people.step() == (1, 1, 0)
    people.later(13)
    assert people.step() == (0, 0, 0)
    people.later(1)
    assert people.step() == (0, 0, 1)
    assert (people.state(ann), people.state(bob)) == ("unsubscribed", "active")
    with people.store.reading() as db:
        assert subscribers.state_since(db, ann) == (people.now, NO_ANSWER)


def test_nobody_is_asked_unless_the_operator_says_so(people: List) -> None:
    people.reader()
    people.rules = SunsetRules()
    assert sunset_step(people.store, people.rules, NOON) == SunsetReport()
    with people.store.reading() as db:
        assert not notices.waiting(db)


@pytest.mark.parametrize("sign", ["vote", "choice", "nothing changed", "answer", "came back"])
def test_a_sign_begins_the_silence_anew(people: List, sign: str) -> None:
    ann = people.reader()
    people.step()
    people.later(14)
    people.step()
    with people.store.writing() as db:
        reader = subscribers.numbered(db, ann)
        assert reader
        if sign == "vote":  # tests/web/test_votes.py has the rest
            subscriber_states.note_sign(db, ann, people.now + DAY)
        if sign == "answer":
            answer = Incoming("k", "mail", Return(ReturnKind.REPLY, delivery=1))
            take(db, answer, "", ReturnRules(), people.now + DAY)
    if sign in ("choice", "nothing changed"):
        after = reader if sign == "nothing changed" else replace(reader, hour=9)
        Preferences(people.store, SECRET, lambda: people.now + DAY).save(reader, after)
    if sign == "came back":
        with people.store.writing() as db:
            subscriber_states.leave(db, ann, people.now)
            subscriber_states.rejoin(db, ann, people.now + DAY)
    people.later(20)
    assert people.step() == (0, 0, 0)
    people.later(200)
    people.issue(ann, people.now.date())
    assert people.step() == (1, 0, 0), "after as many months again"


def test_who_got_nothing_or_paused_meanwhile_is_not_asked(people: List) -> None:
    paused = people.reader("paused")
    with people.store.writing() as db:
        subscribe(db, "unserved@example.org", since=JOINED)
        subscribers.change(db, "paused@example.org", paused_until=NOON.date() - 20 * DAY)
    assert people.step() == (0, 0, 0)
    people.later(200)
    people.issue(paused, people.now.date())
    assert people.step() == (1, 0, 0)


def test_no_more_are_asked_on_a_day_than_are_allowed(people: List) -> None:
    for number in range(7):
        people.reader(f"r{number}")
    people.rules = SunsetRules(months=6, a_day=3)
    asked_first = []
    for _ in range(3):
        asked_first.append(people.step()[0])
        people.later(1)
    assert asked_first == [3, 3, 1]
    people.later(11)
    counts = []
    for _ in range(3):
        counts.append(people.step())
        people.later(1)
    assert counts == [(3, 3, 0), (3, 3, 0), (1, 1, 0)]


def test_who_was_reached_by_neither_is_not_unsubscribed(people: List) -> None:
    ann, bob = people.reader(), people.reader("bob")
    people.step(becomes="failed")
    people.later(14)
    assert people.step(becomes="failed") == (2, 2, 0)
    people.later(14)
    with people.store.writing() as db:
        db.execute(table.update().where(table.c.subscriber_id == bob).values(state="sent"))
        for row in db.execute(table.select().where(table.c.subscriber_id == bob)).all():
            soft = Return(ReturnKind.BOUNCE, Severity.SOFT, notice=(row.id, asked(row.asked_at)))
            take(db, Incoming(f"{row.id}", "mail", soft), "", ReturnRules(), people.now)
    assert people.step() == (0, 0, 0)
    assert (people.state(ann), people.state(bob)) == ("active", "active")


def test_what_still_waits_to_be_sent_is_no_step(people: List) -> None:
    people.reader()
    sunset_step(people.store, people.rules, people.now)
    people.later(20)
    assert sunset_step(people.store, people.rules, people.now) == SunsetReport()


def test_looking_changes_nothing_and_the_button_keeps_them(people: List) -> None:
    ann = people.reader()
    people.step()
    token = people.token(ann)
    people.later(14)
    people.step()
    assert people.links.look(token).state is StillState.ASK
    with people.store.reading() as db:
        assert subscriber_states.last_sign(db, ann) is None
        assert sunset.unanswered(db) == 1
    people.later(1)
    assert people.links.keep(token).state is StillState.KEPT
    with people.store.reading() as db:
        assert subscriber_states.last_sign(db, ann) == people.now
        assert sunset.unanswered(db) == 0
        (row,) = notices.totals(db, JOINED, people.now)
        assert (row["asked"], row["sent"], row["answered"]) == (2, 2, 1)
    people.later(30)
    assert people.step() == (0, 0, 0)


def test_who_did_not_answer_comes_back_by_the_same_link_and_by_that_of_an_issue(
    people: List,
) -> None:
    ann = people.reader()
    for _ in range(3):
        people.step()
        people.later(14)
    assert people.state(ann) == "unsubscribed"
    token = people.token(ann)
    assert people.links.look(token).state is StillState.ENDED
    assert people.links.keep(token).state is StillState.BACK
    assert people.state(ann) == "active"
    assert people.step() == (0, 0, 0)
    with people.store.writing() as db:
        subscriber_states.leave(db, ann, people.now, NO_ANSWER)
    leaving = UnsubscribeLinks(people.store, SECRET, lambda: people.now)
    assert leaving.undo(people.links.look(token).leave).state == "back"


@pytest.mark.parametrize("after", ["unsubscribed", "bounced", "complained", "pending"])
def test_an_old_link_brings_nobody_back_who_left_by_themselves(people: List, after: str) -> None:
    ann = people.reader()
    people.step()
    token = people.token(ann)
    with people.store.writing() as db:
        subscribers.change(db, "ann@example.org", state=after)
    assert people.links.keep(token).state is StillState.LEFT
    assert people.state(ann) == after


def test_the_link_of_another_purpose_time_or_reader_is_nobodys(people: List) -> None:
    ann, bob = people.reader(), people.reader("bob")
    people.step()
    token = people.token(ann)
    signature = people.token(bob).rpartition(".")[2]
    others = [
        token + "x",
        f"{token.rpartition('.')[0]}.{signature}",
        token.replace("-", "-1", 1),
        "",
        "1.2.3",
    ]
    assert {people.links.keep(one).state for one in others} == {StillState.UNKNOWN}
    people.later(60)
    assert people.links.keep(token).state is StillState.UNKNOWN
    with people.store.writing() as db:
        notices.ask(db, ann, Purpose.CONFIRM, people.now.date(), people.now)
    confirm = people.token(ann).removeprefix("/confirm/")
    assert people.links.keep(confirm).state is StillState.UNKNOWN
    assert people.state(ann) == "active"


def test_forgetting_old_notices_forgets_no_step(people: List) -> None:
    ann = people.reader()
    people.step()
    people.later(40)
    forget_unconfirmed(people.store, 14, people.now)
    assert people.step() == (1, 1, 0)
    people.later(121)
    forget_unconfirmed(people.store, 14, people.now)
    with people.store.reading() as db:
        assert notices.of_subscriber(db, ann) == []


@pytest.mark.parametrize("wrapped", ["<{}>", "{}"])
def test_who_answers_from_another_address_is_there(people: List, wrapped: str) -> None:
    ann = people.reader()
    people.step()
    people.later(14)
    people.step()
    with people.store.writing() as db:
        notice = notices.find(db, notices.of_subscriber(db, ann)[0]["id"])
        assert notice
        asked_by = wrapped.format(message_id(notice, "news.example")[1:-1])
        others = message_id(replace(notice, asked_at=NOON), "news.example")
        for number, identity in enumerate([others, asked_by]):
            it = Return(ReturnKind.REPLY, message_id=identity)
            one = Incoming(f"{number}", "mail", it)
            taken = take(db, one, "private@elsewhere.example", ReturnRules(), people.now)
            assert taken.owner is None or not taken.owner.proved
            assert (taken.owner is not None) is (identity is asked_by)
    people.later(14)
    assert people.step() == (0, 0, 0)


def test_a_bounce_that_only_names_a_question_is_believed_of_nobody(people: List) -> None:
    ann = people.reader()
    people.step()
    with people.store.writing() as db:
        notice = notices.find(db, notices.of_subscriber(db, ann)[0]["id"])
        assert notice
        identity = message_id(notice, "news.example")
        bounce = Return(ReturnKind.BOUNCE, Severity.HARD, message_id=identity)
        assert take(db, Incoming("k", "mail", bounce), "", ReturnRules(), people.now).owner
    assert people.state(ann) == "active"


def test_who_leaves_after_the_silence_is_not_brought_back_by_an_old_question(people: List) -> None:
    ann = people.reader()
    for _ in range(3):
        people.step()
        people.later(14)
    still = people.token(ann)
    leaving = UnsubscribeLinks(people.store, SECRET, lambda: people.now)
    leaving.leave(people.links.look(still).leave)
    assert people.links.keep(still).state is StillState.LEFT
    assert people.state(ann) == "unsubscribed"
    with people.store.reading() as db:
        assert subscribers.state_since(db, ann)[1] == "by the link in a message"
