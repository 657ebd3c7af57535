"""Writing into the ledger what became of a worker's rows."""

import logging
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from threading import RLock
from typing import Any

from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.returned import given_up, refusal, take
from newsletter.domain.backoff import wait
from newsletter.domain.model import digest
from newsletter.domain.states import DeliveryState, Transition
from newsletter.failpoints import reach
from newsletter.storage import Connection, deferred_domains, recovery, settlements
from newsletter.storage.returns import Incoming
from newsletter.storage.send_queue import Claimed
from newsletter.storage.settlements import Settled, Tried
from newsletter.storage.transitions import MOVES

log = logging.getLogger("newsletter")

SETTLE_EVERY = 0.25
"""Messages accepted within so many seconds are settled together: a transaction for each would take
longer than sending it, and a crash leaves no more rows unknown than are claimed anyway. Behind a
slow server each is settled at once."""


class Outcomes:
    """``offered`` are the rows that a server may have, ``accepted`` those that it has and the
    ledger does not know of, ``deferred_until`` the domains that asked to wait. ``count`` is called
    with each row's new state.

    ``lock`` guards ``accepted``: while the worker waits for a server, the watching thread settles.
    """

    def __init__(
        self,
        context: DeliveryContext,
        clock: Callable[[], datetime],
        owner: str,
        count: Callable[[str], None],
    ) -> None:
        self.context, self.clock, self.owner, self.count = context, clock, owner, count
        self.offered: dict[int, Claimed] = {}
        self.accepted: list[tuple[Claimed, Settled]] = []
        self.settled_at = context.steady().seconds
        self.deferred_until: dict[str, datetime] = {}
        self.lock = RLock()

    def settle(
        self, row: Claimed, transition: Transition, tried: Tried | None = None, **values: Any
    ) -> None:
        reach("settling")
        settled = Settled(row.id, transition, self.clock(), values, tried)
        if transition is not Transition.ANSWER_LOST:
            self._answered(row, accepted=False)
        with self.context.store.writing(together=True) as db:
            ours = settlements.settle(db, self.owner, [settled])
        reach("settled")
        self.offered.pop(row.id, None)
        self._settled(row, settled, ours)

    def accept(self, row: Claimed, **values: Any) -> None:
        """Settled soon, together with others: see ``SETTLE_EVERY``."""
        self._answered(row, accepted=True)
        settled = Settled(row.id, Transition.ACCEPTED, self.clock(), values)
        self.context.in_flight.rows[row.id] = settled
        with self.lock:
            self.accepted.append((row, settled))
        self.offered.pop(row.id, None)
        self.settle_when_due()

    def settle_when_due(self) -> None:
        if self.context.steady().seconds - self.settled_at >= SETTLE_EVERY:
            self.settle_accepted()

    def _answered(self, row: Claimed, *, accepted: bool) -> None:
        if journal := self.context.store.journal:
            journal.answered(row.id, self.owner, accepted=accepted)

    def settle_accepted(self) -> None:
        with self.lock:
            if self.accepted:
                with self.settling_accepted():
                    pass

    @contextmanager
    def settling_accepted(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that settles what was accepted, and may go on to do more: one commit."""
        with self.lock:
            done = list(self.accepted)
            took = [pair for pair in done if pair[0].domain in self.deferred_until]
            if done:
                reach("settling")
            # What is ours is nobody else's to write; a domain is everybody's.
            with self.context.store.writing(durable=durable, together=not took) as db:
                for row, settled in took:
                    deferred_domains.took(db, row.domain, settled.at)
                ours = settlements.settle(db, self.owner, [settled for _, settled in done])
                yield db
            if done:
                reach("settled")
            self.accepted.clear()
            self.settled_at = self.context.steady().seconds
            for row, settled in done:
                self._settled(row, settled, ours)

    def defer(self, row: Claimed, *, shared: bool) -> dict[str, Any]:
        """The values to settle it with; ``shared``: the others of its domain are to wait too, for
        as long as the domain does, which may be less."""
        now = self.clock()
        until = now + wait(row.attempts, row.message_id)
        if shared:
            with self.context.store.writing() as db:
                shared_until = deferred_domains.defer(db, row.domain, now)
            self.deferred_until[row.domain] = shared_until
            until = max(until, shared_until)
        return {"attempts": row.attempts + 1, "next_attempt_at": until}

    def refused(self, row: Claimed, answer: str, *, hard: bool) -> None:
        """A refusal while it is sent counts as one that comes back by mail."""
        self._take(refusal(answer, _key(row), hard=hard, delivery=row.id))

    def deferred(self, row: Claimed, answer: str, until: datetime) -> None:
        """The same where a server asked to bring it later, and there is no later."""
        if until >= row.expires_at:
            self._take(given_up(answer, _key(row), delivery=row.id))

    def _take(self, incoming: Incoming) -> None:
        with self.context.store.writing() as db:
            take(db, incoming, "", self.context.returns, self.clock())

    def give_back(self, row: Claimed) -> None:
        """Unless another has it by now."""
        with self.context.store.writing() as db:
            recovery.release(db, [row.id], self.owner)

    def forget(self, row: Claimed) -> None:
        """It is not in flight: the ledger knows everything about it."""
        self.context.in_flight.rows.pop(row.id, None)

    def end(self, claimed: Sequence[Claimed]) -> None:
        """Of the rows still claimed, those that were never offered wait again; those offered
        without an answer are unknown."""
        self.settle_accepted()
        lost = list(self.offered.values())
        never = [row for row in claimed if row.id not in self.offered]
        with self.context.store.writing() as db:
            settlements.settle(
                db, self.owner, [settlements.lost(row.id, self.clock()) for row in lost]
            )
            recovery.release(db, [row.id for row in never], self.owner)
        reach("released")
        for state, rows in ((DeliveryState.PENDING, never), (DeliveryState.UNKNOWN, lost)):
            for row in rows:
                self.forget(row)
                log_row(row, state)

    def _settled(self, row: Claimed, settled: Settled, ours: Set[int]) -> None:
        self.forget(row)
        # Another run took this worker for dead: the ledger says unknown, whatever the server said.
        mine = row.id in ours
        state = MOVES[settled.transition].after if mine else DeliveryState.UNKNOWN
        self.count(state)
        log_row(row, state, settled.values.get("answer", ""))


def _key(row: Claimed) -> str:
    return digest("smtp", str(row.id), str(row.attempts))


def log_row(row: Claimed, state: str, answer: str = "") -> None:
    if log.isEnabledFor(logging.DEBUG):
        reader = digest(row.subscriber.address)[:12]
        log.debug("delivery=%d reader=%s state=%s answer=%r", row.id, reader, state, answer)
