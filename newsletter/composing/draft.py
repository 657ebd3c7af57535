"""What a reader would get, or got: looking changes nothing."""

from datetime import date, datetime

from newsletter.composing.compose import edition_of, message_id
from newsletter.composing.rules import Rules
from newsletter.domain.due import due_at, local_date
from newsletter.domain.model import Issue, ScheduledEmail, Subscriber
from newsletter.storage import Connection, issues, ledger


def draft(
    rules: Rules,
    now: datetime,
    reader: Subscriber,
    on: date | None,
    *,
    house: bool = False,
    at_once: bool = False,
) -> ScheduledEmail:
    """The stored posting of a date, or the one that composing it of what is known would store.

    ``house``: the house issue, addressed to ``reader``. ``at_once``: composed now, whatever the
    hour, and dated so. No picks means: nothing would be sent.
    """
    day = on or local_date(now, reader.timezone)
    with rules.store.reading() as db:
        row = None if house else ledger.find(db, reader.id, day)
        if row and row["issue_id"] is not None:
            return ScheduledEmail(
                issues.load(db, row["issue_id"]), reader, row["message_id"], row["due_at"]
            )
        stored = issues.house(db, day) if house else None
        issue = issues.load(db, stored) if stored else _fresh(db, rules, reader, day, house=house)
    due = due_at(day, reader.hour, reader.timezone)
    due = min(due, now) if at_once else due
    return ScheduledEmail(issue, reader, message_id(day, reader, rules.domain), due)


def _fresh(db: Connection, rules: Rules, reader: Subscriber, day: date, *, house: bool) -> Issue:
    edition = edition_of(rules, day)
    return edition.house_issue(db) if house else edition.fresh(db, reader)
