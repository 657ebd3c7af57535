"""The messages of the rows that a worker has claimed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from newsletter.delivery.context import DeliveryContext
from newsletter.domain.model import Issue, ScheduledEmail
from newsletter.mail.channels import Envelope
from newsletter.storage import Connection, issues
from newsletter.storage.send_queue import Claimed

_AHEAD = 16
"""Made one after the other, messages cost two thirds of what each costs between two sendings: the
processor has at hand what making them takes."""


class Messages:
    """``issues`` are what the claimed rows are to be sent."""

    def __init__(self, context: DeliveryContext) -> None:
        self.context = context
        self.issues: Mapping[int, Issue] = {}
        self.texts: dict[int, str] = {}
        self.rows: Sequence[Claimed] = ()
        self.built: dict[int, Envelope] = {}

    def load(self, db: Connection, rows: Sequence[Claimed]) -> None:
        """The issues of these rows and no others; those that the last rows shared are there."""
        needed = {row.issue_id for row in rows}
        known = {key: issue for key, issue in self.issues.items() if key in needed}
        missing = sorted(needed - known.keys())
        new = issues.load_all(db, missing, self.texts, runners_up=False)
        self.issues = known | new
        self.rows, self.built = list(rows), {}

    def envelope(self, row: Claimed) -> Envelope:
        """The row's, and made with it those of the rows behind it. What cannot be made raises when
        its own turn has come."""
        if row.id not in self.built:
            self.built = {row.id: self._envelope(row)}
            behind = self.rows.index(row) + 1
            with suppress(Exception):
                for one in self.rows[behind : behind + _AHEAD]:
                    self.built[one.id] = self._envelope(one)
        return self.built.pop(row.id)

    def _envelope(self, row: Claimed) -> Envelope:
        # Jinja comes with it, and the templates: a run that has nothing to send needs neither.
        from newsletter.mail.message import message

        issue = self.issues[row.issue_id]
        scheduled = ScheduledEmail(issue, row.subscriber, row.message_id, row.dated_at)
        content = message(scheduled, self.context.branding())
        return Envelope(self.context.sender(row.id), row.subscriber.address, content)
