"""Random days against a model: ticks, crashes, refusals, orders, clocks; a real database."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from newsletter.delivery.last_look import GOOD_FOR
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.errors import AnswerLost, ChannelDown, Deferred, Refused, SenderRefused
from newsletter.mail.channels import Attempt, Envelope
from newsletter.rendering.branding import Branding
from newsletter.services.publish import DeliveryContext, Readers
from newsletter.storage import (
    Connection,
    Store,
    operator_actions,
    recovery,
    subscriber_states,
    subscribers,
)
from newsletter.storage.journal import Journal
from newsletter.storage.leases import Steady
from newsletter.storage.transitions import BEGINNINGS, MOVES
from tests.builders import renderer, subscribe
from tests.conftest import SLOW, new_store
from tests.delivery.conftest import House

READERS = [f"r{number}@d{number % 2}.example" for number in range(4)]
HEAD = Branding(
    name="News",
    from_address="news@news.example",
    secret=b"a secret for tests",
    renderer=renderer(),
)
KNOWN = {(before, move.after, move.reason) for move in MOVES.values() for before in move.before} | {
    ("", *one) for one in BEGINNINGS
}
SPY = """\
CREATE TABLE seen (row INTEGER, before TEXT, after TEXT, reason TEXT);
CREATE TRIGGER spy_new AFTER INSERT ON delivery
  BEGIN INSERT INTO seen VALUES (new.id, '', new.state, new.reason); END;
CREATE TRIGGER spy AFTER UPDATE OF state ON delivery
  BEGIN INSERT INTO seen VALUES (new.id, old.state, new.state, new.reason); END
"""


class Row(NamedTuple):
    who: str
    date: date
    state: str
    owner: str | None
    message_id: str


class PowerCutError(BaseException):
    """The process is gone: nothing of it runs any more, no clean-up either."""


class Mortal:
    """A store that its sender loses when it dies."""

    def __init__(self, store: Store) -> None:
        self.store, self.dead = store, False

    @contextmanager
    def writing(self, *, durable: bool = False, together: bool = False) -> Iterator[Connection]:
        self.breathe()
        with self.store.writing(durable=durable, together=together) as db:
            yield db
            self.breathe()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.breathe()
        with self.store.reading() as db:
            yield db

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        self.breathe()
        with self.store.autocommit() as db:
            yield db

    def answering(self) -> AbstractContextManager[None]:
        return self.store.answering()

    def room(self) -> int | None:
        return self.store.room()

    @property
    def journal(self) -> Journal | None:
        self.breathe()
        return self.store.journal

    def breathe(self) -> None:
        if self.dead:
            raise PowerCutError


class Server:
    """Answers as told, in turn; what it took stands in ``taken``. ``None`` is a 250."""

    def __init__(self, world: "LedgerMachine", store: Mortal, owner: str, plan: list[Any]) -> None:
        self.world, self.store, self.owner, self.plan = world, store, owner, plan

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        order = self.plan.pop(0) if self.plan else None
        if order == "dies before":
            self.die()
        if isinstance(order, Refused | SenderRefused | ChannelDown):
            raise order
        self.world.meanwhile(order, envelope.recipient)
        assert attempt
        attempt.look()
        self.world.may_be_handed_over(_message_id(envelope), self.owner)
        self.before_the_dot(order)
        if order != "lost before":
            self.world.taken[_message_id(envelope)] += 1
        if order == "dies after":
            self.die()
        if order in ("lost", "lost before"):
            raise AnswerLost("no answer")
        if order == "interrupted":
            raise KeyboardInterrupt
        return "250 Ok"

    def before_the_dot(self, order: object) -> None:
        if order == "sleeps":
            self.world.sleep()
        if isinstance(order, Deferred):
            raise order
        if order == "dies before the dot":
            self.die()

    def die(self) -> None:
        self.store.dead = True
        raise PowerCutError

    def close(self) -> None:
        pass


def _message_id(envelope: Envelope) -> str:
    return message_from_bytes(envelope.message)["Message-ID"]


ORDERS = st.sampled_from(
    [
        None,
        "lost",
        "lost before",
        "dies before",
        "dies before the dot",
        "dies after",
        "sleeps",
        "sleeps before the look",
        "paused",
        "cancelled",
        "leaves",
        "interrupted",
        Deferred("450 4.2.1 busy"),
        Deferred("421 4.3.2 down", shared=True),
        Refused("550 5.2.1 no"),
        Refused("550 5.1.1 nobody", hard=True),
        ChannelDown("down"),
        SenderRefused("535 who are you"),
    ]
)


def _deed(name: str, *given: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *given)


WHO = st.sampled_from(READERS)
DEEDS = st.one_of(
    _deed("nothing"),
    _deed("the_clock_jumps", st.integers(-5, 30)),
    _deed("time_passes", st.integers(1, 2000)),
    _deed("resolve", st.sampled_from(["sent", "pending"]), WHO),
    _deed("leave", WHO, st.booleans()),
    _deed("resume"),
    st.sampled_from([("pause",), ("cancel",), ("nothing",), ("resume",)]),
)
"""What the world or the operator does before a tick: a method and what it is given.

One rule for all: hypothesis leaves some rules out of an example, and an example without a tick
tells nothing.
"""


class LedgerMachine(RuleBasedStateMachine):
    """The model: each message by its id, how often a server took it, and what the operator said."""

    @initialize()
    def found(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = new_store(Path(self.folder.name))
        with self.store.writing() as db:
            for address in READERS:
                subscribe(db, address)
            for one in SPY.replace(";\n", ";\n\n").split(";\n\n"):
                db.execute(text(one))
        self.house = House(self.store, HEAD)
        self.house.receive(12)
        self.taken: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.vouched: set[str] = set()
        self.seconds, self.senders = 0.0, 0
        self.paused, self.off = False, set[date]()

    @rule(deed=DEEDS, plan=st.lists(ORDERS, max_size=5), now=st.booleans())
    def tick(self, deed: tuple[Any, ...], plan: list[Any], now: bool) -> None:  # noqa: FBT001
        name, *given = deed
        getattr(self, name)(*given)
        before, stays = self.taken.copy(), self.paused
        readers = Readers(now=now)
        self.house.compose(readers=readers)
        self.sender(list(plan), readers)
        assert not stays or self.taken == before

    def sender(self, plan: list[Any], readers: Readers) -> None:
        self.senders += 1
        store, owner = Mortal(self.store), f"sender {self.senders}"
        context = DeliveryContext(
            store=cast(Store, store),
            channel=lambda: Server(self, store, owner, plan),
            branding=lambda: HEAD,
            sender=lambda _: "news@news.example",
            owner=owner,
            steady=lambda: Steady("this boot", self.seconds),
            stop=lambda: False,
            watch=lambda _outcomes, _total: None,
            claim=3,
            lease=timedelta(minutes=15),
        )
        with suppress(PowerCutError, KeyboardInterrupt):
            deliver(context, lambda: self.house.now, None, readers)

    def sleep(self) -> None:
        """The sender's machine slept; another sender went on."""
        self.seconds += 3600
        self.sender([], Readers())

    def meanwhile(self, order: object, reader: str) -> None:
        """What others do between a claim and the look: long enough before it to be heard."""
        self.seconds += GOOD_FOR
        match order:
            case "sleeps before the look":
                self.sleep()
            case "paused":
                self.pause()
            case "cancelled":
                self.cancel()
            case "leaves":
                self.leave(reader)

    def may_be_handed_over(self, message_id: str, owner: str) -> None:
        (row,) = (one for one in self.rows() if one.message_id == message_id)
        assert row.state == "sending"
        assert row.owner
        assert row.owner.startswith(f"{owner}/")
        assert not self.paused
        assert row.date not in self.off
        with self.store.reading() as db:
            found = subscribers.find(db, row.who)
        assert found
        assert found.state == "active"

    def nothing(self) -> None:
        pass

    def the_clock_jumps(self, hours: int) -> None:
        self.house.now += timedelta(hours=hours)
        self.house.receive(6, start=len(self.again) + 6 * self.senders, on=self.house.now.date())

    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds
        self.house.now += timedelta(seconds=seconds)

    def resolve(self, how: str, who: str) -> None:
        with self.store.writing(durable=True) as db:
            found = subscribers.find(db, who)
            assert found
            steady = Steady("this boot", self.seconds)
            recovery.lapse(db, self.house.now, steady, self.store.journal)
        settled = {
            one.message_id for one in self.rows() if (one.state, one.who) == ("unknown", who)
        }
        with self.store.writing(durable=True) as db:
            assert operator_actions.resolve(db, how, self.house.now, [found.id], None) == len(
                settled
            )
        if how == "pending":
            self.again.update(settled)
        else:
            self.vouched |= settled

    def pause(self) -> None:
        with self.store.writing() as db:
            operator_actions.pause(db, self.house.now)
        self.paused = True

    def resume(self) -> None:
        with self.store.writing() as db:
            assert operator_actions.resume(db) == self.paused
        self.paused = False

    def cancel(self) -> None:
        day = self.house.now.date()
        with self.store.writing() as db:
            operator_actions.cancel(db, day, self.house.now)
        self.off.add(day)

    def leave(self, who: str, back: bool = False) -> None:  # noqa: FBT001
        with self.store.writing() as db:
            found = subscribers.find(db, who)
            assert found
            subscriber_states.leave(db, found.id, self.house.now)
            if back:
                subscribers.add(db, who, found, self.house.now, resubscribe=True)

    @invariant()
    def nobody_twice_and_the_ledger_is_true(self) -> None:
        for one in self.rows():
            taken, again = self.taken[one.message_id], self.again[one.message_id]
            assert taken <= 1 + again
            if one.state == "sent":
                assert taken or one.message_id in self.vouched
            if one.state in ("pending", "failed", "skipped"):
                assert taken <= again
            assert (one.owner is not None) == (one.state == "sending")

    @invariant()
    def one_row_for_each_reader_and_date(self) -> None:
        rows = self.rows()
        assert len({(one.who, one.date) for one in rows}) == len(rows)
        assert set(self.taken) <= {one.message_id for one in rows}

    @invariant()
    def every_step_stands_in_the_table(self) -> None:
        with self.store.reading() as db:
            seen = {
                tuple(row) for row in db.execute(text("SELECT before, after, reason FROM seen"))
            }
        assert seen <= KNOWN

    def rows(self) -> list["Row"]:
        with self.store.reading() as db:
            query = "SELECT address, date, d.state, owner, message_id FROM delivery d, subscriber s"
            rows = db.execute(text(f"{query} WHERE s.id = subscriber_id"))
            return [Row(who, date.fromisoformat(on), *rest) for who, on, *rest in rows]

    def teardown(self) -> None:
        """A day's end: leases over, nobody left on the way."""
        if hasattr(self, "store"):
            self.seconds += 3600
            self.sender([], replace(Readers()))
            assert "sending" not in {one.state for one in self.rows()}
            self.store.close()
            self.folder.cleanup()


def _days(examples: int, steps: int) -> settings:
    slow = [*SLOW, HealthCheck.data_too_large]
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=slow
    )


def test_random_days() -> None:
    run_state_machine_as_test(LedgerMachine, settings=_days(examples=3, steps=15))


@pytest.mark.heavy
def test_many_long_random_days() -> None:
    run_state_machine_as_test(LedgerMachine, settings=_days(examples=150, steps=30))
