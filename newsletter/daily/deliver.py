"""Pending rows to the channel: claimed before the attempt, settled after the answer."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from newsletter.daily.compose import Readers
from newsletter.daily.gather import Watch
from newsletter.edges.channels import Channel, Envelope
from newsletter.edges.store import Store, issues, ledger
from newsletter.edges.store.ledger import Claimed, Scope
from newsletter.editorial.letter import Letterhead
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Posting
from newsletter.errors import (
    AnswerLost,
    ChannelDown,
    Deferred,
    DeliveryError,
    Refused,
    SenderRefused,
)

log = logging.getLogger("newsletter")

# A claim is what a crash can leave unknown, so it stays small: about a second's work.
_CLAIM = 20
# Longer than the slowest message: the answer to its final dot alone may take five minutes.
_LEASE = timedelta(minutes=15)
_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=2)


@dataclass(frozen=True)
class Desk:
    """What delivering needs. ``sender`` is the envelope's, by the delivery's id; ``owner`` tells
    this sender from every other, ``stop`` ends it early after the message in hand; ``watch`` is
    told (done, of how many)."""

    store: Store
    channel: Channel
    letterhead: Letterhead
    sender: Callable[[int], str]
    owner: str
    stop: Callable[[], bool]
    watch: Watch


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
    with desk.store.writing() as db:
        ledger.lapse(db, clock())
        if readers.now:
            ledger.hurry(db, clock(), scope)
        total = ledger.pending(db, clock(), scope)
    run = _Run(desk, clock, total)
    try:
        while not desk.stop() and run.claim(scope):
            run.offer_all()
    except (ChannelDown, SenderRefused) as error:
        return Report(run.outcomes, error)
    finally:
        run.close()
    return Report(run.outcomes)


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

    def claim(self, scope: Scope) -> bool:
        now = self.clock()
        rows = ledger.claim(self.desk.store, now, now + _LEASE, self.desk.owner, _CLAIM, scope)
        self.queue.extend(rows)
        with self.desk.store.reading() as db:
            self.issues = issues.load_all(db, sorted({row.issue_id for row in rows}))
        return bool(rows)

    def offer_all(self) -> None:
        while self.queue and not self.desk.stop():
            self._offer(self.queue[0])
            self.desk.watch(self.outcomes.total(), self.total)

    def close(self) -> None:
        """What was never offered waits again; offered and not settled stays ``sending``."""
        with self.desk.store.writing() as db:
            ledger.release(db, [row.id for row in self.queue], self.desk.owner)
        self.desk.channel.close()

    def _offer(self, row: Claimed) -> None:
        envelope = self._envelope(row)
        with self.desk.store.writing() as db:
            state = ledger.hold(db, row.id, self.desk.owner, self.clock() + _LEASE)
        if state == "active":
            self._settle(row, self._attempt(row, envelope))
        elif state is not None:
            self.queue.popleft()
            self._settle(row, {"state": "skipped", "reason": "unsubscribed"})
        else:
            self.queue.popleft()

    def _attempt(self, row: Claimed, envelope: Envelope) -> dict[str, Any]:
        """What to write in the ledger; raises where nobody else can be served either."""
        self.queue.popleft()
        tried = {"attempts": row.attempts + 1}
        try:
            answer = self.desk.channel.send(envelope)
        except (ChannelDown, SenderRefused) as error:
            self._settle(row, {"state": "pending", "answer": str(error)})
            raise
        except Deferred as error:
            return tried | {
                "state": "pending",
                "answer": str(error),
                "next_attempt_at": self.clock() + _retry_after(row.attempts),
            }
        except Refused as error:
            return tried | {"state": "failed", "reason": "refused", "answer": str(error)}
        except AnswerLost as error:
            return tried | {"state": "unknown", "answer": str(error)}
        return tried | {"state": "sent", "answer": answer}

    def _settle(self, row: Claimed, values: dict[str, Any]) -> None:
        with self.desk.store.writing() as db:
            mine = ledger.settle(db, row.id, self.desk.owner, self.clock(), **values)
        state = values["state"] if mine else "lost"
        self.outcomes["waiting" if state == "pending" else state] += 1
        log.debug("%s %s %s %s", row.subscriber.address, row.message_id, state, values)

    def _envelope(self, row: Claimed) -> Envelope:
        issue = self.issues[row.issue_id]
        posting = Posting(issue, row.subscriber, row.message_id, row.due_at)
        text = message(posting, self.desk.letterhead)
        return Envelope(self.desk.sender(row.id), row.subscriber.address, text)


def _retry_after(attempts: int) -> timedelta:
    return min(_FIRST_RETRY * (1 << min(attempts, 10)), _LONGEST_RETRY)
