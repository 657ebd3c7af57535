"""Sending every row that is due: claimed before the attempt, settled after the answer."""

import gc
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event, Lock, Thread

from newsletter.composing.readers import Readers
from newsletter.delivery.context import DeliveryContext, Report, abandon
from newsletter.delivery.worker import FIRST_CLAIM, Worker
from newsletter.domain.errors import ChannelDown, DeliveryError, Paused, SenderRefused
from newsletter.domain.text import counted
from newsletter.storage import deferred_domains, operator_actions, recovery, send_queue
from newsletter.storage.send_queue import Scope
from newsletter.turns import Turn

log = logging.getLogger("newsletter")

_WATCHED_EVERY = 0.1  # seconds

_SHARE_A_CLAIM = 4
"""Up to so many connections share ``delivery.claim`` rows."""


def deliver(
    context: DeliveryContext,
    clock: Callable[[], datetime],
    on: date | None,
    readers: Readers,
) -> Report:
    """Try every row that is due, once; the ledger says why a row could not be sent."""
    scope = Scope(on, readers.ids)
    total = _open(context, clock(), scope, hurry=readers.now)
    if total:
        context.branding()  # what is wrong with the templates is told before anything is claimed
    pool = _WorkerPool(context, clock, scope, total)
    # What exists now stays until the end: without this the collector would scan it again and again.
    gc.freeze()
    try:
        return pool.work()
    finally:
        gc.unfreeze()


def _open(context: DeliveryContext, now: datetime, scope: Scope, *, hurry: bool) -> int:
    """Settle what ended runs left, and count what is to be sent.

    Raises StoreError on a full disk: each run would claim more rows whose fate cannot be written.
    """
    context.store.room()
    with context.store.writing() as db:
        # A run of ours whose end could not be written: to release it later would send it again.
        left = recovery.abandon(db, context.owner, context.in_flight.rows, now)
        left += recovery.lapse(db, now, context.steady(), context.store.journal)
        expired = send_queue.expire(db, now)
        deferred_domains.tidy(db, now)
        send_queue.wake(db, now)
        if hurry:
            send_queue.hurry(db, now, scope)
        total = send_queue.pending(db, now, scope)
    context.in_flight.rows.clear()
    if left:
        log.warning("%s unknown: the sender ended before the answer", counted(left, "delivery"))
    if expired:
        log.warning("%s failed (expired): the next issue is due", counted(expired, "delivery"))
    return total


@dataclass
class _Round:
    """Threads that work until nothing is left. ``lost`` is the error of a connection that could not
    be had, ``stopped`` what ended all of them, ``failed`` an unexpected error."""

    running: int = 0
    finished: int = 0
    ended: Event = field(default_factory=Event)
    lost: ChannelDown | None = None
    stopped: DeliveryError | None = None
    failed: BaseException | None = None


class _WorkerPool:
    """A thread for each connection; the caller's thread watches them.

    A server may allow fewer connections than are configured: a worker whose connection cannot be
    had gives its rows back, and the others send them, in another round if they had finished. Its
    error is reported where no worker is left. Our own fault ends all of them at once.
    """

    def __init__(
        self, context: DeliveryContext, clock: Callable[[], datetime], scope: Scope, total: int
    ) -> None:
        self.context, self.clock, self.scope, self.total = context, clock, scope, total
        self.claim_size = max(1, context.claim // min(context.connections, _SHARE_A_CLAIM))
        self.outcomes: Counter[str] = Counter()
        self.lock, self.resting, self.turn = Lock(), Lock(), Turn()
        self.halted = Event()
        self.workers: list[Worker] = []

    def work(self) -> Report:
        claim = min(FIRST_CLAIM, self.claim_size)
        count = min(self.context.connections, max(1, -(-self.total // claim)))
        while True:
            ended = self._run(count)
            if ended.failed is not None:
                raise ended.failed
            stopped = ended.stopped
            if stopped is None and ended.lost is not None and self._left():
                stopped = None if ended.finished else ended.lost
                count = ended.finished
            else:
                count = 0
            if not count or self._stop():
                return Report(self.outcomes, stopped, self._waiting())

    def _run(self, count: int) -> _Round:
        current = _Round()
        try:
            self._start(current, count)
            self._watch_until_the_end(current)
        except (KeyboardInterrupt, SystemExit):
            abandon(self.context, self.clock())
            raise
        return current

    def _start(self, current: _Round, count: int) -> None:
        """As many threads as can be had, one at least."""
        current.running = count
        self.workers = []
        for number in range(count):
            # Daemons: one that waits for a mail server must not keep a process from its end.
            name = f"sender-{number + 1}"
            thread = Thread(target=self._worker, args=(current,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                if not number:
                    raise
                log.warning("%d threads instead of %d: %s", number, count, error)
                with self.lock:
                    current.running -= count - number - 1
                    self._leave(current, None)
                return

    def _watch_until_the_end(self, current: _Round) -> None:
        try:
            while not current.ended.wait(_WATCHED_EVERY):
                self._watch()
            self._watch()
        except Exception:
            self.halted.set()
            current.ended.wait()
            raise

    def _watch(self) -> None:
        """Settle for workers that wait for a server, and tell the caller how far it is."""
        for worker in list(self.workers):
            worker.outcomes.settle_when_due()
        with self.lock:
            outcomes = self.outcomes.copy()
        self.context.watch(outcomes, self.total)

    def _worker(self, current: _Round) -> None:
        """Whatever ends it is raised or reported in the caller's thread."""
        error: BaseException | None = None
        context, stop, count = self.context, self._stop, self._count
        try:
            shared = stop, count, self.resting, self.turn
            worker = Worker(context, self.clock, self.scope, self.claim_size, *shared)
            self.workers.append(worker)
            worker.work()
        except BaseException as raised:
            error = raised
        with self.lock:
            self._leave(current, error)

    def _leave(self, current: _Round, error: BaseException | None) -> None:
        current.running -= 1
        match error:
            case None:
                current.finished += 1
            case ChannelDown():
                current.lost = error
                log.debug("one connection fewer: %s", error)
            case SenderRefused() | Paused():
                current.stopped = current.stopped or error
                self.halted.set()
            case _:
                current.failed = current.failed or error
                self.halted.set()
        if not current.running:
            current.ended.set()

    def _left(self) -> int:
        """How many could be sent now."""
        with self.context.store.reading() as db:
            return send_queue.pending(db, self.clock(), self.scope)

    def _waiting(self) -> int:
        """How many wait, whenever they may be tried."""
        with self.context.store.reading() as db:
            return operator_actions.pending(db, self.scope.subscriber_ids, self.scope.on)[0]

    def _stop(self) -> bool:
        return self.halted.is_set() or self.context.in_flight.halted or self.context.stop()

    def _count(self, state: str) -> None:
        with self.lock:
            self.outcomes[state] += 1
