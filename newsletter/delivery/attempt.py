"""One attempt at one row: the last look, sending, and what the answer means."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.last_look import LastLook
from newsletter.delivery.outcomes import Outcomes
from newsletter.domain.errors import (
    AnswerLost,
    Deferred,
    DeliveryError,
    Paused,
    Refused,
    StoreError,
    Withheld,
)
from newsletter.domain.states import Transition
from newsletter.failpoints import reach
from newsletter.mail.channels import Attempt, Channel, Envelope
from newsletter.storage import Connection, leases
from newsletter.storage.send_queue import Claimed
from newsletter.storage.settlements import Tried

_WITHHELD: dict[str, Transition] = {
    "left": Transition.LEFT,
    "bounced": Transition.BOUNCED,
    "complained": Transition.COMPLAINED,
    "cancelled": Transition.CANCEL,
}


class DeliveryAttempt:
    """``envelope`` makes a row's message, ``outcomes`` writes down what became of it, and
    ``claimed`` are the rows that have no outcome yet."""

    def __init__(
        self,
        context: DeliveryContext,
        clock: Callable[[], datetime],
        outcomes: Outcomes,
        envelope: Callable[[Claimed], Envelope],
        claimed: Sequence[Claimed],
    ) -> None:
        self.context, self.clock, self.outcomes, self.envelope = context, clock, outcomes, envelope
        self.last_look = LastLook(context, outcomes.owner, claimed)

    def deliver(self, row: Claimed, channel: Channel, db: Connection) -> None:
        """Send it and write down the outcome. Raises what ends more than this message.

        ``db`` is in no transaction: the last look sees what holds at that moment.
        """
        until = self.outcomes.deferred_until.get(row.domain)
        if until is not None and until > self.clock():
            self.outcomes.settle(row, Transition.DEFERRED, next_attempt_at=until)
            return
        attempt = Attempt(look=lambda: self._look(row, db))
        try:
            transition, values = self._send(row, channel, attempt)
        except (Paused, StoreError):
            raise
        except Exception as error:
            self._put_last(row, attempt, error)
            raise
        if transition is Transition.ACCEPTED:
            self.outcomes.accept(row, **values)
        elif transition is not None:
            self.outcomes.settle(row, transition, _tried(attempt), **values)

    def _send(
        self, row: Claimed, channel: Channel, attempt: Attempt
    ) -> tuple[Transition | None, dict[str, Any]]:
        """The transition to take and the values to write; None for a row that is not ours."""
        envelope = self.envelope(row)
        reach("built")
        try:
            answer = channel.send(envelope, attempt)
        except Withheld as error:
            return self._withheld(row, str(error)), {}
        except Deferred as error:
            values = self.outcomes.defer(row, shared=error.shared)
            if not error.shared:
                self.outcomes.deferred(row, str(error), values["next_attempt_at"])
            return Transition.DEFERRED, {"answer": str(error), **values}
        except Refused as error:
            self.outcomes.refused(row, str(error), hard=error.hard)
            return Transition.REFUSED, {"answer": str(error), "attempts": row.attempts + 1}
        except AnswerLost as error:
            return Transition.ANSWER_LOST, {"answer": str(error), "attempts": row.attempts + 1}
        return Transition.ACCEPTED, {"answer": answer, "attempts": row.attempts + 1}

    def _withheld(self, row: Claimed, verdict: str) -> Transition | None:
        """A row whose lease ended while we slept is given back."""
        if verdict == "lost":
            self.outcomes.give_back(row)
        return _WITHHELD.get(verdict)

    def _put_last(self, row: Claimed, attempt: Attempt, error: Exception) -> None:
        """Tried after all others next time: a row that always ends the run must not keep the
        others from being sent.

        Not where the row was offered and the error is no answer of the server: then nobody knows
        whether it has the message.
        """
        answered = isinstance(error, DeliveryError)
        if answered or row.id not in self.outcomes.offered:
            answer = str(error) if answered else f"{type(error).__name__}: {error}"
            values = {"answer": answer, "next_attempt_at": self.clock()}
            self.outcomes.settle(row, Transition.DEFERRED, _tried(attempt), **values)

    def _look(self, row: Claimed, db: Connection) -> None:
        """Called by the channel right before the message goes: the last moment to withhold it.

        The one place where a row becomes ``offered``: from here on the server may have it.
        """
        offered = self.outcomes.offered
        offered.pop(row.id, None)  # a second try: the server does not have it from the first
        self.context.in_flight.rows[row.id] = None
        # Before the lease is looked at: who finds the row expired and not marked so, will be found
        # by this look to have it.
        if journal := self.context.store.journal:
            journal.offered(row.id, self.outcomes.owner)
        verdict, seconds = self.last_look.verdict(row, db)
        if verdict == "go" and seconds < self.context.lease.total_seconds() / 2:
            self._prolong()
            self.last_look.look(db)
            verdict, _ = self.last_look.verdict(row, db)  # writing may have taken long
        reach("looked")
        if verdict == "go" and not self.context.in_flight.halted:
            offered[row.id] = row
            return
        self.outcomes.forget(row)
        if journal:
            journal.answered(row.id, self.outcomes.owner, accepted=False)
        if verdict == "paused":
            raise Paused("paused by the operator: `newsletter resume` goes on")
        raise Withheld(verdict)

    def _prolong(self) -> None:
        lease = self.context.leased(self.outcomes.owner, self.clock())
        with self.context.store.writing(together=True) as db:
            leases.prolong(db, lease)


def _tried(attempt: Attempt) -> Tried | None:
    """None where the server was not told of this reader."""
    if not attempt.answers:
        return None
    return Tried(attempt.answers.get("RCPT", ""), attempt.answers.get("DATA", ""))
