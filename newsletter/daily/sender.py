"""One connection's way through the queue: claim, look, hand over, settle."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Set
from datetime import datetime, timedelta
from threading import Lock, get_ident
from typing import Any

from newsletter.daily.desk import Desk
from newsletter.edges.channels import Attempt, Envelope
from newsletter.edges.faults import reach
from newsletter.edges.store import Connection, domains, issues, ledger, subscribers
from newsletter.edges.store.ledger import Claimed, Lease, Scope, Settled, Steady, Tried
from newsletter.editorial.backoff import wait
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Posting, digest
from newsletter.editorial.pace import HORIZON
from newsletter.errors import (
    AnswerLost,
    Deferred,
    DeliveryError,
    Paused,
    Refused,
    StoreError,
    Withheld,
)

log = logging.getLogger("newsletter")

_KEPT = 0.25
"""Messages accepted within so many seconds are settled together: a transaction for each would take
longer than sending it, and a crash costs no more rows than are claimed anyway. Behind a slow server
each is settled at once."""


_SHORTEST, _STEP = timedelta(milliseconds=10), 0.1
"""To rest less than the one would be to ask without a break; a stop is seen after the other."""


class Sender:
    """``queue`` holds what is claimed and not yet offered, ``issues`` what stands in it;
    ``accepted`` is what the ledger must still hear of.

    ``stop`` ends it after the message in hand; ``count`` is told each outcome; ``resting`` is held
    by the one that waits until there is something to claim.
    """

    def __init__(
        self,
        desk: Desk,
        clock: Callable[[], datetime],
        scope: Scope,
        stop: Callable[[], bool],
        count: Callable[[str], None],
        resting: Lock,
    ) -> None:
        self.desk, self.clock, self.scope = desk, clock, scope
        self.stop, self.count, self.resting = stop, count, resting
        self.owner = ledger.sender(desk.owner, str(get_ident()))
        self.channel = desk.channel()
        self.look = ledger.Look(desk.store)
        self.queue: deque[Claimed] = deque()
        self.issues: Mapping[int, Issue] = {}
        self.offered: Claimed | None = None
        self.accepted: list[tuple[Claimed, Settled]] = []
        self.settled_at = 0.0
        self.waiting: dict[str, datetime] = {}

    def work(self) -> None:
        """Until nothing is left. Raises ChannelDown, SenderRefused and Paused, which end it."""
        try:
            while not self.stop() and (self._claim() or self._rest()):
                while self._has_next():
                    self._offer(self.queue[0])
        finally:
            self._close()

    def _claim(self) -> bool:
        """The next rows; what was accepted of the last is settled in the same transaction."""
        desk, store = self.desk, self.desk.store
        with store.writing(durable=True) as db:
            mine = self._write_accepted(db)
            now, lease = self.clock(), self._lease()
            rows = ledger.claim(db, now, lease, desk.claim, self.scope, desk.pace)
            reach("claiming")
        reach("claimed")
        self.queue.extend(rows)
        self._accepted_are_settled(mine)
        with store.reading() as db:
            since = None if rows else ledger.paused(db)
            self.issues = issues.load_all(db, sorted({row.issue_id for row in rows}))
            self.waiting = domains.waiting(db)
        if since is not None:
            raise Paused(f"paused since {since:%Y-%m-%d %H:%M} UTC: `newsletter resume` goes on")
        for row in rows:
            _log(row, "sending")
        return bool(rows)

    def _rest(self) -> bool:
        """Wait until there may be something to claim; False where nothing is left.

        One at a time: the others would wake with it, and find nothing.
        """
        if not self.desk.pace.limits:
            return False
        with self.resting:
            with self.desk.store.reading() as db:
                again = ledger.again(db, self.clock(), self.scope, self.desk.pace)
            if again is not None:
                self._sleep(max(again, self.clock() + _SHORTEST))
        return again is not None

    def _has_next(self) -> bool:
        """Whether there is a row to offer, whose slot has come."""
        if self.queue:
            self._sleep(self.queue[0].not_before)
        return bool(self.queue) and not self.stop()

    def _sleep(self, until: datetime) -> None:
        """At most for as long as a slot may be ahead: the clock may jump meanwhile."""
        left = min(until - self.clock(), HORIZON).total_seconds()
        if left > _KEPT:
            self._settle_accepted()
        while left > 0 and not self.stop():
            self.desk.sleep(min(left, _STEP))
            left -= _STEP

    def _close(self) -> None:
        """What was never offered waits again; offered and not settled is unknown."""
        in_hand, store, owner = self.offered, self.desk.store, self.owner
        try:
            self._settle_accepted()
            with store.writing() as db:
                if in_hand:
                    ledger.settle(db, owner, [ledger.lost(in_hand.id, self.clock())])
                ledger.release(db, [row.id for row in self.queue], owner)
            reach("released")
            self._forget(in_hand)
        finally:
            self.look.close()
            self.channel.close()
        for row in self.queue:
            _log(row, "pending")
        if in_hand:
            _log(in_hand, "unknown")

    def _lease(self) -> Lease:
        now, length = self.desk.steady(), self.desk.lease
        end = Steady(now.boot, now.seconds + length.total_seconds())
        return Lease(self.owner, end, self.clock() + length)

    def _offer(self, row: Claimed) -> None:
        until = self.waiting.get(row.domain)
        if until is not None and until > self.clock():
            self.queue.popleft()
            self._settle(row, "put off", next_attempt_at=until)
            return
        attempt = Attempt(look=lambda: self._look(row))
        try:
            how, values = self._hand_over(row, attempt)
        except (Paused, StoreError):
            raise
        except Exception as error:
            self._put_behind(row, attempt, error)
            raise
        if how:
            self._take(row)
            (self._accept if how == "accepted" else self._settle)(
                row, how, _tried(attempt), **values
            )

    def _put_behind(self, row: Claimed, attempt: Attempt, error: Exception) -> None:
        """Behind all who wait: a row that always ends the run may not keep the others from it.

        Nobody knows what became of one that was handed over, but by the server's own word.
        """
        ours = isinstance(error, DeliveryError)
        if ours or self.offered is not row:
            answer = str(error) if ours else f"{type(error).__name__}: {error}"
            behind = {"answer": answer, "next_attempt_at": self.clock()}
            self._take(row)
            self._settle(row, "put off", _tried(attempt), **behind)

    def _look(self, row: Claimed) -> None:
        """The last moment to change one's mind; from here on the server may have the message."""
        self._give_back(row)
        self.desk.hand.rows[row.id] = None
        verdict, seconds = self._verdict(row)
        if verdict == "go" and seconds < self.desk.lease.total_seconds() / 2:
            with self.desk.store.writing() as db:
                ledger.prolong(db, self._lease())
            verdict, _ = self._verdict(row)  # to write may have been waited for
        reach("looked")
        if verdict == "paused":
            self._forget(row)
            raise Paused("paused by the operator: `newsletter resume` goes on")
        if verdict != "go" or self.desk.hand.halted:
            self._forget(row)
            raise Withheld(verdict)
        self._take(row)

    def _verdict(self, row: Claimed) -> tuple[ledger.Verdict, float]:
        return self.look(row.id, self.owner, self.desk.steady())

    def _take(self, row: Claimed) -> None:
        """Out of the queue: no end of this run gives it back as if it had not been offered."""
        if self.queue and self.queue[0] is row:
            self.queue.popleft()
        self.offered = row

    def _give_back(self, row: Claimed) -> None:
        """A second try on a fresh connection: the server does not have it from the first."""
        if self.offered is row:
            self.queue.appendleft(row)
            self.offered = None

    def _forget(self, row: Claimed | None) -> None:
        """The ledger knows all that there is to know of it."""
        if row is not None:
            self.desk.hand.rows.pop(row.id, None)

    def _hand_over(self, row: Claimed, attempt: Attempt) -> tuple[str, dict[str, Any]]:
        """The transition to take, and what to write with it; no transition for a row not ours."""
        envelope = self._envelope(row)
        reach("built")
        try:
            answer = self.channel.send(envelope, attempt)
        except Withheld as error:
            return self._withheld(row, str(error))
        except Deferred as error:
            return "put off", {"answer": str(error), **self._put_off(row, shared=error.shared)}
        except Refused as error:
            if error.hard:
                self._bounced(row)
            return "refused", {"answer": str(error), "attempts": row.attempts + 1}
        except AnswerLost as error:
            return "answer lost", {"answer": str(error), "attempts": row.attempts + 1}
        return "accepted", {"answer": answer, "attempts": row.attempts + 1}

    def _withheld(self, row: Claimed, verdict: str) -> tuple[str, dict[str, Any]]:
        """A row whose lease we slept over is given back, unless another has it by now."""
        self._take(row)
        self.offered = None
        if verdict == "lost":
            with self.desk.store.writing() as db:
                ledger.release(db, [row.id], self.owner)
        return {"left": "left", "cancelled": "cancel"}.get(verdict, ""), {}

    def _put_off(self, row: Claimed, *, shared: bool) -> dict[str, Any]:
        now = self.clock()
        until = now + wait(row.attempts, row.message_id)
        if shared:
            with self.desk.store.writing() as db:
                until = max(until, domains.put_off(db, row.domain, now))
            self.waiting[row.domain] = until
        return {"attempts": row.attempts + 1, "next_attempt_at": until}

    def _bounced(self, row: Claimed) -> None:
        with self.desk.store.writing() as db:
            subscribers.bounce(db, row.subscriber.id)

    def _settle(self, row: Claimed, how: str, tried: Tried | None = None, **values: Any) -> None:
        reach("settling")
        settled = Settled(row.id, how, self.clock(), values, tried)
        with self.desk.store.writing() as db:
            mine = ledger.settle(db, self.owner, [settled])
        reach("settled")
        self.offered = None
        self._told(row, settled, mine)

    def _accept(self, row: Claimed, how: str, tried: Tried | None, **values: Any) -> None:
        """Settled with its neighbours, soon: see ``_KEPT``."""
        settled = Settled(row.id, how, self.clock(), values, tried)
        self.desk.hand.rows[row.id] = settled
        self.offered = None
        self.accepted.append((row, settled))
        if self.desk.steady().seconds - self.settled_at >= _KEPT:
            self._settle_accepted()

    def _settle_accepted(self) -> None:
        if not self.accepted:
            return
        with self.desk.store.writing() as db:
            mine = self._write_accepted(db)
        self._accepted_are_settled(mine)

    def _write_accepted(self, db: Connection) -> Set[int]:
        if not self.accepted:
            return set()
        reach("settling")
        for row, settled in self.accepted:
            if row.domain in self.waiting:
                domains.took(db, row.domain, settled.at)
        return ledger.settle(db, self.owner, [settled for _, settled in self.accepted])

    def _accepted_are_settled(self, mine: Set[int]) -> None:
        if self.accepted:
            reach("settled")
        done, self.accepted = self.accepted, []
        self.settled_at = self.desk.steady().seconds
        for row, settled in done:
            self._told(row, settled, mine)

    def _told(self, row: Claimed, settled: Settled, mine: Set[int]) -> None:
        self._forget(row)
        state = _OUTCOMES[settled.how] if row.id in mine else "lost"
        self.count(state)
        _log(row, state, settled.values.get("answer", ""))

    def _envelope(self, row: Claimed) -> Envelope:
        issue = self.issues[row.issue_id]
        posting = Posting(issue, row.subscriber, row.message_id, row.due_at)
        text = message(posting, self.desk.letterhead)
        return Envelope(self.desk.sender(row.id), row.subscriber.address, text)


_OUTCOMES = {
    "accepted": "sent",
    "refused": "failed",
    "answer lost": "unknown",
    "put off": "waiting",
    "left": "skipped",
    "cancel": "skipped",
}


def _log(row: Claimed, state: str, answer: str = "") -> None:
    if log.isEnabledFor(logging.DEBUG):
        who = digest(row.subscriber.address)[:12]
        log.debug("delivery=%d reader=%s state=%s answer=%r", row.id, who, state, answer)


def _tried(attempt: Attempt) -> Tried | None:
    """None where the server was not heard about this reader."""
    if not attempt.answers:
        return None
    return Tried(attempt.answers.get("RCPT", ""), attempt.answers.get("DATA", ""))
