"""Sending the notices that wait: one after the other, over one connection."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import get_ident
from typing import Any

from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.returned import given_up, refusal, take
from newsletter.domain.backoff import wait
from newsletter.domain.errors import (
    AnswerLost,
    ChannelDown,
    Deferred,
    DeliveryError,
    Paused,
    Refused,
    SenderRefused,
    Withheld,
)
from newsletter.domain.model import digest
from newsletter.domain.notices import Notice, asked
from newsletter.domain.rate_limits import HORIZON
from newsletter.domain.states import DeliveryState
from newsletter.failpoints import reach
from newsletter.mail.channels import Attempt, Channel, Envelope
from newsletter.storage import deferred_domains, leases, notices
from newsletter.storage.leases import Lease
from newsletter.storage.notices import ClaimedNotice
from newsletter.storage.returns import Incoming
from newsletter.storage.settlements import Tried

log = logging.getLogger("newsletter")

_STOP_SEEN_EVERY = 0.1  # seconds
_SHORTEST_REST = timedelta(milliseconds=10)
"""To rest less would be to ask the database without a break."""
_ENDS = ChannelDown, SenderRefused, Paused


@dataclass
class NoticeReport:
    """``outcomes`` counts what this turn did, by the state it left the notice in; ``stopped`` is
    what ended it early."""

    outcomes: Counter[str] = field(default_factory=Counter)
    stopped: DeliveryError | None = None


def deliver_notices(
    context: DeliveryContext, sender: Callable[[Notice], str], clock: Callable[[], datetime]
) -> NoticeReport:
    """Try every notice that waits, once. ``sender`` is the envelope's, by the notice.

    Several processes may do so at the same time. Raises ConfigError where the template fails.
    """
    with context.store.reading() as db:
        if not notices.waiting(db):
            return NoticeReport()
    with context.store.writing(durable=True) as db:
        unknown, expired = notices.tidy(db, clock(), context.steady())
    if unknown:
        log.warning("%d notices are unknown: their sender ended before the answer", unknown)
    if expired:
        log.warning("%d notices failed: their links expired before they could be sent", expired)
    return _Sender(context, sender, clock).work()


class _Sender:
    """``offered``: the server may have the one in hand."""

    def __init__(
        self,
        context: DeliveryContext,
        sender: Callable[[Notice], str],
        clock: Callable[[], datetime],
    ) -> None:
        self.context, self.sender, self.clock = context, sender, clock
        self.owner = leases.worker_owner(context.owner, f"notices-{get_ident()}")
        self.report = NoticeReport()
        self.channel: Channel | None = None
        self.offered = False

    def work(self) -> NoticeReport:
        try:
            while not self.context.stop() and (row := self._next()):
                self._deliver(row)
        except _ENDS as error:
            self.report.stopped = error
        finally:
            if self.channel:
                self.channel.close()
        return self.report

    def _next(self) -> ClaimedNotice | None:
        """The next one, claimed; waits for its slot in time, or for there to be one."""
        while not self.context.stop():
            now = self.clock()
            with self.context.store.writing() as db:
                row = notices.claim(db, now, self._lease(now), self.context.pace)
                retry_at = None if row else notices.next_claim(db, now, self.context.pace)
            reach("claimed")
            if row:
                self._sleep_until(row.not_before)
                return row
            if retry_at is None:
                return None
            self._sleep_until(max(retry_at, self.clock() + _SHORTEST_REST))
        return None

    def _deliver(self, row: ClaimedNotice) -> None:
        """Raises what ends more than this one, which waits again."""
        self.offered = False
        attempt = Attempt(look=lambda: self._look(row))
        try:
            self._send(row, attempt)
        except Exception as error:
            self._put_last(row, attempt, error)
            raise

    def _send(self, row: ClaimedNotice, attempt: Attempt) -> None:
        message = self._message(row)
        reach("built")
        self.channel = self.channel or self.context.channel()
        try:
            answer = self.channel.send(message, attempt)
        except Withheld as error:
            if str(error) != "lost":
                answer = "not sent: the reader is in another state by now"
                self._settle(row, DeliveryState.SKIPPED, None, answer=answer)
        except Deferred as error:
            until = self._defer(row, shared=error.shared)
            values = {"answer": str(error), "next_attempt_at": until}
            self._settle(row, DeliveryState.PENDING, attempt, **values)
            if not error.shared and until >= row.notice.expires_at:
                self._take(given_up(str(error), _key(row), **_whose(row)))
        except Refused as error:
            self._settle(row, DeliveryState.FAILED, attempt, answer=str(error))
            self._take(refusal(str(error), _key(row), hard=error.hard, **_whose(row)))
        except AnswerLost as error:
            self._settle(row, DeliveryState.UNKNOWN, attempt, answer=str(error))
        else:
            self._settle(row, DeliveryState.SENT, attempt, answer=answer)

    def _message(self, row: ClaimedNotice) -> Envelope:
        # Jinja comes with it: a turn without a notice needs none.
        from newsletter.mail.message import notice_message

        message = notice_message(row.notice, self.context.branding())
        return Envelope(self.sender(row.notice), row.notice.address, message)

    def _look(self, row: ClaimedNotice) -> None:
        """Called by the channel right before the message goes."""
        now = self.clock()
        with self.context.store.writing(durable=True) as db:
            lease, steady = self._lease(now), self.context.steady()
            verdict = notices.offer(db, row.id, lease, now, steady)
        reach("looked")
        if verdict == "paused":
            raise Paused("paused by the operator: `newsletter resume` goes on")
        if verdict != "go":
            raise Withheld(verdict)
        self.offered = True

    def _defer(self, row: ClaimedNotice, *, shared: bool) -> datetime:
        now = self.clock()
        until = now + wait(row.attempts, f"notice {row.id}")
        if shared:
            with self.context.store.writing() as db:
                until = max(until, deferred_domains.defer(db, row.domain, now))
        return until

    def _take(self, incoming: Incoming) -> None:
        """A refusal while it is sent counts as one that comes back by mail."""
        with self.context.store.writing() as db:
            take(db, incoming, "", self.context.returns, self.clock())

    def _put_last(self, row: ClaimedNotice, attempt: Attempt, error: Exception) -> None:
        """It waits again, unless it was offered and nobody answered: then it is unknown."""
        now = self.clock()
        if isinstance(error, DeliveryError) or not self.offered:
            later = now if isinstance(error, _ENDS) else now + wait(row.attempts, str(row.id))
            state, values = DeliveryState.PENDING, {"next_attempt_at": later}
        else:
            state, values = DeliveryState.UNKNOWN, {}
        self._settle(row, state, attempt, answer=f"{error}", **values)

    def _settle(
        self, row: ClaimedNotice, state: DeliveryState, attempt: Attempt | None, **values: object
    ) -> None:
        """``attempt``: the server was told of this reader."""
        reach("settling")
        tried = None
        if attempt and attempt.answers:
            tried = Tried(attempt.answers.get("RCPT", ""), attempt.answers.get("DATA", ""))
            values["attempts"] = row.attempts + 1
        now = self.clock()
        with self.context.store.writing() as db:
            ours = notices.settle(db, row.id, self.owner, state, now, tried, **values)
            if state is DeliveryState.SENT:
                deferred_domains.took(db, row.domain, now)
        reach("settled")
        self.report.outcomes[state if ours else DeliveryState.UNKNOWN] += 1

    def _lease(self, now: datetime) -> Lease:
        return self.context.leased(self.owner, now)

    def _sleep_until(self, instant: datetime) -> None:
        """At most for as long as a slot may lie ahead: the clock may jump meanwhile."""
        left = min(instant - self.clock(), HORIZON).total_seconds()
        while left > 0 and not self.context.stop():
            self.context.sleep(min(left, _STOP_SEEN_EVERY))
            left -= _STOP_SEEN_EVERY


def _key(row: ClaimedNotice) -> str:
    return digest("smtp", "notice", str(row.id), str(asked(row.notice.asked_at)), str(row.attempts))


def _whose(row: ClaimedNotice) -> dict[str, Any]:
    return {"notice": (row.id, asked(row.notice.asked_at))}
