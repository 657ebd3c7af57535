"""What became of a sender's rows, on its way into the ledger."""

import logging
from collections.abc import Callable, Sequence, Set
from datetime import datetime
from typing import Any

from newsletter.delivery.context import DeliveryContext
from newsletter.domain.backoff import wait
from newsletter.domain.model import digest
from newsletter.failpoints import reach
from newsletter.storage import Connection, deferred_domains, ledger, subscribers
from newsletter.storage.ledger import Claimed, Settled, Tried

log = logging.getLogger("newsletter")

KEPT = 0.25
"""Messages accepted within so many seconds are settled together: a transaction for each would take
longer than sending it, and a crash costs no more rows than are claimed anyway. Behind a slow server
each is settled at once."""

_OUTCOMES = {
    "accepted": "sent",
    "refused": "failed",
    "answer lost": "unknown",
    "put off": "waiting",
    "left": "skipped",
    "cancel": "skipped",
}


class Outcomes:
    """``offered`` are the rows that a server may have, ``accepted`` what the ledger must still hear
    of, ``waiting`` until when a domain wants no more. ``count`` is told each outcome.
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
        self.settled_at = 0.0
        self.waiting: dict[str, datetime] = {}

    def settle(self, row: Claimed, how: str, tried: Tried | None = None, **values: Any) -> None:
        reach("settling")
        settled = Settled(row.id, how, self.clock(), values, tried)
        if how != "answer lost":
            self._answered(row, accepted=False)
        with self.context.store.writing() as db:
            mine = ledger.settle(db, self.owner, [settled])
        reach("settled")
        self.offered.pop(row.id, None)
        self._told(row, settled, mine)

    def accept(self, row: Claimed, tried: Tried | None, **values: Any) -> None:
        """Settled with its neighbours, soon: see ``KEPT``."""
        self._answered(row, accepted=True)
        settled = Settled(row.id, "accepted", self.clock(), values, tried)
        self.context.in_flight.rows[row.id] = settled
        self.offered.pop(row.id, None)
        self.accepted.append((row, settled))
        if self.context.steady().seconds - self.settled_at >= KEPT:
            self.settle_accepted()

    def _answered(self, row: Claimed, *, accepted: bool) -> None:
        if journal := self.context.store.journal:
            journal.answered(row.id, self.owner, accepted=accepted)

    def settle_accepted(self) -> None:
        if not self.accepted:
            return
        with self.context.store.writing() as db:
            mine = self.write_accepted(db)
        self.accepted_are_settled(mine)

    def write_accepted(self, db: Connection) -> Set[int]:
        """Those that were still ours; ``accepted_are_settled`` follows when it is committed."""
        if not self.accepted:
            return set()
        reach("settling")
        for row, settled in self.accepted:
            if row.domain in self.waiting:
                deferred_domains.took(db, row.domain, settled.at)
        return ledger.settle(db, self.owner, [settled for _, settled in self.accepted])

    def accepted_are_settled(self, mine: Set[int]) -> None:
        if self.accepted:
            reach("settled")
        done, self.accepted = self.accepted, []
        self.settled_at = self.context.steady().seconds
        for row, settled in done:
            self._told(row, settled, mine)

    def put_off(self, row: Claimed, *, shared: bool) -> dict[str, Any]:
        """What to settle it with; ``shared`` by its domain's others, which are to wait too."""
        now = self.clock()
        until = now + wait(row.attempts, row.message_id)
        if shared:
            with self.context.store.writing() as db:
                until = max(until, deferred_domains.put_off(db, row.domain, now))
            self.waiting[row.domain] = until
        return {"attempts": row.attempts + 1, "next_attempt_at": until}

    def bounced(self, row: Claimed) -> None:
        with self.context.store.writing() as db:
            subscribers.bounce(db, row.subscriber.id)

    def give_back(self, row: Claimed) -> None:
        """Unless another has it by now."""
        with self.context.store.writing() as db:
            ledger.release(db, [row.id], self.owner)

    def forget(self, row: Claimed) -> None:
        """The ledger knows all that there is to know of it."""
        self.context.in_flight.rows.pop(row.id, None)

    def end(self, never: Sequence[Claimed]) -> None:
        """What was never offered waits again; offered and not settled is unknown."""
        self.settle_accepted()
        lost = list(self.offered.values())
        with self.context.store.writing() as db:
            ledger.settle(db, self.owner, [ledger.lost(row.id, self.clock()) for row in lost])
            ledger.release(db, [row.id for row in never], self.owner)
        reach("released")
        for state, rows in (("pending", never), ("unknown", lost)):
            for row in rows:
                self.forget(row)
                log_row(row, state)

    def _told(self, row: Claimed, settled: Settled, mine: Set[int]) -> None:
        self.forget(row)
        # Taken for dead meanwhile: the ledger says unknown, whatever we heard.
        state = _OUTCOMES[settled.how] if row.id in mine else "unknown"
        self.count(state)
        log_row(row, state, settled.values.get("answer", ""))


def log_row(row: Claimed, state: str, answer: str = "") -> None:
    if log.isEnabledFor(logging.DEBUG):
        who = digest(row.subscriber.address)[:12]
        log.debug("delivery=%d reader=%s state=%s answer=%r", row.id, who, state, answer)
