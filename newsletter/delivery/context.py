"""What delivering needs, and which rows are in flight."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.delivery.returned import DEFAULT, ReturnRules
from newsletter.domain.errors import DeliveryError
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.domain.states import DeliveryState
from newsletter.mail.channels import Channel
from newsletter.storage import Store, recovery
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.settlements import Settled

if TYPE_CHECKING:
    from newsletter.rendering.branding import Branding

Watch = Callable[[Counter[str], int], None]
"""Called with the outcomes so far, and the number of rows there are to send."""


@dataclass
class InFlight:
    """The rows that a server may have while the ledger does not know yet what became of them: by
    their id, what is to be settled, or None while there is no answer.

    A worker adds a row first and reads ``halted`` then; whoever ends the workers from another
    thread sets ``halted`` first and reads the rows then. So no row is missed by both. It outlives a
    run: of what this process still holds in the ledger then, only these rows may have been sent.
    """

    rows: dict[int, Settled | None] = field(default_factory=dict)
    halted: bool = False


@dataclass(frozen=True)
class DeliveryContext:
    """What delivering needs.

    ``branding`` is asked for where there is something to send, and then for each message.
    ``sender`` gives the envelope's sender by the delivery's id. ``owner`` is a name that no other
    process has. ``stop`` ends the run early, after the messages in flight. ``watch`` is called in
    the caller's thread.

    ``channel`` opens one connection; ``connections`` of them work at the same time, a thread each.
    Claims are at most ``claim`` rows for up to four connections, which share it: a power cut can
    leave so many unknown. ``lease`` must outlast the slowest message: the answer to its final dot
    alone may take five minutes. ``sleep`` is called with a tenth of a second at most, while a
    message waits for its rate limit.
    """

    store: Store
    channel: Callable[[], Channel]
    branding: "Callable[[], Branding]"
    sender: Callable[[int], str]
    owner: str
    steady: Callable[[], Steady]
    stop: Callable[[], bool]
    watch: Watch
    connections: int = 1
    claim: int = 400
    lease: timedelta = timedelta(minutes=15)
    in_flight: InFlight = field(default_factory=InFlight)
    pace: RateLimits = FREE
    returns: ReturnRules = DEFAULT
    sleep: Callable[[float], None] = time.sleep

    def leased(self, owner: str, now: datetime) -> Lease:
        steady = self.steady()
        end = Steady(steady.boot, steady.seconds + self.lease.total_seconds())
        return Lease(owner, end, now + self.lease)


_SHOWN = (
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.PENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.SKIPPED,
)


@dataclass(frozen=True)
class Report:
    """``outcomes`` counts what this run did, by the state it left the row in; ``stopped`` is the
    error that ended it early.

    ``pending`` is how many rows wait after it: deferred by this run or before, and, where it was
    stopped, never tried. ``skipped`` are readers whom composing found nothing to send, by reason.
    """

    outcomes: Counter[str]
    stopped: DeliveryError | None = None
    pending: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        bad = DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.PENDING
        return self.stopped is None and not any(self.outcomes[state] for state in bad)

    @property
    def counts(self) -> Mapping[str, int]:
        """The outcomes, and as pending all that wait: what people are shown."""
        counts = {**self.outcomes, DeliveryState.PENDING: self.pending}
        return {state: counts[state] for state in _SHOWN if counts.get(state)}


def abandon(context: DeliveryContext, now: datetime) -> None:
    """End the workers in other threads at once; the ledger stays true."""
    context.in_flight.halted = True
    with context.store.writing() as db:
        recovery.abandon(db, context.owner, dict(context.in_flight.rows), now)
