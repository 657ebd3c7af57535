"""One thread's way through the queue, over several connections: claim, hand over, settle."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, get_ident

from newsletter.delivery.attempt import DeliveryAttempt
from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.messages import Messages
from newsletter.delivery.outcomes import KEPT, Outcomes, log_row
from newsletter.domain.errors import ChannelDown, NewsletterError, Paused, StoreError
from newsletter.domain.rate_limits import HORIZON
from newsletter.failpoints import reach
from newsletter.mail.channels import Channel
from newsletter.mail.channels.steps import Steps, Wait, ready, resume
from newsletter.storage import deferred_domains, ledger
from newsletter.storage.ledger import Claimed, Scope

log = logging.getLogger("newsletter")

_SHORTEST, _STEP = timedelta(milliseconds=10), 0.1
"""To rest less than the one would be to ask without a break; a stop is seen after the other."""


@dataclass(eq=False, slots=True)
class _Transmission:
    """A message on its way over a connection, and what it waits for."""

    row: Claimed
    channel: Channel
    steps: Steps[None]
    wait: Wait | None = None


class Worker:
    """``queue`` holds the rows that are claimed and not begun, ``transmissions`` those on
    their way, ``free`` the connections that have nothing to do.

    ``stop`` ends it after the messages in hand; ``count`` is told each outcome; ``resting`` is held
    by the one that waits until there is something to claim.
    """

    def __init__(
        self,
        context: DeliveryContext,
        clock: Callable[[], datetime],
        scope: Scope,
        connections: int,
        stop: Callable[[], bool],
        count: Callable[[str], None],
        resting: Lock,
    ) -> None:
        self.context, self.clock, self.scope = context, clock, scope
        self.stop, self.resting = stop, resting
        self.owner = ledger.sender(context.owner, str(get_ident()))
        self.queue: deque[Claimed] = deque()
        self.transmissions: list[_Transmission] = []
        self.free = [context.channel() for _ in range(connections)]
        self.letters = Messages(context)
        self.settling = Outcomes(context, clock, self.owner, count)
        self.handover = DeliveryAttempt(
            context, clock, self.settling, lambda row: self.letters.envelope(row, self.queue)
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
        context, store, most = (
            self.context,
            self.context.store,
            self.context.claim - len(self.transmissions),
        )
        with store.writing(durable=True) as db:
            mine = self.settling.write_accepted(db)
            now = self.clock()
            lease = context.leased(self.owner, now)
            rows = ledger.claim(db, now, lease, most, self.scope, context.pace)
            reach("claiming")
        reach("claimed")
        self.queue.extend(rows)
        self.settling.accepted_are_settled(mine)
        with store.reading() as db:
            since = None if rows else ledger.paused(db)
            self.letters.load(db, rows)
            self.settling.waiting = deferred_domains.waiting(db)
        if since is not None:
            raise Paused(f"paused since {since:%Y-%m-%d %H:%M} UTC: `newsletter resume` goes on")
        for row in rows:
            log_row(row, "sending")
        return bool(rows)

    def _rest(self) -> bool:
        """Wait until there may be something to claim; False where nothing is left.

        One at a time: the others would wake with it, and find nothing.
        """
        if not self.context.pace.limits:
            return False
        with self.resting:
            with self.context.store.reading() as db:
                again = ledger.again(db, self.clock(), self.scope, self.context.pace)
            if again is not None:
                self._sleep(max(again, self.clock() + _SHORTEST))
        return again is not None

    def _serve(self) -> None:
        """What is claimed, as many at the same time as there are connections; more is claimed while
        the last are on their way."""
        more = True
        while self.transmissions or (self.queue and not self.stop()):
            if not self.transmissions:
                self._sleep(self.queue[0].not_before)
                if self.stop():
                    return
                self._begin()
            while self._may_begin():
                self._begin()
            if more and not self.queue and 0 < len(self.transmissions) < self.context.claim:
                more = not self.stop() and self._claim()
            elif self.transmissions:
                self._go_on()

    def _may_begin(self) -> bool:
        """Whether there is a row whose slot has come, and a connection that has nothing to do."""
        if not self.queue or not self.free or self.stop():
            return False
        return self.queue[0].not_before <= self.clock()

    def _begin(self) -> None:
        row, channel = self.queue.popleft(), self.free.pop()
        transmission = _Transmission(row, channel, self.handover.steps(row, channel))
        self.transmissions.append(transmission)
        self._step(transmission, there=True)

    def _go_on(self) -> None:
        """Whoever has an answer takes the next step; a wait for one is used to settle others."""
        answered = _answered(self.transmissions, self._patience())
        if not answered:
            self.settling.settle_accepted()
        for transmission, there in answered:
            self._step(transmission, there=there)

    def _patience(self) -> float:
        """Seconds to wait for answers, before there is something else to do."""
        if not (self.free and self.queue) or self.stop():
            return KEPT
        return min(KEPT, (self.queue[0].not_before - self.clock()).total_seconds())

    def _step(self, transmission: _Transmission, *, there: bool) -> None:
        """A connection that cannot be had leaves its rows to the others, while there are any."""
        transmission.wait = None
        try:
            transmission.wait = resume(transmission.steps, there=there)
        except StopIteration:
            self.transmissions.remove(transmission)
            self.free.append(transmission.channel)
        except ChannelDown as error:
            if not self.free and self.transmissions == [transmission]:
                raise
            log.debug("a connection less: %s", error)  # where it was the last, the run says so
            self.transmissions.remove(transmission)
            transmission.channel.close()

    def _sleep(self, until: datetime) -> None:
        """At most for as long as a slot may be ahead: the clock may jump meanwhile."""
        left = min(until - self.clock(), HORIZON).total_seconds()
        if left > KEPT:
            self.settling.settle_accepted()
        while left > 0 and not self.stop():
            self.context.sleep(min(left, _STEP))
            left -= _STEP

    def _close(self) -> None:
        try:
            self._hear_out()
            self.settling.end(self._never_offered())
        finally:
            self.handover.close()
            for transmission in self.transmissions:
                transmission.steps.close()
            for channel in (
                *self.free,
                *(transmission.channel for transmission in self.transmissions),
            ):
                channel.close()

    def _hear_out(self) -> None:
        """Where one ends the run, the others' messages may be with the server: their answers are
        waited for. Whatever ends one of them, the others are heard."""
        offered = self.settling.offered
        while not self.context.in_flight.halted:
            transmissions = [
                one for one in self.transmissions if one.wait and one.row.id in offered
            ]
            if not transmissions:
                return
            answered = _answered(transmissions, KEPT)
            if not answered:
                with suppress(StoreError):  # tried once more at the end
                    self.settling.settle_accepted()
            for transmission, there in answered:
                try:
                    self._step(transmission, there=there)
                except NewsletterError as error:
                    log.debug("heard after the end: %s", error)  # its row in the ledger says so
                except Exception:
                    log.exception("unexpected, while the last answers were heard")

    def _never_offered(self) -> list[Claimed]:
        """A row that was accepted is none of these, whatever became of its lane after that."""
        known = self.settling.offered.keys() | {row.id for row, _ in self.settling.accepted}
        return [
            *(
                transmission.row
                for transmission in self.transmissions
                if transmission.row.id not in known
            ),
            *self.queue,
        ]


def _answered(
    transmissions: Sequence[_Transmission], seconds: float
) -> list[tuple[_Transmission, bool]]:
    """Who can go on: True with its answer, False where patience for it is over."""
    waits = [transmission.wait for transmission in transmissions if transmission.wait]
    found = ready(waits, seconds)
    return [
        (one, found[one.wait.descriptor])
        for one in transmissions
        if one.wait and one.wait.descriptor in found
    ]
