"""The email that a reader would get, or got; nothing is changed."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from newsletter.composing.compose import edition_of, message_id
from newsletter.composing.rules import Rules
from newsletter.domain.due import due_at, local_date
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Issue, ScheduledEmail, Subscriber
from newsletter.domain.states import DeliveryState
from newsletter.storage import Connection, approvals, issues, ledger, recipients

if TYPE_CHECKING:
    from newsletter.composing.edition import Edition

_AT_THE_READER = (DeliveryState.SENT, DeliveryState.UNKNOWN)


def draft(
    rules: Rules,
    now: datetime,
    reader: Subscriber,
    on: date | None,
    *,
    house: bool = False,
    at_once: bool = False,
) -> ScheduledEmail:
    """The email that was composed for a date, or the one that composing it now would store.

    ``house``: the house issue, addressed to ``reader``. ``at_once``: composed now, whatever the
    hour. Without picks nothing would be sent. Raises NewsletterError where it was composed, and
    what makes it again was dropped, or went with a database that a backup replaced.
    """
    day = on or local_date(now, reader.timezone)
    with rules.store.reading() as db:
        anew = approvals.is_outdated(db, day, None if house else reader.id)
        if not (house or anew) and (email := composed(db, reader, day)):
            _check_kept(email.issue, reader)
            return email
        row = None if house else ledger.find(db, reader.id, day)
        if row and row["state"] in _AT_THE_READER:
            raise NewsletterError(
                f"what the issue of {day} for {reader.address} held is not known: it is"
                f" {row['state']} ({row['answer']})"
            )
        stored = issues.house(db, day) if house and not anew else None
        if stored:
            issue = issues.load(db, stored)
        else:
            edition = _edition(db, rules, day, anew=anew)
            issue = edition.house_issue(db) if house else edition.fresh(db, reader)
    # Dated when it is due, or now if that is past: no message is older than its composing.
    dated_at = now if at_once else max(now, due_at(day, reader.hour, reader.timezone))
    return ScheduledEmail(issue, reader, message_id(day, reader, rules.domain), dated_at)


def _edition(db: Connection, rules: Rules, day: date, *, anew: bool) -> "Edition":
    """What was not composed before an approval heeds what the editor did after it, too."""
    return edition_of(rules, day, approvals.needed(db, day) if anew else None)


def composed(db: Connection, reader: Subscriber, day: date) -> ScheduledEmail | None:
    """The email that was composed for a reader and a date, its issue ``pruned`` where what makes
    it again was dropped; None where there is none."""
    row = ledger.find(db, reader.id, day)
    if row is None or row["issue_id"] is None:
        return None
    then, dated_at = recipients.frozen(db, row, reader)
    return ScheduledEmail(issues.load(db, row["issue_id"]), then, row["message_id"], dated_at)


def _check_kept(issue: Issue, reader: Subscriber) -> None:
    if issue.pruned:
        raise NewsletterError(
            f"the issue of {issue.date} for {reader.address} cannot be shown any more: what"
            " explains it and makes its message again was dropped after store.keep_days;"
            f" `newsletter subscribers show {reader.address}` says what became of it"
        )
