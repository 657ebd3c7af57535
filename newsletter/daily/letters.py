"""The messages of the rows that a sender has claimed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice

from newsletter.daily.desk import Desk
from newsletter.edges.channels import Envelope
from newsletter.edges.store import Connection, issues
from newsletter.edges.store.ledger import Claimed
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Posting

_TOGETHER = 20
"""Letters are made one after the other, while a processor has at hand what makes them: between two
that are sent it would fetch it anew each time. What they take in memory is the limit."""


class Letters:
    """``issues`` are what the claimed rows are to get, ``made`` the next envelopes by their row."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.issues: Mapping[int, Issue] = {}
        self.made: dict[int, Envelope] = {}

    def load(self, db: Connection, rows: Iterable[Claimed]) -> None:
        """For these rows and no others."""
        self.made.clear()
        self.issues = issues.load_all(db, sorted({row.issue_id for row in rows}))

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
        posting = Posting(issue, row.subscriber, row.message_id, row.due_at)
        text = message(posting, self.desk.letterhead)
        return Envelope(self.desk.sender(row.id), row.subscriber.address, text)
