"""What waits for approval: composed anew after an edit, let go when it is approved."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from newsletter.composing.rules import Rules
from newsletter.storage import Connection, approvals, recipients, subscribers
from newsletter.storage.database import chunks

if TYPE_CHECKING:
    from newsletter.composing.edition import Edition
    from newsletter.composing.readers import Readers

    Editions = Callable[[Rules, date, int | None], Edition]

_BATCH = 500
_RELEASED_AT_ONCE = 5_000


def revise(rules: Rules, now: datetime, readers: "Readers", editions: "Editions") -> None:
    """Compose anew what is held and does not heed all that the editor did.

    A row that a sender has had is not held any more, and stays as it is.
    """
    with rules.store.reading() as db:
        days = approvals.days(db)
    for day in days:
        with rules.store.reading() as db:
            acts = approvals.needed(db, day)
            outdated = approvals.outdated(db, day, acts, readers.ids, readers.between)
        if outdated:
            edition = editions(rules, day, acts)
            _revise_house(rules, edition, now)
            for batch in chunks(outdated, _BATCH):
                _revise_batch(rules, edition, acts, batch, now)


def _revise_house(rules: Rules, edition: "Edition", now: datetime) -> None:
    with rules.store.writing() as db:
        if not _approved_otherwise(approvals.find(db, edition.date), edition):
            edition.keep_house_anew(db, now)


def _approved_otherwise(approved: approvals.Approval | None, edition: "Edition") -> bool:
    """Since the edition was made: the next look goes by the acts that were approved."""
    return approved is not None and approved.acts != edition.acts


def _revise_batch(
    rules: Rules, edition: "Edition", acts: int, batch: Sequence[int], now: datetime
) -> None:
    with rules.store.reading() as db:
        edition.prepare(subscribers.numbered_all(db, batch))
    with rules.store.writing(together=True) as db:
        _revise_rows(db, edition, acts, batch, now)


def _revise_rows(
    db: Connection, edition: "Edition", acts: int, batch: Sequence[int], now: datetime
) -> None:
    """The rows have no issue meanwhile: nobody has heard what they held."""
    day = edition.date
    approved = approvals.find(db, day)
    if _approved_otherwise(approved, edition):
        return
    rows = approvals.take_back(db, day, acts, batch)
    readers = subscribers.numbered_all(db, [row.subscriber_id for row in rows])
    issue_ids = edition.issue_ids(db, readers, now) if readers else {}
    issue_of_row = {row.id: issue_ids.get(row.subscriber_id) for row in rows}
    full = {row_id: issue_id for row_id, issue_id in issue_of_row.items() if issue_id is not None}
    heeds = None if approved else edition.acts
    approvals.give(db, full, heeds, now)
    approvals.skip(
        db, [row_id for row_id, issue_id in issue_of_row.items() if issue_id is None], now
    )
    recipients.thaw(db, list(issue_of_row))
    recipients.freeze_rows(
        db, {row.id: row.subscriber_id for row in rows if row.id in full}, readers, now
    )


def release(rules: Rules) -> None:
    """What is approved waits for its hour alone, as far as it heeds what it must."""
    with rules.store.reading() as db:
        approved_days = [approvals.find(db, day) for day in approvals.days(db)]
    for approved in filter(None, approved_days):
        while True:
            with rules.store.writing() as db:
                count = approvals.release(db, approved.date, approved.acts, _RELEASED_AT_ONCE)
            if count < _RELEASED_AT_ONCE:
                break
