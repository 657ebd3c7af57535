"""One thread's way through the queue, over several connections: claim, hand over, settle."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, get_ident

from newsletter.daily.desk import Desk
from newsletter.daily.handover import Handover
from newsletter.daily.letters import Letters
from newsletter.daily.settling import KEPT, Settling, log_row
from newsletter.edges.channels import Channel
from newsletter.edges.channels.steps import Steps, Wait, ready, resume
from newsletter.edges.faults import reach
from newsletter.edges.store import domains, ledger
from newsletter.edges.store.ledger import Claimed, Scope
from newsletter.editorial.pace import HORIZON
from newsletter.errors import ChannelDown, NewsletterError, Paused, StoreError

log = logging.getLogger("newsletter")

_SHORTEST, _STEP = timedelta(milliseconds=10), 0.1
"""To rest less than the one would be to ask without a break; a stop is seen after the other."""


@dataclass(eq=False, slots=True)
class _Lane:
    """A message on its way over a connection, and what it waits for."""

    row: Claimed
    channel: Channel
    steps: Steps[None]
    wait: Wait | None = None


class Sender:
    """``queue`` holds the rows that are claimed and not begun, ``lanes`` those on their way,
    ``free`` the connections that have nothing to do.

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
        self.stop, self.resting = stop, resting
        self.owner = ledger.sender(desk.owner, str(get_ident()))
        self.queue: deque[Claimed] = deque()
        self.lanes: list[_Lane] = []
        self.free = [desk.channel() for _ in range(connections)]
        self.letters = Letters(desk)
        self.settling = Settling(desk, clock, self.owner, count)
        self.handover = Handover(
            desk, clock, self.settling, lambda row: self.letters.envelope(row, self.queue)
        )

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
            mine = self.settling.write_accepted(db)
            now = self.clock()
            lease = desk.leased(self.owner, now)
            rows = ledger.claim(db, now, lease, most, self.scope, desk.pace)
            reach("claiming")
        reach("claimed")
        self.queue.extend(rows)
        self.settling.accepted_are_settled(mine)
        with store.reading() as db:
            since = None if rows else ledger.paused(db)
            self.letters.load(db, rows)
            self.settling.waiting = domains.waiting(db)
        if since is not None:
            raise Paused(f"paused since {since:%Y-%m-%d %H:%M} UTC: `newsletter resume` goes on")
        for row in rows:
            log_row(row, "sending")
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
        lane = _Lane(row, channel, self.handover.steps(row, channel))
        self.lanes.append(lane)
        self._step(lane, there=True)

    def _go_on(self) -> None:
        """Whoever has an answer takes the next step; a wait for one is used to settle others."""
        answered = _answered(self.lanes, self._patience())
        if not answered:
            self.settling.settle_accepted()
        for lane, there in answered:
            self._step(lane, there=there)

    def _patience(self) -> float:
        """Seconds to wait for answers, before there is something else to do."""
        if not (self.free and self.queue) or self.stop():
            return KEPT
        return min(KEPT, (self.queue[0].not_before - self.clock()).total_seconds())

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
            log.debug("a connection less: %s", error)  # where it was the last, the run says so
            self.lanes.remove(lane)
            lane.channel.close()

    def _sleep(self, until: datetime) -> None:
        """At most for as long as a slot may be ahead: the clock may jump meanwhile."""
        left = min(until - self.clock(), HORIZON).total_seconds()
        if left > KEPT:
            self.settling.settle_accepted()
        while left > 0 and not self.stop():
            self.desk.sleep(min(left, _STEP))
            left -= _STEP

    def _close(self) -> None:
        try:
            self._hear_out()
            self.settling.end(self._never_offered())
        finally:
            self.handover.close()
            for lane in self.lanes:
                lane.steps.close()
            for channel in (*self.free, *(lane.channel for lane in self.lanes)):
                channel.close()

    def _hear_out(self) -> None:
        """Where one ends the run, the others' messages may be with the server: their answers are
        waited for. Whatever ends one of them, the others are heard."""
        offered = self.settling.offered
        while not self.desk.hand.halted:
            lanes = [one for one in self.lanes if one.wait and one.row.id in offered]
            if not lanes:
                return
            answered = _answered(lanes, KEPT)
            if not answered:
                with suppress(StoreError):  # tried once more at the end
                    self.settling.settle_accepted()
            for lane, there in answered:
                try:
                    self._step(lane, there=there)
                except NewsletterError as error:
                    log.debug("heard after the end: %s", error)  # its row in the ledger says so
                except Exception:
                    log.exception("unexpected, while the last answers were heard")

    def _never_offered(self) -> list[Claimed]:
        """A row that was accepted is none of these, whatever became of its lane after that."""
        known = self.settling.offered.keys() | {row.id for row, _ in self.settling.accepted}
        return [*(lane.row for lane in self.lanes if lane.row.id not in known), *self.queue]


def _answered(lanes: Sequence[_Lane], seconds: float) -> list[tuple[_Lane, bool]]:
    """Who can go on: True with its answer, False where patience for it is over."""
    waits = [lane.wait for lane in lanes if lane.wait]
    found = ready(waits, seconds)
    return [
        (one, found[one.wait.descriptor])
        for one in lanes
        if one.wait and one.wait.descriptor in found
    ]
