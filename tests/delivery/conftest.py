"""A whole house on a real database, with a clock that the test moves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.composing.compose import compose
from newsletter.composing.readers import DUE, Readers
from newsletter.composing.rules import Approval, Rules
from newsletter.delivery.context import DeliveryContext, InFlight, Report, Watch
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.errors import DeliveryError
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.mail.channels import Attempt, Channel, Envelope
from newsletter.rendering.branding import Branding
from newsletter.storage import Store, archive
from newsletter.storage.leases import Steady
from tests.builders import NOON, TASTE, TODAY, brief, read, renderer, unlike
from tests.conftest import new_store


@dataclass
class FakeChannel:
    """Takes every message, or answers as ``answers`` says for an address, once each time."""

    taken: list[Envelope] = field(default_factory=list)
    answers: dict[str, list[DeliveryError]] = field(default_factory=dict)
    before: Callable[[Envelope], None] = lambda _: None

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        (attempt or Attempt()).look()
        self.before(envelope)
        if waiting := self.answers.get(envelope.recipient):
            raise waiting.pop(0)
        self.taken.append(envelope)
        return "250 Ok"

    def close(self) -> None:
        pass

    @property
    def recipients(self) -> list[str]:
        return [one.recipient for one in self.taken]


@dataclass
class House:
    store: Store
    branding: Branding
    now: datetime = NOON
    channel: FakeChannel = field(default_factory=FakeChannel)
    owner: str = "sender one"
    connections: int = 1
    claim: int = 20
    connect: Callable[[], Channel] | None = None
    stop: Callable[[], bool] = lambda: False
    watch: Watch = lambda _outcomes, _total: None
    in_flight: InFlight = field(default_factory=InFlight)
    pace: RateLimits = FREE
    approval: Approval | None = None

    @property
    def rules(self) -> Rules:
        hours = timedelta(hours=6)
        return Rules(self.store, TASTE, hours, "news.example", approval=self.approval)

    def receive(self, count: int, start: int = 0, on: date = TODAY) -> None:
        """``count`` insights that nobody heard of, each in a brief of its own."""
        pages = [brief(unlike(number), published=on) for number in range(start, start + count)]
        reads = [read(f"{on}-{start}-{number}.txt", one) for number, one in enumerate(pages)]
        with self.store.writing() as db:
            archive.record(db, reads, self.now, on)

    def compose(self, on: date | None = None, readers: Readers = DUE) -> None:
        compose(self.rules, self.now, on, readers)

    def deliver(self, on: date | None = None, readers: Readers = DUE) -> Report:
        context = DeliveryContext(
            store=self.store,
            channel=self.connect or (lambda: self.channel),
            branding=lambda: self.branding,
            sender=lambda _: "news@news.example",
            owner=self.owner,
            steady=lambda: Steady("this boot", self.now.timestamp()),
            stop=self.stop,
            watch=self.watch,
            connections=self.connections,
            claim=self.claim,
            in_flight=self.in_flight,
            pace=self.pace,
            sleep=self.sleep,
        )
        return deliver(context, lambda: self.now, on, readers)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tick(self, on: date | None = None, readers: Readers = DUE) -> Report:
        self.compose(on, readers)
        return self.deliver(on, readers)


def house_in(store: Store) -> House:
    head = Branding(
        name="News",
        from_address="news@news.example",
        secret=b"a secret for tests",
        renderer=renderer(),
        base_url="https://news.example",
    )
    return House(store, head)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = new_store(tmp_path)
    yield house_in(store)
    store.close()
