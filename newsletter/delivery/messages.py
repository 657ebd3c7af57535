"""The messages of the rows that a worker has claimed."""

from collections.abc import Iterable, Mapping

from newsletter.delivery.context import DeliveryContext
from newsletter.domain.model import Issue, ScheduledEmail
from newsletter.mail.channels import Envelope
from newsletter.storage import Connection, issues
from newsletter.storage.send_queue import Claimed


class Messages:
    """``issues`` are what the claimed rows are to be sent."""

    def __init__(self, context: DeliveryContext) -> None:
        self.context = context
        self.issues: Mapping[int, Issue] = {}
        self.texts: dict[int, str] = {}

    def load(self, db: Connection, rows: Iterable[Claimed]) -> None:
        """The issues of these rows and no others; those that the last rows shared are there."""
        needed = {row.issue_id for row in rows}
        known = {key: issue for key, issue in self.issues.items() if key in needed}
        missing = sorted(needed - known.keys())
        new = issues.load_all(db, missing, self.texts, runners_up=False)
        self.issues = known | new

    def envelope(self, row: Claimed) -> Envelope:
        # Jinja comes with it, and the templates: a run that has nothing to send needs neither.
        from newsletter.mail.message import message

        issue = self.issues[row.issue_id]
        scheduled = ScheduledEmail(issue, row.subscriber, row.message_id, row.dated_at)
        content = message(scheduled, self.context.branding())
        return Envelope(self.context.sender(row.id), row.subscriber.address, content)
