"""Pending rows to the channel: claimed before the attempt, settled after the answer."""

import gc
import logging
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from threading import Event, Lock, Thread

from newsletter.daily.compose import Readers
from newsletter.daily.desk import Desk, Report, abandon
from newsletter.daily.sender import Sender
from newsletter.edges.store import domains, ledger
from newsletter.edges.store.ledger import Scope
from newsletter.errors import ChannelDown, DeliveryError, Paused, SenderRefused

log = logging.getLogger("newsletter")

_WATCHED_EVERY = 0.1  # seconds

_EACH = 4
"""So many connections are one thread's: while one waits for its answer, it sees to the others. More
threads would take Python's lock from each other; fewer, stand still while each connection opens."""


def deliver(
    desk: Desk,
    clock: Callable[[], datetime],
    on: date | None,
    readers: Readers,
) -> Report:
    """Offer every row that is due, once; what could not be sent says so in the ledger."""
    scope = Scope(on, readers.ids)
    crew = _Crew(desk, clock, scope, _open(desk, clock(), scope, hurry=readers.now))
    # What stands now stays until the end: the collector would go through all of it again and again.
    gc.freeze()
    try:
        return crew.work()
    finally:
        gc.unfreeze()


def _open(desk: Desk, now: datetime, scope: Scope, *, hurry: bool) -> int:
    """See to what others left, and count what is to be offered.

    Not without room: each run would claim some more whose fate cannot be written.
    """
    desk.store.room()
    with desk.store.writing() as db:
        # A run of ours whose end could not be written: to release it later would send it again.
        left = ledger.abandon(db, desk.owner, desk.hand.rows, now)
        left += ledger.lapse(db, now, desk.steady())
        expired = ledger.expire(db, now)
        domains.tidy(db, now)
        ledger.wake(db, now)
        if hurry:
            ledger.hurry(db, now, scope)
        total = ledger.pending(db, now, scope)
    desk.hand.rows.clear()
    if left:
        log.warning("%d deliveries are unknown: their sender ended before the answer", left)
    if expired:
        log.warning("%d deliveries failed: they waited until the next issue", expired)
    return total


class _Crew:
    """A thread for every few connections; the caller's watches them.

    A server may allow fewer connections than are configured: one that cannot be had leaves its
    rows to the others, and only the last one's error ends the run. Our own fault ends it at once.
    """

    def __init__(self, desk: Desk, clock: Callable[[], datetime], scope: Scope, total: int) -> None:
        self.desk, self.clock, self.scope, self.total = desk, clock, scope, total
        self.outcomes: Counter[str] = Counter()
        self.shares = _shares(desk.connections, min(_EACH, desk.claim), -(-total // desk.claim))
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
            abandon(self.desk, self.clock())
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
        with self.desk.store.reading() as db:
            return ledger.pending(db, self.clock(), self.scope)

    def _watch(self) -> None:
        with self.lock:
            outcomes = self.outcomes.copy()
        self.desk.watch(outcomes, self.total)

    def _sender(self, connections: int) -> None:
        """Whatever ends it is told in the caller's thread."""
        ended: BaseException | None = None
        try:
            tell = self._stop, self._count, self.resting
            Sender(self.desk, self.clock, self.scope, connections, *tell).work()
        except BaseException as error:
            ended = error
        with self.lock:
            self._leave(ended)

    def _leave(self, error: BaseException | None) -> None:
        self.count -= 1
        match error:
            case None:
                pass
            case ChannelDown() if self.count:
                self.missed = error
                log.debug("a connection less: %s", error)  # where it was the last, the run says so
            case ChannelDown() | SenderRefused() | Paused():
                self.stopped = self.stopped or error
                self.halted.set()
            case _:
                self.failed = self.failed or error
                self.halted.set()
        if not self.count:
            self.ended.set()

    def _stop(self) -> bool:
        return self.halted.is_set() or self.desk.hand.halted or self.desk.stop()

    def _count(self, state: str) -> None:
        with self.lock:
            self.outcomes[state] += 1


def _shares(connections: int, each: int, most: int) -> list[int]:
    """How many connections each thread has; no more threads than there are claims to take."""
    threads = -(-connections // each)
    shares = [connections // threads + (one < connections % threads) for one in range(threads)]
    return shares[: max(1, most)]
