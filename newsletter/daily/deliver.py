"""Pending rows to the channel: claimed before the attempt, settled after the answer."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from newsletter.daily.compose import Readers
from newsletter.edges.channels import Attempt, Channel, Envelope
from newsletter.edges.faults import reach
from newsletter.edges.store import Store, domains, issues, ledger, subscribers
from newsletter.edges.store.ledger import Claimed, Lease, Scope, Steady, Tried
from newsletter.editorial.backoff import wait
from newsletter.editorial.letter import Letterhead
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Posting, digest
from newsletter.editorial.pace import FREE, HORIZON, Pace
from newsletter.errors import (
    AnswerLost,
    ChannelDown,
    Deferred,
    DeliveryError,
    Paused,
    Refused,
    SenderRefused,
    Withheld,
)

log = logging.getLogger("newsletter")

Watch = Callable[[Counter[str], int], None]
"""Told the outcomes so far, and of how many rows."""


@dataclass
class Hand:
    """What a sender has in hand, for whoever must end it at once from another thread.

    ``row`` is set before the look and ``halted`` is read after it: one of the two sees the other.
    It outlives a run: of what its owner still has then, ``row`` alone may have been handed over.
    """

    row: int | None = None
    halted: bool = False


@dataclass(frozen=True)
class Desk:
    """What delivering needs. ``sender`` is the envelope's, by the delivery's id; ``owner`` tells
    this sender from every other, ``stop`` ends it early after the message in hand; ``watch`` is
    told (outcomes, of how many).

    ``claim`` rows at a time: what a crash can leave unknown. ``lease`` must outlast the slowest
    message: the answer to its final dot alone may take five minutes. ``sleep`` is asked for a
    tenth of a second at most, while a row waits for its ``pace``.
    """

    store: Store
    channel: Channel
    letterhead: Letterhead
    sender: Callable[[int], str]
    owner: str
    steady: Callable[[], Steady]
    stop: Callable[[], bool]
    watch: Watch
    claim: int = 20
    lease: timedelta = timedelta(minutes=15)
    hand: Hand = field(default_factory=Hand)
    pace: Pace = FREE
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Report:
    """How many rows ended how; ``stopped`` is the error that ended the run early."""

    outcomes: Counter[str]
    stopped: DeliveryError | None = None

    @property
    def ok(self) -> bool:
        bad = sum(self.outcomes[state] for state in ("failed", "unknown", "waiting"))
        return self.stopped is None and not bad


def deliver(
    desk: Desk,
    clock: Callable[[], datetime],
    on: date | None,
    readers: Readers,
) -> Report:
    """Offer every row that is due, once; what could not be sent says so in the ledger."""
    scope = Scope(on, readers.ids)
    run = _Run(desk, clock, _open(desk, clock(), scope, hurry=readers.now))
    try:
        while not desk.stop() and (run.claim(scope) or run.rest(scope)):
            run.offer_all()
    except (ChannelDown, SenderRefused, Paused) as error:
        return Report(run.outcomes, error)
    finally:
        run.close()
    return Report(run.outcomes)


def _open(desk: Desk, now: datetime, scope: Scope, *, hurry: bool) -> int:
    """See to what others left, and count what is to be offered."""
    with desk.store.writing() as db:
        # A run of ours whose end could not be written: to release it later would send it again.
        left = ledger.abandon(db, desk.owner, desk.hand.row, now)
        left += ledger.lapse(db, now, desk.steady())
        expired = ledger.expire(db, now)
        domains.tidy(db, now)
        ledger.wake(db, now)
        if hurry:
            ledger.hurry(db, now, scope)
            domains.forget(db)
        total = ledger.pending(db, now, scope)
    if left:
        log.warning("%d deliveries are unknown: their sender ended before the answer", left)
    if expired:
        log.warning("%d deliveries failed: they waited until the next issue", expired)
    return total


def abandon(desk: Desk, now: datetime) -> None:
    """End a sender that works in another thread, at once; the ledger stays true."""
    desk.hand.halted = True
    with desk.store.writing() as db:
        ledger.abandon(db, desk.owner, desk.hand.row, now)


class _Run:
    """One sender's way through the queue.

    ``queue`` holds what is claimed and not yet offered, ``issues`` what stands in it.
    """

    def __init__(self, desk: Desk, clock: Callable[[], datetime], total: int) -> None:
        self.desk = desk
        self.clock = clock
        self.total = total
        self.outcomes: Counter[str] = Counter()
        self.queue: deque[Claimed] = deque()
        self.issues: Mapping[int, Issue] = {}
        self.offered: Claimed | None = None
        self.waiting: dict[str, datetime] = {}

    def claim(self, scope: Scope) -> bool:
        desk = self.desk
        with desk.store.reading() as db:
            since, self.waiting = ledger.paused(db), domains.waiting(db)
        if since is not None:
            raise Paused(f"paused since {since:%Y-%m-%d %H:%M} UTC: `newsletter resume` goes on")
        rows = ledger.claim(desk.store, self.clock(), self._lease(), desk.claim, scope, desk.pace)
        self.queue.extend(rows)
        for row in rows:
            _log(row, "sending")
        with desk.store.reading() as db:
            self.issues = issues.load_all(db, sorted({row.issue_id for row in rows}))
        return bool(rows)

    def rest(self, scope: Scope) -> bool:
        """What is left waits for its pace: sleep until then; False where nothing is left."""
        with self.desk.store.reading() as db:
            again = ledger.again(db, self.clock(), scope, self.desk.pace)
        if again is None:
            return False
        self._sleep(max(again, self.clock() + _SHORTEST))
        self.desk.watch(self.outcomes, self.total)
        return True

    def offer_all(self) -> None:
        while self.queue and not self.desk.stop():
            self._sleep(self.queue[0].not_before)
            if self.desk.stop():
                return
            self._offer(self.queue[0])
            self.desk.watch(self.outcomes, self.total)

    def _sleep(self, until: datetime) -> None:
        """At most for as long as a slot may be ahead: the clock may jump meanwhile."""
        left = min(until - self.clock(), HORIZON).total_seconds()
        while left > 0 and not self.desk.stop():
            self.desk.sleep(min(left, _STEP))
            left -= _STEP

    def close(self) -> None:
        """What was never offered waits again; offered and not settled is unknown."""
        in_hand = self.offered
        try:
            with self.desk.store.writing() as db:
                ledger.abandon(db, self.desk.owner, in_hand.id if in_hand else None, self.clock())
            reach("released")
        finally:
            self.desk.channel.close()
        for row in self.queue:
            _log(row, "pending")
        if in_hand:
            _log(in_hand, "unknown")

    def _lease(self) -> Lease:
        now, length = self.desk.steady(), self.desk.lease
        end = Steady(now.boot, now.seconds + length.total_seconds())
        return Lease(self.desk.owner, end, self.clock() + length)

    def _offer(self, row: Claimed) -> None:
        until = self.waiting.get(row.domain)
        if until is not None and until > self.clock():
            self.queue.popleft()
            self._settle(row, "put off", next_attempt_at=until)
            return
        envelope = self._envelope(row)
        reach("built")
        attempt = Attempt(look=lambda: self._look(row))
        try:
            how, values = self._hand_over(row, envelope, attempt)
        except (ChannelDown, SenderRefused) as error:
            # Behind all who wait: a row that always ends the run may not keep the others from it.
            behind = {"answer": str(error), "next_attempt_at": self.clock()}
            self._take(row)
            self._settle(row, "put off", _tried(attempt), **behind)
            raise
        if how:
            self._take(row)
            self._settle(row, how, _tried(attempt), **values)

    def _look(self, row: Claimed) -> None:
        """The last moment to change one's mind; from here on the server may have the message."""
        self._give_back(row)
        self.desk.hand.row = row.id
        verdict, seconds = self._verdict(row)
        if verdict == "go" and seconds < self.desk.lease.total_seconds() / 2:
            with self.desk.store.writing() as db:
                ledger.prolong(db, self._lease())
            verdict, _ = self._verdict(row)  # to write may have been waited for
        reach("looked")
        if verdict == "paused":
            raise Paused("paused by the operator: `newsletter resume` goes on")
        if verdict != "go" or self.desk.hand.halted:
            raise Withheld(verdict)
        self._take(row)

    def _verdict(self, row: Claimed) -> tuple[ledger.Verdict, float]:
        with self.desk.store.reading() as db:
            return ledger.look(db, row.id, self.desk.owner, self.desk.steady())

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

    def _hand_over(
        self, row: Claimed, envelope: Envelope, attempt: Attempt
    ) -> tuple[str, dict[str, Any]]:
        """The transition to take, and what to write with it; no transition for a row not ours."""
        try:
            answer = self.desk.channel.send(envelope, attempt)
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
                ledger.release(db, [row.id], self.desk.owner)
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
        with self.desk.store.writing() as db:
            mine = ledger.settle(db, row.id, self.desk.owner, self.clock(), how, tried, **values)
            if how == "accepted" and row.domain in self.waiting:
                domains.took(db, row.domain)
        reach("settled")
        self.offered = None
        state = _OUTCOMES[how] if mine else "lost"
        self.outcomes[state] += 1
        _log(row, state, values.get("answer", ""))

    def _envelope(self, row: Claimed) -> Envelope:
        issue = self.issues[row.issue_id]
        posting = Posting(issue, row.subscriber, row.message_id, row.due_at)
        text = message(posting, self.desk.letterhead)
        return Envelope(self.desk.sender(row.id), row.subscriber.address, text)


_SHORTEST = timedelta(milliseconds=10)
_STEP = 0.1

_OUTCOMES = {
    "accepted": "sent",
    "refused": "failed",
    "answer lost": "unknown",
    "put off": "waiting",
    "left": "skipped",
    "cancel": "skipped",
}


def _log(row: Claimed, state: str, answer: str = "") -> None:
    who = digest(row.subscriber.address)[:12]
    log.debug("delivery=%d reader=%s state=%s answer=%r", row.id, who, state, answer)


def _tried(attempt: Attempt) -> Tried | None:
    """None where the server was not heard about this reader."""
    if not attempt.answers:
        return None
    return Tried(attempt.answers.get("RCPT", ""), attempt.answers.get("DATA", ""))
