"""The messages of the rows that a sender has claimed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice

from newsletter.delivery.context import DeliveryContext
from newsletter.domain.model import Issue, ScheduledEmail
from newsletter.mail.channels import Envelope
from newsletter.mail.message import message
from newsletter.storage import Connection, issues
from newsletter.storage.ledger import Claimed

_TOGETHER = 20
"""Letters are made one after the other, while a processor has at hand what makes them: between two
that are sent it would fetch it anew each time. What they take in memory is the limit."""


class Messages:
    """``issues`` are what the claimed rows are to get, ``made`` the next envelopes by their row."""

    def __init__(self, context: DeliveryContext) -> None:
        self.context = context
        self.issues: Mapping[int, Issue] = {}
        self.texts: dict[int, str] = {}
        self.made: dict[int, Envelope] = {}

    def load(self, db: Connection, rows: Iterable[Claimed]) -> None:
        """For these rows and no others."""
        self.made.clear()
        self.issues = issues.load_all(db, sorted({row.issue_id for row in rows}), self.texts)

    def envelope(self, row: Claimed, following: Iterable[Claimed]) -> Envelope:
        """Made together with those of the rows that follow."""
        if row.id not in self.made:
            self.made = {row.id: self._make(row)}
            with suppress(Exception):  # told when it is that row's turn
                for one in islice(following, _TOGETHER - 1):
                    self.made[one.id] = self._make(one)
        return self.made.pop(row.id)

    def _make(self, row: Claimed) -> Envelope:
        issue = self.issues[row.issue_id]
        scheduled = ScheduledEmail(issue, row.subscriber, row.message_id, row.dated_at)
        text = message(scheduled, self.context.branding)
        return Envelope(self.context.sender(row.id), row.subscriber.address, text)
