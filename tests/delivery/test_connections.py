"""Several connections of one process: who works, who leaves, and what ends them all."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, pairwise
from threading import Barrier, Event, Thread, current_thread, get_ident

import pytest

from newsletter.domain.errors import ChannelDown, DeliveryError, SenderRefused, StoreError
from newsletter.domain.model import ScheduledEmail
from newsletter.mail.channels import Attempt, Envelope
from newsletter.mail.message import message
from newsletter.rendering.branding import Branding
from newsletter.storage import operator_actions
from newsletter.storage.schema import delivery
from newsletter.turns import waiting
from tests.builders import subscribe
from tests.delivery.conftest import FakeChannel, House

READERS = 40
PATIENCE = 60
"""Seconds to wait for another thread: a machine that has other work is slow, not wrong."""


@pytest.fixture(autouse=True)
def forty_readers(house: House) -> None:
    with house.store.writing() as db:
        for number in range(READERS):
            subscribe(db, f"r{number}@example.org")
    house.receive(12)
    house.connections, house.claim = 4, 12


@dataclass
class Server:
    """Opens channels; from the ``most``-th on none can be had. ``fault`` comes after ten, ``more``
    is called before each message of a connection but its first."""

    most: int = 99
    fault: DeliveryError | None = None
    more: Callable[[], object] = lambda: None
    opened: list["One"] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    together: Barrier = field(default_factory=lambda: Barrier(4))
    leaving: list[Thread] = field(default_factory=list)

    def __call__(self) -> "One":
        one = One(self, next(self.numbers))
        self.opened.append(one)
        return one

    @property
    def recipients(self) -> list[str]:
        return [name for one in self.opened for name in one.recipients]


@dataclass
class One(FakeChannel):
    server: Server = field(kw_only=True)
    number: int = field(kw_only=True)
    threads: set[int] = field(default_factory=set)
    closed: bool = False

    def __init__(self, server: Server, number: int) -> None:
        super().__init__()
        self.server, self.number, self.threads = server, number, set()

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        self.threads.add(get_ident())
        if self.number >= self.server.most:
            raise ChannelDown("421 too many connections")
        if self.taken:
            with waiting():
                self.server.more()
        else:
            self.meet()
        if self.server.fault and len(self.server.recipients) >= 10:
            raise self.server.fault
        return super().send(envelope, attempt)

    def meet(self) -> None:
        """The first message of each: nobody does all the work before the others have begun, or
        have left because they cannot be had."""
        if self.server.most not in (0, 4):
            with waiting():
                self.server.together.wait(PATIENCE)
                for thread in self.server.leaving:
                    thread.join(PATIENCE)

    def close(self) -> None:
        self.closed = True
        if 0 < self.server.most <= self.number < 4:
            self.server.leaving.append(current_thread())
            with waiting():
                self.server.together.wait(PATIENCE)


def states(house: House) -> Counter[str]:
    with house.store.reading() as db:
        return Counter(db.scalars(delivery.select().with_only_columns(delivery.c.state)))


def test_connections_share_the_work_and_nobody_gets_two(house: House) -> None:
    house.connect = server = Server()
    assert house.tick().outcomes == Counter(sent=READERS)
    assert len(server.opened) == 4
    assert all(one.taken and one.closed and len(one.threads) == 1 for one in server.opened)
    assert len(set(server.recipients)) == len(server.recipients) == READERS
    assert states(house) == Counter(sent=READERS)


def test_no_more_connections_are_opened_than_there_are_claims(house: House) -> None:
    house.claim, house.connect = 80, Server(most=4)
    house.tick()
    assert len(house.connect.opened) == 2, "for 40 readers, in claims of a quarter of 80"


def test_a_claim_is_what_is_sent_in_a_moment(house: House) -> None:
    """It grows as long as the server is fast, and shrinks once it is slow."""
    with house.store.writing() as db:
        for number in range(READERS, 250):
            subscribe(db, f"r{number}@example.org")
    in_hand = [0]

    class SlowAtLast(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
            in_hand.append(states(house)["sending"])
            if len(self.taken) >= 75:
                house.now += timedelta(seconds=1)
            return super().send(envelope, attempt)

    house.connections, house.claim, house.channel = 1, 100, SlowAtLast()
    house.tick()
    claims = [after for before, after in pairwise(in_hand) if after > before]
    assert claims == [25, 50, 100, 50, 25]
    assert states(house) == Counter(sent=250)


def test_a_server_that_allows_two_is_served_over_two(house: House) -> None:
    house.connect = server = Server(most=2)
    report = house.tick()
    assert report.stopped is None
    assert states(house) == Counter(sent=READERS)
    assert len(set(server.recipients)) == len(server.recipients) == READERS


def test_a_run_without_a_connection_stops_and_all_stay_pending(house: House) -> None:
    house.connect = Server(most=0)
    assert str(house.tick().stopped) == "421 too many connections"
    assert states(house) == Counter(pending=READERS)


def test_a_fault_of_ours_stops_every_worker_and_fails_no_reader(house: House) -> None:
    fault = SenderRefused("550 5.7.1 no")
    house.connect = server = Server(fault=fault)
    assert house.tick().stopped is fault
    done = len(server.recipients)
    assert 10 <= done <= 13
    assert states(house) == Counter(sent=done, pending=READERS - done)


def test_a_pause_stops_every_worker(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.delivery.outcomes.SETTLE_EVERY", 0.0)  # each is told at once
    monkeypatch.setattr("newsletter.delivery.last_look.GOOD_FOR", 0.0)
    paused = Event()
    house.connect = server = Server(more=lambda: paused.wait(PATIENCE))

    def pause(outcomes: Counter[str], _total: int) -> None:
        if outcomes["sent"]:
            with house.store.writing() as db:
                operator_actions.pause(db, house.now)
            paused.set()

    house.watch = pause
    assert "paused" in str(house.tick().stopped)
    done = len(server.recipients)
    assert states(house) == Counter(sent=done, pending=READERS - done)
    assert 1 <= done <= 4, "the first of each, unless it was paused by then"


def test_an_error_of_the_watcher_stops_the_workers_and_is_raised(house: House) -> None:
    house.connect = Server()

    def broken(_outcomes: Counter[str], _total: int) -> None:
        raise StoreError("the disk is full")

    house.watch = broken
    with pytest.raises(StoreError, match="disk is full"):
        house.tick()
    assert "sending" not in states(house)


def test_nothing_is_claimed_on_a_nearly_full_disk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run would leave a claim more of which nobody knows what became."""
    monkeypatch.setattr("newsletter.storage.database._ROOM", 10**18)
    house.connect = server = Server()
    with pytest.raises(StoreError, match=r"newsletter.db has \d+ MB left.*: free some space"):
        house.tick()
    assert (server.recipients, states(house)) == ([], Counter(pending=READERS))


def test_an_interrupt_leaves_accepted_messages_sent_and_those_in_flight_unknown(
    house: House,
) -> None:
    """A thread that waits for the server is not waited for."""
    freed = Event()
    stuck: list[str] = []

    class Stuck(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
            if len(self.taken) < 2:
                return super().send(envelope, attempt)
            (attempt or Attempt()).look()
            stuck.append(envelope.recipient)
            with waiting():
                freed.wait(PATIENCE)
            self.taken.append(envelope)
            return "250 Ok"

    def interrupt(_outcomes: Counter[str], _total: int) -> None:
        if len(stuck) == 4:
            raise KeyboardInterrupt

    house.connect = Stuck
    house.watch = interrupt
    house.compose()
    with pytest.raises(KeyboardInterrupt):
        house.deliver()
    ended = Counter(sent=8, unknown=4, pending=READERS - 12)
    assert states(house) == ended
    freed.set()  # the answers come after all: too late to be believed
    for thread in senders():
        thread.join(PATIENCE)
    assert senders() == []
    assert states(house) == ended


def senders() -> list[Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("sender-")]


def test_workers_share_the_work_of_a_thread_that_cannot_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = Thread.start, list[Thread]()

    def two_at_most(thread: Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(Thread, "start", two_at_most)
    house.connect = server = Server(most=4)
    assert house.tick().outcomes == Counter(sent=READERS)
    assert len(server.opened) == 2
    assert len(set(server.recipients)) == len(server.recipients) == READERS


def test_without_any_thread_all_stay_pending(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    house.compose()
    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", none)
        with pytest.raises(RuntimeError, match="new thread"):
            house.deliver()
    assert states(house) == Counter(pending=READERS)
    assert house.deliver().outcomes == Counter(sent=READERS)


@pytest.mark.parametrize("allowed", [True, False])
def test_rows_given_back_by_a_late_failing_connection_are_sent_by_the_others(
    house: House,
    allowed: bool,  # noqa: FBT001
) -> None:
    """They had found nothing left by then, and had ended well."""
    at_work, done = Event(), Event()
    failing: list[Thread] = []

    class Failing(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
            if self.taken:
                with waiting():
                    assert done.wait(PATIENCE)
                raise ChannelDown("421 gone")
            failing.append(current_thread())
            at_work.set()
            return super().send(envelope, attempt)

    class Working(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
            with waiting():
                assert at_work.wait(PATIENCE)
            if done.is_set() and not allowed:
                raise ChannelDown("421 gone as well")
            return super().send(envelope, attempt)

        def close(self) -> None:
            done.set()
            with waiting():
                failing[0].join(PATIENCE)

    channels = iter((Failing(), Working(), Working()))
    house.connections = 2
    house.connect = lambda: next(channels)
    report = house.tick()
    if allowed:
        assert (report.stopped, states(house)) == (None, Counter(sent=READERS))
    else:
        assert str(report.stopped) == "421 gone as well"
        assert report.pending == states(house)["pending"] == READERS - report.outcomes["sent"] > 0


def test_a_failing_connection_is_no_error_when_no_work_is_left(house: House) -> None:
    """It is the last to end, and the other sent all that it gave back."""
    at_work, given_back = Event(), Event()
    working: list[Thread] = []

    class TurnedAway(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:  # noqa: ARG002
            with waiting():
                assert at_work.wait(PATIENCE)
            raise ChannelDown("421 too many connections")

        def close(self) -> None:
            given_back.set()
            with waiting():
                for thread in working:
                    thread.join(PATIENCE)

    class Working(FakeChannel):
        def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
            working[:] = [current_thread()]
            at_work.set()
            with waiting():
                assert given_back.wait(PATIENCE)
            return super().send(envelope, attempt)

    channels = iter((Working(), TurnedAway()))
    house.connections, house.connect = 2, lambda: next(channels)
    assert (house.tick().stopped, states(house)) == (None, Counter(sent=READERS))


@pytest.mark.parametrize("unlucky", ["r0@example.org", "r3@example.org"])
def test_a_message_that_cannot_be_made_holds_up_no_other_reader(
    house: House, monkeypatch: pytest.MonkeyPatch, unlucky: str
) -> None:
    """Nor those before it, with whose messages it would have been made."""

    def picky(scheduled: ScheduledEmail, branding: Branding) -> bytes:
        if scheduled.subscriber.address == unlucky:
            raise UnicodeError("no such letter")
        return message(scheduled, branding)

    monkeypatch.setattr("newsletter.mail.message.message", picky)
    house.connections, house.connect = 1, Server(most=4)
    house.compose()
    for _ in range(2):
        house.now += timedelta(seconds=30)
        with pytest.raises(UnicodeError):
            house.deliver()
    assert states(house) == Counter(sent=READERS - 1, pending=1)
    with house.store.reading() as db:
        (answer,) = db.scalars(
            delivery.select()
            .with_only_columns(delivery.c.answer)
            .where(delivery.c.state == "pending")
        )
    assert answer == "UnicodeError: no such letter"
