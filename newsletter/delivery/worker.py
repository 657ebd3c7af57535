"""One thread with one connection: claim rows, send them, write down the outcomes."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock, get_ident

from newsletter.delivery.attempt import DeliveryAttempt
from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.messages import Messages
from newsletter.delivery.outcomes import SETTLE_EVERY, Outcomes, log_row
from newsletter.domain.errors import Paused
from newsletter.domain.rate_limits import HORIZON
from newsletter.domain.states import DeliveryState
from newsletter.failpoints import reach
from newsletter.storage import deferred_domains, leases, send_queue
from newsletter.storage.send_queue import Claimed, Scope
from newsletter.turns import Turn, waiting

_SHORTEST_REST = timedelta(milliseconds=10)
"""To rest less would be to ask the database without a break."""
_STOP_SEEN_EVERY = 0.1  # seconds
FIRST_CLAIM = 25
"""Rows of the first claim, where ``claim_size`` allows so many."""


class Worker:
    """``claimed`` holds the rows that are claimed and have no outcome yet.

    ``claim_size`` is the most that it claims. ``stop`` ends it after the message in flight;
    ``count`` is called with each outcome; ``resting`` is held by the one worker that waits until
    there is something to claim. Of those who share a ``turn`` one works at a time.
    """

    def __init__(
        self,
        context: DeliveryContext,
        clock: Callable[[], datetime],
        scope: Scope,
        claim_size: int,
        stop: Callable[[], bool],
        count: Callable[[str], None],
        resting: Lock,
        turn: Turn,
    ) -> None:
        self.context, self.clock, self.scope, self.claim_size = context, clock, scope, claim_size
        self.claims = min(FIRST_CLAIM, claim_size)
        self.stop, self.resting, self.turn = stop, resting, turn
        self.owner = leases.worker_owner(context.owner, str(get_ident()))
        self.claimed: deque[Claimed] = deque()
        self.channel = context.channel()
        self.messages = Messages(context)
        self.outcomes = Outcomes(context, clock, self.owner, count)
        envelope, claimed = self.messages.envelope, self.claimed
        self.attempt = DeliveryAttempt(context, clock, self.outcomes, envelope, claimed)

    def work(self) -> None:
        """Until nothing is left. Raises ChannelDown, SenderRefused and Paused, which end it."""
        with self.turn.working():
            try:
                while not self.stop() and (self._claim() or self._rest()):
                    began = self.context.steady().seconds
                    self._send_claimed()
                    self._size_claims(self.context.steady().seconds - began)
            finally:
                self._close()

    def _claim(self) -> bool:
        """The next rows. What was accepted is settled with it: a crash leaves no more than a claim
        unknown."""
        context = self.context
        with self.outcomes.settling_accepted(durable=True) as db:
            now = self.clock()
            lease = context.leased(self.owner, now)
            rows = send_queue.claim(db, now, lease, self.claims, self.scope, context.pace)
            reach("claiming")
        reach("claimed")
        self.claimed.extend(rows)
        for row in rows:
            log_row(row, DeliveryState.SENDING)
        if not rows:
            self._check_pause()
        return bool(rows)

    def _size_claims(self, seconds: float) -> None:
        """For the next: a claim costs much, so it is what is sent until accepted messages are
        settled anyway. Behind a slow server it stays small: a power cut leaves it unknown."""
        if seconds < SETTLE_EVERY / 2:
            self.claims = min(self.claims * 2, self.claim_size)
        elif seconds > SETTLE_EVERY:
            self.claims = max(self.claims // 2, min(FIRST_CLAIM, self.claim_size))

    def _check_pause(self) -> None:
        with self.context.store.reading() as db:
            paused_since = send_queue.paused(db)
        if paused_since is not None:
            since = f"{paused_since:%Y-%m-%d %H:%M}"
            raise Paused(f"paused since {since} UTC: `newsletter resume` goes on")

    def _rest(self) -> bool:
        """Wait until there may be something to claim; False where nothing is left.

        One worker at a time: the others would wake with it, and find nothing.
        """
        if not self.context.pace.limits:
            return False
        with waiting(), self.resting:
            with self.context.store.reading() as db:
                retry_at = send_queue.next_claim(db, self.clock(), self.scope, self.context.pace)
            if retry_at is not None:
                self._sleep_until(max(retry_at, self.clock() + _SHORTEST_REST))
        return retry_at is not None

    def _send_claimed(self) -> None:
        """One connection to the database for all of a claim: to get one, and to begin a
        transaction, takes longer than the look at a row."""
        with self.context.store.autocommit() as db:
            self.attempt.last_look.forget()
            self.messages.load(db, self.claimed)
            self.outcomes.deferred_until = deferred_domains.until(db)
            while self.claimed and not self.stop():
                self._sleep_until(self.claimed[0].not_before)
                if not self.stop():
                    self.attempt.deliver(self.claimed[0], self.channel, db)
                    self.claimed.popleft()

    def _sleep_until(self, instant: datetime) -> None:
        """At most for as long as a slot may lie ahead: the clock may jump meanwhile."""
        left = min(instant - self.clock(), HORIZON).total_seconds()
        if left > SETTLE_EVERY:
            self.outcomes.settle_accepted()
        while left > 0 and not self.stop():
            with waiting():
                self.context.sleep(min(left, _STOP_SEEN_EVERY))
            left -= _STOP_SEEN_EVERY

    def _close(self) -> None:
        try:
            self.outcomes.end(self.claimed)
        finally:
            self.channel.close()
