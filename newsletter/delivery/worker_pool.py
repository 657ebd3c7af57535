"""Pending rows to the channel: claimed before the attempt, settled after the answer."""

import gc
import logging
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from threading import Event, Lock, Thread

from newsletter.composing.compose import Readers
from newsletter.delivery.context import DeliveryContext, Report, abandon
from newsletter.delivery.worker import Worker
from newsletter.domain.errors import ChannelDown, DeliveryError, Paused, SenderRefused
from newsletter.storage import deferred_domains, ledger
from newsletter.storage.ledger import Scope

log = logging.getLogger("newsletter")

_WATCHED_EVERY = 0.1  # seconds

_EACH = 4
"""So many connections are one thread's: while one waits for its answer, it sees to the others. More
threads would take Python's lock from each other; fewer, stand still while each connection opens."""


def deliver(
    context: DeliveryContext,
    clock: Callable[[], datetime],
    on: date | None,
    readers: Readers,
) -> Report:
    """Offer every row that is due, once; what could not be sent says so in the ledger."""
    scope = Scope(on, readers.ids)
    pool = _WorkerPool(context, clock, scope, _open(context, clock(), scope, hurry=readers.now))
    # What stands now stays until the end: the collector would go through all of it again and again.
    gc.freeze()
    try:
        return pool.work()
    finally:
        gc.unfreeze()


def _open(context: DeliveryContext, now: datetime, scope: Scope, *, hurry: bool) -> int:
    """See to what others left, and count what is to be offered.

    Not without room: each run would claim some more whose fate cannot be written.
    """
    context.store.room()
    with context.store.writing() as db:
        # A run of ours whose end could not be written: to release it later would send it again.
        left = ledger.abandon(db, context.owner, context.in_flight.rows, now)
        left += ledger.lapse(db, now, context.steady(), context.store.journal)
        expired = ledger.expire(db, now)
        deferred_domains.tidy(db, now)
        ledger.wake(db, now)
        if hurry:
            ledger.hurry(db, now, scope)
        total = ledger.pending(db, now, scope)
    context.in_flight.rows.clear()
    if left:
        log.warning("%d deliveries are unknown: their sender ended before the answer", left)
    if expired:
        log.warning("%d deliveries failed: they waited until the next issue", expired)
    return total


class _WorkerPool:
    """A thread for every few connections; the caller's watches them.

    A server may allow fewer connections than are configured: one that cannot be had leaves its
    rows to the others, and its error is told where none was left to take them. Our own fault ends
    all of them at once.
    """

    def __init__(
        self, context: DeliveryContext, clock: Callable[[], datetime], scope: Scope, total: int
    ) -> None:
        self.context, self.clock, self.scope, self.total = context, clock, scope, total
        self.outcomes: Counter[str] = Counter()
        self.shares = _shares(
            context.connections, min(_EACH, context.claim), -(-total // context.claim)
        )
        self.count = len(self.shares)
        self.lock, self.resting = Lock(), Lock()
        self.halted, self.ended = Event(), Event()
        self.stopped: DeliveryError | None = None
        self.missed: DeliveryError | None = None
        self.failed: BaseException | None = None

    def work(self) -> Report:
        try:
            self._begin()
            self._watch_until_the_end()
        except (KeyboardInterrupt, SystemExit):
            abandon(self.context, self.clock())
            raise
        if self.failed is not None:
            raise self.failed
        if self.stopped is None and self.missed is not None and self._left():
            self.stopped = self.missed
        return Report(self.outcomes, self.stopped)

    def _begin(self) -> None:
        """As many threads as can be had, one at least."""
        wanted = self.count
        for number, share in enumerate(self.shares):
            # Daemons: one that waits for a mail server must not keep a process from its end.
            name = f"sender-{number + 1}"
            thread = Thread(target=self._sender, args=(share,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                if not number:
                    raise
                log.warning("%d threads instead of %d: %s", number, wanted, error)
                with self.lock:
                    self.count -= wanted - number - 1
                    self._leave(None)
                return

    def _watch_until_the_end(self) -> None:
        try:
            while not self.ended.wait(_WATCHED_EVERY):
                self._watch()
            self._watch()
        except Exception:
            self.halted.set()
            self.ended.wait()
            raise

    def _left(self) -> int:
        with self.context.store.reading() as db:
            return ledger.pending(db, self.clock(), self.scope)

    def _watch(self) -> None:
        with self.lock:
            outcomes = self.outcomes.copy()
        self.context.watch(outcomes, self.total)

    def _sender(self, connections: int) -> None:
        """Whatever ends it is told in the caller's thread."""
        ended: BaseException | None = None
        try:
            tell = self._stop, self._count, self.resting
            Worker(self.context, self.clock, self.scope, connections, *tell).work()
        except BaseException as error:
            ended = error
        with self.lock:
            self._leave(ended)

    def _leave(self, error: BaseException | None) -> None:
        self.count -= 1
        match error:
            case None:
                pass
            case ChannelDown():  # if anything is left, the run says so
                self.missed = error
                log.debug("a connection less: %s", error)
            case SenderRefused() | Paused():
                self.stopped = self.stopped or error
                self.halted.set()
            case _:
                self.failed = self.failed or error
                self.halted.set()
        if not self.count:
            self.ended.set()

    def _stop(self) -> bool:
        return self.halted.is_set() or self.context.in_flight.halted or self.context.stop()

    def _count(self, state: str) -> None:
        with self.lock:
            self.outcomes[state] += 1


def _shares(connections: int, each: int, most: int) -> list[int]:
    """How many connections each thread has; no more threads than there are claims to take."""
    threads = -(-connections // each)
    shares = [connections // threads + (one < connections % threads) for one in range(threads)]
    return shares[: max(1, most)]
