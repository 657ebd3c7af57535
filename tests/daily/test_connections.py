"""Several connections of one process: who works, who leaves, and what ends them all."""

import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Barrier, Event, get_ident

import pytest

from newsletter.edges.channels import Attempt, Envelope
from newsletter.edges.store import orders
from newsletter.edges.store.schema import delivery
from newsletter.errors import ChannelDown, DeliveryError, SenderRefused, StoreError
from tests.builders import subscribe
from tests.daily.conftest import FakeChannel, House

READERS = 40


@pytest.fixture(autouse=True)
def forty_readers(house: House) -> None:
    with house.store.writing() as db:
        for number in range(READERS):
            subscribe(db, f"r{number}@example.org")
    house.receive(12)
    house.connections, house.claim = 4, 3


@dataclass
class Server:
    """Opens channels; from the ``most``-th on none can be had. ``fault`` comes after ten."""

    most: int = 99
    fault: DeliveryError | None = None
    pace: float = 0.0
    opened: list["One"] = field(default_factory=list)
    together: Barrier = field(default_factory=lambda: Barrier(4))

    def __call__(self) -> "One":
        self.opened.append(One(self, len(self.opened)))
        return self.opened[-1]

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
        time.sleep(self.server.pace)
        if not self.taken:
            self.meet()
        if self.server.fault and len(self.server.recipients) >= 10:
            raise self.server.fault
        return super().send(envelope, attempt)

    def meet(self) -> None:
        """The first message of each: nobody does all the work before the others have begun."""
        if self.server.most > 4:
            self.server.together.wait(10)

    def close(self) -> None:
        self.closed = True


def states(house: House) -> Counter[str]:
    with house.store.reading() as db:
        return Counter(db.scalars(delivery.select().with_only_columns(delivery.c.state)))


def test_they_share_the_work_and_nobody_gets_two(house: House) -> None:
    house.connect = server = Server()
    assert house.tick().outcomes == Counter(sent=READERS)
    assert len(server.opened) == 4
    assert all(one.taken and one.closed and len(one.threads) == 1 for one in server.opened)
    assert len(set(server.recipients)) == len(server.recipients) == READERS
    assert states(house) == Counter(sent=READERS)


def test_no_more_are_opened_than_there_are_claims(house: House) -> None:
    house.claim, house.connect = 20, Server(most=4)
    house.tick()
    assert len(house.connect.opened) == 2


def test_a_server_that_allows_two_is_served_over_two(house: House) -> None:
    house.connect = server = Server(most=2)
    report = house.tick()
    assert report.stopped is None
    assert states(house) == Counter(sent=READERS)
    assert len(set(server.recipients)) == len(server.recipients) == READERS


def test_where_none_can_be_had_the_run_stops_and_everybody_waits(house: House) -> None:
    house.connect = Server(most=0)
    assert str(house.tick().stopped) == "421 too many connections"
    assert states(house) == Counter(pending=READERS)


def test_our_own_fault_ends_them_all_and_blames_nobody(house: House) -> None:
    fault = SenderRefused("550 5.7.1 no")
    house.connect = server = Server(fault=fault)
    assert house.tick().stopped is fault
    done = len(server.recipients)
    assert 10 <= done <= 13
    assert states(house) == Counter(sent=done, pending=READERS - done)


def test_to_pause_ends_them_all(house: House) -> None:
    house.connect = server = Server(pace=0.06)

    def pause(outcomes: Counter[str], _total: int) -> None:
        if outcomes["sent"]:
            with house.store.writing() as db:
                orders.pause(db, house.now)

    house.watch = pause
    assert "paused" in str(house.tick().stopped)
    done = len(server.recipients)
    assert states(house) == Counter(sent=done, pending=READERS - done)
    assert 0 < done < READERS


def test_what_the_watcher_raises_ends_them_and_is_told(house: House) -> None:
    house.connect = Server()

    def broken(_outcomes: Counter[str], _total: int) -> None:
        raise StoreError("the disk is full")

    house.watch = broken
    with pytest.raises(StoreError, match="disk is full"):
        house.tick()
    assert "sending" not in states(house)


def test_ended_at_once_what_was_accepted_is_sent_and_what_is_on_its_way_is_unknown(
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
            freed.wait(20)
            self.taken.append(envelope)
            return "250 Ok"

    def interrupt(_outcomes: Counter[str], _total: int) -> None:
        if len(stuck) == 4:
            raise KeyboardInterrupt

    channels: list[Stuck] = []
    house.connect = lambda: channels.append(Stuck()) or channels[-1]  # type: ignore[func-returns-value]
    house.watch = interrupt
    house.compose()
    with pytest.raises(KeyboardInterrupt):
        house.deliver()
    ended = Counter(sent=8, unknown=4, pending=READERS - 12)
    assert states(house) == ended
    freed.set()  # the answers come after all: too late to be believed
    time.sleep(0.3)
    assert states(house) == ended
