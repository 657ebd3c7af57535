"""One row's way to the server: look, hand over, and what its answer means."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from newsletter.delivery.context import DeliveryContext
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
from newsletter.failpoints import reach
from newsletter.mail.channels import Attempt, Channel, Envelope
from newsletter.mail.channels.steps import Steps
from newsletter.storage import ledger
from newsletter.storage.ledger import Claimed, Tried


class DeliveryAttempt:
    """``envelope`` makes a row's message, ``settling`` is told what became of it."""

    def __init__(
        self,
        context: DeliveryContext,
        clock: Callable[[], datetime],
        settling: Outcomes,
        envelope: Callable[[Claimed], Envelope],
    ) -> None:
        self.context, self.clock, self.settling, self.envelope = context, clock, settling, envelope
        self.look = ledger.Look(context.store)

    def close(self) -> None:
        self.look.close()

    def steps(self, row: Claimed, channel: Channel) -> Steps[None]:
        """From the row's turn to its outcome. Raises what ends more than this message."""
        until = self.settling.waiting.get(row.domain)
        if until is not None and until > self.clock():
            self.settling.settle(row, "put off", next_attempt_at=until)
            return
        attempt = Attempt(look=lambda: self._look(row))
        try:
            how, values = yield from self._hand_over(row, channel, attempt)
        except (Paused, StoreError):
            raise
        except Exception as error:
            self._put_behind(row, attempt, error)
            raise
        if how == "accepted":
            self.settling.accept(row, _tried(attempt), **values)
        elif how:
            self.settling.settle(row, how, _tried(attempt), **values)

    def _hand_over(
        self, row: Claimed, channel: Channel, attempt: Attempt
    ) -> Steps[tuple[str, dict[str, Any]]]:
        """The transition to take, and what to write with it; no transition for a row not ours."""
        envelope = self.envelope(row)
        reach("built")
        try:
            answer = yield from channel.sending(envelope, attempt)
        except Withheld as error:
            return self._withheld(row, str(error))
        except Deferred as error:
            values = self.settling.put_off(row, shared=error.shared)
            return "put off", {"answer": str(error), **values}
        except Refused as error:
            if error.hard:
                self.settling.bounced(row)
            return "refused", {"answer": str(error), "attempts": row.attempts + 1}
        except AnswerLost as error:
            return "answer lost", {"answer": str(error), "attempts": row.attempts + 1}
        return "accepted", {"answer": answer, "attempts": row.attempts + 1}

    def _withheld(self, row: Claimed, verdict: str) -> tuple[str, dict[str, Any]]:
        """A row whose lease we slept over is given back."""
        if verdict == "lost":
            self.settling.give_back(row)
        return {"left": "left", "cancelled": "cancel"}.get(verdict, ""), {}

    def _put_behind(self, row: Claimed, attempt: Attempt, error: Exception) -> None:
        """Behind all who wait: a row that always ends the run may not keep the others from it.

        Nobody knows what became of one that was handed over, but by the server's own word.
        """
        ours = isinstance(error, DeliveryError)
        if ours or row.id not in self.settling.offered:
            answer = str(error) if ours else f"{type(error).__name__}: {error}"
            behind = {"answer": answer, "next_attempt_at": self.clock()}
            self.settling.settle(row, "put off", _tried(attempt), **behind)

    def _look(self, row: Claimed) -> None:
        """The last moment to change one's mind; from here on the server may have the message."""
        offered = self.settling.offered
        offered.pop(row.id, None)  # a second try: the server does not have it from the first
        self.context.in_flight.rows[row.id] = None
        # Before the look: who finds the row without this word, we shall find it lost to.
        if journal := self.context.store.journal:
            journal.offered(row.id, self.settling.owner)
        verdict, seconds = self._verdict(row)
        if verdict == "go" and seconds < self.context.lease.total_seconds() / 2:
            self._prolong()
            verdict, _ = self._verdict(row)  # to write may have been waited for
        reach("looked")
        if verdict == "paused":
            self.settling.forget(row)
            raise Paused("paused by the operator: `newsletter resume` goes on")
        if verdict != "go" or self.context.in_flight.halted:
            self.settling.forget(row)
            raise Withheld(verdict)
        offered[row.id] = row

    def _verdict(self, row: Claimed) -> tuple[ledger.Verdict, float]:
        return self.look(row.id, self.settling.owner, self.context.steady())

    def _prolong(self) -> None:
        lease = self.context.leased(self.settling.owner, self.clock())
        with self.context.store.writing() as db:
            ledger.prolong(db, lease)


def _tried(attempt: Attempt) -> Tried | None:
    """None where the server was not heard about this reader."""
    if not attempt.answers:
        return None
    return Tried(attempt.answers.get("RCPT", ""), attempt.answers.get("DATA", ""))
