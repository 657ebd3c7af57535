"""One thread's way through the queue, over several connections: claim, look, hand over, settle."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock, get_ident
from typing import Any

from newsletter.daily.desk import Desk
from newsletter.edges.channels import Attempt, Channel, Envelope
from newsletter.edges.channels.steps import Steps, Wait, ready, resume
from newsletter.edges.faults import reach
from newsletter.edges.store import Connection, domains, issues, ledger, subscribers
from newsletter.edges.store.ledger import Claimed, Lease, Scope, Settled, Steady, Tried
from newsletter.editorial.backoff import wait
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Posting, digest
from newsletter.editorial.pace import HORIZON
from newsletter.errors import (
    AnswerLost,
    ChannelDown,
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


_BUILT_TOGETHER = 20
"""Letters are made one after the other, while a processor has at hand what makes them: between two
that are sent it would fetch it anew each time. What they take in memory is the limit."""


@dataclass(eq=False, slots=True)
class _Lane:
    """A message on its way over a connection, and what it waits for."""

    row: Claimed
    channel: Channel
    steps: Steps[None]
    wait: Wait | None = None


class Sender:
    """``queue`` holds the rows that are claimed and not begun, ``lanes`` those on their way,
    ``offered`` those of them that a server may have, ``accepted`` what the ledger must still hear
    of. ``issues`` are what the claimed rows are to get, ``built`` their next messages.

    ``stop`` ends it after the messages in hand; ``count`` is told each outcome; ``resting`` is held
    by the one that waits until there is something to claim.
    """

    def __init__(
        self,
        desk: Desk,
        clock: Callable[[], datetime],
        scope: Scope,
        connections: int,
        stop: Callable[[], bool],
        count: Callable[[str], None],
        resting: Lock,
    ) -> None:
        self.desk, self.clock, self.scope = desk, clock, scope
        self.stop, self.count, self.resting = stop, count, resting
        self.owner = ledger.sender(desk.owner, str(get_ident()))
        self.free = [desk.channel() for _ in range(connections)]
        self.look = ledger.Look(desk.store)
        self.queue: deque[Claimed] = deque()
        self.lanes: list[_Lane] = []
        self.issues: Mapping[int, Issue] = {}
        self.built: dict[int, Envelope] = {}
        self.offered: dict[int, Claimed] = {}
        self.accepted: list[tuple[Claimed, Settled]] = []
        self.settled_at = 0.0
        self.waiting: dict[str, datetime] = {}

    def work(self) -> None:
        """Until nothing is left. Raises ChannelDown, SenderRefused and Paused, which end it."""
        try:
            while not self.stop() and (self._claim() or self._rest()):
                self._serve()
        finally:
            self._close()

    def _claim(self) -> bool:
        """The next rows; what was accepted of the last is settled in the same transaction.

        With those on their way they are no more than a claim: a crash leaves no more unknown.
        """
        desk, store, most = self.desk, self.desk.store, self.desk.claim - len(self.lanes)
        with store.writing(durable=True) as db:
            mine = self._write_accepted(db)
            now, lease = self.clock(), self._lease()
            rows = ledger.claim(db, now, lease, most, self.scope, desk.pace)
            reach("claiming")
        reach("claimed")
        self.queue.extend(rows)
        self.built.clear()
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

    def _serve(self) -> None:
        """What is claimed, as many at the same time as there are connections; more is claimed while
        the last are on their way."""
        more = True
        while self.lanes or (self.queue and not self.stop()):
            if not self.lanes:
                self._sleep(self.queue[0].not_before)
                if self.stop():
                    return
                self._begin()
            while self._may_begin():
                self._begin()
            if more and not self.queue and 0 < len(self.lanes) < self.desk.claim:
                more = not self.stop() and self._claim()
            elif self.lanes:
                self._go_on()

    def _may_begin(self) -> bool:
        """Whether there is a row whose slot has come, and a connection that has nothing to do."""
        if not self.queue or not self.free or self.stop():
            return False
        return self.queue[0].not_before <= self.clock()

    def _begin(self) -> None:
        row, channel = self.queue.popleft(), self.free.pop()
        lane = _Lane(row, channel, self._offer(row, channel))
        self.lanes.append(lane)
        self._step(lane, there=True)

    def _go_on(self) -> None:
        """Whoever has an answer takes the next step; a wait for one is used to settle others."""
        found = ready([lane.wait for lane in self.lanes if lane.wait], self._patience())
        if not found:
            self._settle_accepted()
        for lane in self.lanes.copy():
            if lane.wait and lane.wait.descriptor in found:
                self._step(lane, there=found[lane.wait.descriptor])

    def _patience(self) -> float:
        """Seconds to wait for answers, before there is something else to do."""
        if not (self.free and self.queue) or self.stop():
            return _KEPT
        return min(_KEPT, (self.queue[0].not_before - self.clock()).total_seconds())

    def _step(self, lane: _Lane, *, there: bool) -> None:
        """A connection that cannot be had leaves its rows to the others, while there are any."""
        lane.wait = None
        try:
            lane.wait = resume(lane.steps, there=there)
        except StopIteration:
            self.lanes.remove(lane)
            self.free.append(lane.channel)
        except ChannelDown as error:
            if not self.free and self.lanes == [lane]:
                raise
            log.info("a connection less: %s", error)
            self.lanes.remove(lane)
            lane.channel.close()

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
        try:
            self._hear_out()
            self._settle_accepted()
            never, lost = self._not_offered(), list(self.offered.values())
            with self.desk.store.writing() as db:
                ledger.settle(db, self.owner, [ledger.lost(row.id, self.clock()) for row in lost])
                ledger.release(db, [row.id for row in never], self.owner)
            reach("released")
            for row in (*never, *lost):
                self._forget(row)
        finally:
            self.look.close()
            for lane in self.lanes:
                lane.steps.close()
            for channel in (*self.free, *(lane.channel for lane in self.lanes)):
                channel.close()
        for row in never:
            _log(row, "pending")
        for row in lost:
            _log(row, "unknown")

    def _hear_out(self) -> None:
        """Where one ends the run, the others' messages may be with the server: their answers are
        waited for."""
        while not self.desk.hand.halted:
            asked = [one for one in self.lanes if one.wait and one.row.id in self.offered]
            if not asked:
                return
            found = ready([one.wait for one in asked if one.wait], _KEPT)
            if not found:
                with suppress(StoreError):  # tried once more at the end
                    self._settle_accepted()
            for lane in asked:
                if lane.wait and lane.wait.descriptor in found:
                    self._hear(lane, there=found[lane.wait.descriptor])

    def _hear(self, lane: _Lane, *, there: bool) -> None:
        """Whatever ends this one, the others are heard."""
        try:
            self._step(lane, there=there)
        except Exception as error:
            log.info("while the last answers were heard: %s", error)

    def _not_offered(self) -> list[Claimed]:
        """A row that was accepted is none of these, whatever became of its lane after that."""
        known = self.offered.keys() | {row.id for row, _ in self.accepted}
        return [*(lane.row for lane in self.lanes if lane.row.id not in known), *self.queue]

    def _lease(self) -> Lease:
        now, length = self.desk.steady(), self.desk.lease
        end = Steady(now.boot, now.seconds + length.total_seconds())
        return Lease(self.owner, end, self.clock() + length)

    def _offer(self, row: Claimed, channel: Channel) -> Steps[None]:
        until = self.waiting.get(row.domain)
        if until is not None and until > self.clock():
            self._settle(row, "put off", next_attempt_at=until)
            return
        attempt = Attempt(look=lambda: self._look(row))
        try:
            how, values = yield from self._hand_over(row, channel, attempt)
        except (Paused, StoreError):
            raise
        except Exception as error:
            self._put_behind(row, attempt, error)
            raise
        if how:
            (self._accept if how == "accepted" else self._settle)(
                row, how, _tried(attempt), **values
            )

    def _put_behind(self, row: Claimed, attempt: Attempt, error: Exception) -> None:
        """Behind all who wait: a row that always ends the run may not keep the others from it.

        Nobody knows what became of one that was handed over, but by the server's own word.
        """
        ours = isinstance(error, DeliveryError)
        if ours or row.id not in self.offered:
            answer = str(error) if ours else f"{type(error).__name__}: {error}"
            behind = {"answer": answer, "next_attempt_at": self.clock()}
            self._settle(row, "put off", _tried(attempt), **behind)

    def _look(self, row: Claimed) -> None:
        """The last moment to change one's mind; from here on the server may have the message."""
        self.offered.pop(row.id, None)  # a second try: the server does not have it from the first
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
        self.offered[row.id] = row

    def _verdict(self, row: Claimed) -> tuple[ledger.Verdict, float]:
        return self.look(row.id, self.owner, self.desk.steady())

    def _forget(self, row: Claimed) -> None:
        """The ledger knows all that there is to know of it."""
        self.desk.hand.rows.pop(row.id, None)

    def _hand_over(
        self, row: Claimed, channel: Channel, attempt: Attempt
    ) -> Steps[tuple[str, dict[str, Any]]]:
        """The transition to take, and what to write with it; no transition for a row not ours."""
        envelope = self._envelope(row)
        reach("built")
        try:
            answer = yield from channel.sending(envelope, attempt)
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
        self.offered.pop(row.id, None)
        self._told(row, settled, mine)

    def _accept(self, row: Claimed, how: str, tried: Tried | None, **values: Any) -> None:
        """Settled with its neighbours, soon: see ``_KEPT``."""
        settled = Settled(row.id, how, self.clock(), values, tried)
        self.desk.hand.rows[row.id] = settled
        self.offered.pop(row.id, None)
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
        """Made together with the next ones'."""
        if row.id not in self.built:
            self.built = {row.id: self._made(row)}
            with suppress(Exception):  # told when it is that row's turn
                for one in islice(self.queue, _BUILT_TOGETHER - 1):
                    self.built[one.id] = self._made(one)
        return self.built.pop(row.id)

    def _made(self, row: Claimed) -> Envelope:
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
