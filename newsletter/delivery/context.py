"""What delivering needs, and what is in its hands."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.domain.errors import DeliveryError
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.mail.channels import Channel
from newsletter.rendering.rendered_email import Branding
from newsletter.storage import Store, ledger
from newsletter.storage.ledger import Lease, Settled, Steady

Watch = Callable[[Counter[str], int], None]
"""Told the outcomes so far, and of how many rows."""


@dataclass
class InFlight:
    """The rows that a server may have and the ledger does not know of yet: by their id, what is to
    be settled; None where no answer has come.

    A row is put here before the look and ``halted`` is read after it: of a sender and of who ends
    it from another thread, one sees the other. It outlives a run: of what its owner still has
    then, these rows alone may have been handed over.
    """

    rows: dict[int, Settled | None] = field(default_factory=dict)
    halted: bool = False


@dataclass(frozen=True)
class DeliveryContext:
    """What delivering needs. ``sender`` is the envelope's, by the delivery's id; ``owner`` tells
    this process from every other, ``stop`` ends it early after the messages in hand; ``watch`` is
    told (outcomes, of how many), always by the caller's thread.

    ``channel`` opens one connection, ``connections`` of them work at the same time. The thread of
    a few takes ``claim`` rows at a time: what a crash can leave unknown. ``lease`` must outlast the
    slowest message: the answer to its final dot alone may take five minutes. ``sleep`` is asked for
    a tenth of a second at most, while a message waits for its ``pace``.
    """

    store: Store
    channel: Callable[[], Channel]
    branding: Branding
    sender: Callable[[int], str]
    owner: str
    steady: Callable[[], Steady]
    stop: Callable[[], bool]
    watch: Watch
    connections: int = 1
    claim: int = 50
    lease: timedelta = timedelta(minutes=15)
    in_flight: InFlight = field(default_factory=InFlight)
    pace: RateLimits = FREE
    sleep: Callable[[float], None] = time.sleep

    def leased(self, owner: str, now: datetime) -> Lease:
        steady = self.steady()
        end = Steady(steady.boot, steady.seconds + self.lease.total_seconds())
        return Lease(owner, end, now + self.lease)


@dataclass(frozen=True)
class Report:
    """How many rows ended how; ``stopped`` is the error that ended the run early.

    ``skipped`` are those that composing found nothing to send for, by reason.
    """

    outcomes: Counter[str]
    stopped: DeliveryError | None = None
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        bad = sum(self.outcomes[state] for state in ("failed", "unknown", "waiting"))
        return self.stopped is None and not bad


def abandon(context: DeliveryContext, now: datetime) -> None:
    """End the senders that work in other threads, at once; the ledger stays true."""
    context.in_flight.halted = True
    with context.store.writing() as db:
        ledger.abandon(db, context.owner, dict(context.in_flight.rows), now)
