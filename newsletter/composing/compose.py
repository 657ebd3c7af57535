"""Composing: a row in the ledger for every reader who is due, and an issue if enough is new."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.composing.approval import release, revise
from newsletter.composing.readers import DUE, Due, Look, Readers
from newsletter.composing.rules import Approval, Rules
from newsletter.domain.due import due_at, next_due
from newsletter.domain.model import Issue, Subscriber, digest
from newsletter.failpoints import reach
from newsletter.storage import (
    Connection,
    approvals,
    due_readers,
    editing,
    ledger,
    operator_actions,
    send_queue,
)
from newsletter.storage.ledger import Entry

if TYPE_CHECKING:
    from newsletter.composing.edition import Edition

    Editions = Callable[[Rules, date, int | None], Edition]

_NO_TIME = timedelta(0)


def compose(
    rules: Rules,
    now: datetime,
    on: date | None,
    readers: Readers,
    editions: "Editions | None" = None,
) -> Counter[str]:
    """Enter a row for every reader who is due; composing again changes nothing that was composed.

    Returns how many of them are skipped, by reason. ``editions`` makes a date's edition.
    """
    skipped: Counter[str] = Counter()
    editions = editions or edition_of
    if readers.between is None:  # else once for all workers: it asks all that waits
        expire(rules, now)
        release(rules)
    revise(rules, now, readers, editions)
    look = Look(rules, now, on, readers)
    for day in look.dates():
        edition: Edition | None = None
        for batch in look.due(day):
            edition = edition or editions(rules, day, None)
            edition.prepare([due_reader.subscriber for due_reader in batch])
            if not all(due_reader.late for due_reader in batch):
                _keep_house(edition, rules, now)
            with rules.store.writing(together=True) as db:
                entries = list(_entries(db, edition, rules, batch, now))
                ledger.enter(db, entries, now)
                reach("composing")
            reach("composed")
            skipped.update(entry.reason for entry in entries if entry.reason)
    return skipped


def expire(rules: Rules, now: datetime) -> None:
    """Insights of what expired were not heard: they may be picked again."""
    with rules.store.writing() as db:
        send_queue.expire(db, now)


def _keep_house(edition: "Edition", rules: Rules, now: datetime) -> None:
    with rules.store.reading() as db:
        kept = edition.has_house(db)
    if not kept:
        with rules.store.writing() as db:
            edition.keep_house(db, now)


def shares(
    rules: Rules, now: datetime, width: int, readers: Readers = DUE
) -> list[tuple[int, int]]:
    """The ranges of ``width`` ids in which a reader may be due: each is a ``Readers.between``."""
    look = Look(rules, now, None, readers)
    ranges: set[int] = set()
    for day in look.dates():
        with rules.store.reading() as db:
            ranges |= due_readers.shares(db, day, look.concerned(day), width)
    with rules.store.reading() as db:
        for day in approvals.days(db):
            ranges |= approvals.shares(db, day, approvals.needed(db, day), width)
    return [(number * width, number * width + width - 1) for number in sorted(ranges)]


def due(rules: Rules, now: datetime, on: date | None, readers: Readers) -> list[tuple[Due, Issue]]:
    """The readers whose issue would be composed and sent now, and their issues; changes nothing."""
    look = Look(rules, now, on, readers)
    drafts = []
    for day in look.dates():
        due_readers_of_day = [
            reader for batch in look.due(day) for reader in batch if not reader.late
        ]
        with rules.store.reading() as db:
            approval = _approval(db, rules, day)
            wanted = [reader for reader in due_readers_of_day if _opens_at(reader, approval) <= now]
            edition = edition_of(rules, day) if wanted else None
            drafts += [
                (due_reader, edition.fresh(db, due_reader.subscriber))
                for due_reader in wanted
                if edition
            ]
    return drafts


def edition_of(rules: Rules, day: date, acts: int | None = None) -> "Edition":
    """Imports numpy here: a run in which nobody is due does without."""
    from newsletter.composing.edition import Edition

    return Edition(rules, day, acts)


def _entries(
    db: Connection, edition: "Edition", rules: Rules, batch: Sequence[Due], now: datetime
) -> Iterator[Entry]:
    day = edition.date
    off = operator_actions.is_cancelled(db, day)
    approval = _approval(db, rules, day, edition.acts)
    wanted = [due_reader.subscriber for due_reader in batch if not (off or due_reader.late)]
    issue_ids = edition.issue_ids(db, wanted, now) if wanted else {}
    for due_reader in batch:
        issue_id = issue_ids.get(due_reader.subscriber.id)
        late = "too_late" if due_reader.late else "too_few" if issue_id is None else None
        reason = "cancelled" if off else late
        opens_at = _opens_at(due_reader, approval)
        yield Entry(
            subscriber=due_reader.subscriber,
            date=due_reader.date,
            issue_id=issue_id,
            reason=reason,
            message_id=message_id(due_reader.date, due_reader.subscriber, rules.domain),
            due_at=due_reader.due_at,
            expires_at=_expires_at(due_reader.subscriber, due_reader.date, now),
            opens_at=opens_at,
            held=edition.acts if approval and opens_at > now else None,
        )


def _approval(db: Connection, rules: Rules, day: date, acts: int = editing.EVER) -> Approval | None:
    """None where it is not asked for, or was given, and ``acts`` hold all that was approved."""
    approved = approvals.find(db, day)
    return None if approved and approved.acts <= acts else rules.approval


def _opens_at(due_reader: Due, approval: Approval | None) -> datetime:
    """When it is sent, approved or not."""
    return due_reader.due_at + (approval.wait if approval else _NO_TIME)


def _expires_at(subscriber: Subscriber, day: date, now: datetime) -> datetime:
    """The next issue's due instant: this one is not worth sending any more."""
    hour, timezone = subscriber.hour, subscriber.timezone
    since = max(now, due_at(day, hour, timezone))
    return next_due(since, hour, timezone, subscriber.weekdays)


def message_id(day: date, subscriber: Subscriber, domain: str) -> str:
    """The same for the same date and address, for ever: a retry is the same message."""
    return f"<{day:%Y%m%d}.{digest(subscriber.address, day.isoformat())[:24]}@{domain}>"
