"""Random days against a model: ticks, crashes, refusals, orders, clocks; a real database."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from newsletter.daily import Desk, Readers
from newsletter.daily.deliver import deliver
from newsletter.edges.channels import Attempt, Envelope
from newsletter.edges.store import Connection, Store, ledger, orders, subscribers
from newsletter.edges.store.ledger import Steady
from newsletter.edges.store.transitions import BEGINNINGS, TRANSITIONS
from newsletter.edges.templates import read_templates
from newsletter.editorial.letter import Letterhead
from newsletter.editorial.stationery import Stationery
from newsletter.errors import AnswerLost, ChannelDown, Deferred, Refused, SenderRefused
from tests.builders import TODAY, subscribe
from tests.daily.conftest import House

READERS = [f"r{number}@d{number % 2}.example" for number in range(4)]
HEAD = Letterhead(
    name="News",
    from_address="news@news.example",
    secret=b"a secret for tests",
    stationery=Stationery(read_templates(None)),
)
KNOWN = {
    (before, way.after, way.reason) for way in TRANSITIONS.values() for before in way.before
} | {("", *one) for one in BEGINNINGS}
SPY = """\
CREATE TABLE seen (row INTEGER, before TEXT, after TEXT, reason TEXT);
CREATE TRIGGER spy_new AFTER INSERT ON delivery
  BEGIN INSERT INTO seen VALUES (new.id, '', new.state, new.reason); END;
CREATE TRIGGER spy AFTER UPDATE OF state ON delivery
  BEGIN INSERT INTO seen VALUES (new.id, old.state, new.state, new.reason); END
"""


class PowerCutError(BaseException):
    """The process is gone: nothing of it runs any more, no clean-up either."""


class Mortal:
    """A store that its sender loses when it dies."""

    def __init__(self, store: Store) -> None:
        self.store, self.dead = store, False

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        self.breathe()
        with self.store.writing(durable=durable) as db:
            yield db
            self.breathe()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.breathe()
        with self.store.reading() as db:
            yield db

    def breathe(self) -> None:
        if self.dead:
            raise PowerCutError


class Server:
    """Answers as told, in turn; what it took stands in ``taken``. ``None`` is a 250."""

    def __init__(self, world: "LedgerMachine", store: Mortal, plan: list[Any]) -> None:
        self.world, self.store, self.plan = world, store, plan

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        order = self.plan.pop(0) if self.plan else None
        if order == "dies before":
            self.die()
        if isinstance(order, Refused | SenderRefused | ChannelDown):
            raise order
        assert attempt
        attempt.look()
        self.before_the_dot(order)
        if order != "lost before":
            self.world.taken[envelope.recipient] += 1
        if order == "dies after":
            self.die()
        if order in ("lost", "lost before"):
            raise AnswerLost("no answer")
        return "250 Ok"

    def before_the_dot(self, order: object) -> None:
        if order == "sleeps":
            self.world.seconds += 3600
            self.world.other_sender()
        if isinstance(order, Deferred):
            raise order
        if order == "dies before the dot":
            self.die()

    def die(self) -> None:
        self.store.dead = True
        raise PowerCutError

    def close(self) -> None:
        pass


ORDERS = st.sampled_from(
    [
        None,
        "lost",
        "lost before",
        "dies before",
        "dies before the dot",
        "dies after",
        "sleeps",
        Deferred("450 4.2.1 busy"),
        Deferred("421 4.3.2 down", shared=True),
        Refused("550 5.2.1 no"),
        Refused("550 5.1.1 nobody", hard=True),
        ChannelDown("down"),
        SenderRefused("535 who are you"),
    ]
)


class LedgerMachine(RuleBasedStateMachine):
    """The model: who was handed how many messages, and how often the operator said "again"."""

    @initialize()
    def found(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(f"sqlite:///{Path(self.folder.name) / 'newsletter.db'}")
        with self.store.writing() as db:
            for address in READERS:
                subscribe(db, address)
            for one in SPY.replace(";\n", ";\n\n").split(";\n\n"):
                db.execute(text(one))
        self.house = House(self.store, HEAD)
        self.house.receive(6)
        self.house.compose()
        self.taken: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.vouched: set[str] = set()
        self.seconds, self.senders, self.paused, self.off = 0.0, 0, False, False

    @rule(plan=st.lists(ORDERS, max_size=5), now=st.booleans())
    def tick(self, plan: list[Any], now: bool) -> None:  # noqa: FBT001
        before = self.taken.total()
        stays = self.paused or self.off
        self.sender(list(plan), Readers(now=now))
        assert not stays or self.taken.total() == before

    def sender(self, plan: list[Any], readers: Readers) -> None:
        self.senders += 1
        store = Mortal(self.store)
        desk = Desk(
            store=cast(Store, store),
            channel=Server(self, store, plan),
            letterhead=HEAD,
            sender="news@news.example",
            owner=f"sender {self.senders}",
            steady=lambda: Steady("this boot", self.seconds),
            stop=lambda: False,
            watch=lambda _outcomes, _total: None,
            claim=3,
            lease=timedelta(minutes=15),
        )
        with suppress(PowerCutError):
            deliver(desk, lambda: self.house.now, None, readers)

    def other_sender(self) -> None:
        self.sender([], Readers())

    @rule(hours=st.integers(-30, 30))
    def the_clock_jumps(self, hours: int) -> None:
        self.house.now += timedelta(hours=hours)

    @rule(seconds=st.integers(1, 2000))
    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds
        self.house.now += timedelta(seconds=seconds)

    @rule(how=st.sampled_from(["sent", "pending"]), who=st.sampled_from(READERS))
    def resolve(self, how: str, who: str) -> None:
        with self.store.writing(durable=True) as db:
            found = subscribers.find(db, who)
            assert found
            ledger.lapse(db, self.house.now, Steady("this boot", self.seconds))
            if orders.resolve(db, how, self.house.now, [found.id], TODAY):
                self.again[who] += how == "pending"
                self.vouched |= {who} if how == "sent" else set()

    @rule()
    def pause(self) -> None:
        with self.store.writing() as db:
            orders.pause(db, self.house.now)
        self.paused = True

    @rule()
    def resume(self) -> None:
        with self.store.writing() as db:
            assert orders.resume(db) == self.paused
        self.paused = False

    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if not really:
            with self.store.writing() as db:
                orders.cancel(db, TODAY, self.house.now)
            self.off = True

    @rule(who=st.sampled_from(READERS))
    def leave(self, who: str) -> None:
        with self.store.writing() as db:
            found = subscribers.find(db, who)
            assert found
            subscribers.leave(db, found.id)

    @invariant()
    def nobody_twice_and_the_ledger_is_true(self) -> None:
        for address, state, owner in self.rows():
            assert self.taken[address] <= 1 + self.again[address]
            if state == "sent":
                assert self.taken[address] or address in self.vouched
            if state in ("pending", "failed", "skipped"):
                assert self.taken[address] <= self.again[address]
            assert (owner is not None) == (state == "sending")

    @invariant()
    def every_step_stands_in_the_table(self) -> None:
        with self.store.reading() as db:
            seen = {
                tuple(row) for row in db.execute(text("SELECT before, after, reason FROM seen"))
            }
        assert seen <= KNOWN

    def rows(self) -> list[tuple[str, str, str | None]]:
        with self.store.reading() as db:
            query = "SELECT address, d.state, owner FROM delivery d, subscriber s"
            rows = db.execute(text(f"{query} WHERE s.id = subscriber_id"))
            return [(row[0], row[1], row[2]) for row in rows]

    def teardown(self) -> None:
        """A day's end: leases over, nobody left on the way."""
        if hasattr(self, "store"):
            self.seconds += 3600
            self.sender([], replace(Readers()))
            assert "sending" not in {state for _, state, _ in self.rows()}
            self.store.close()
            self.folder.cleanup()


LedgerMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLedger = pytest.mark.heavy(LedgerMachine.TestCase)
