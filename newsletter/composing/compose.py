"""Composing: a row in the ledger for every reader who is due, and an issue if enough is new."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.composing.rules import Rules
from newsletter.domain.due import due_at, local_date, next_due, too_late
from newsletter.domain.model import Issue, Subscriber, digest
from newsletter.failpoints import reach
from newsletter.storage import (
    Connection,
    archive,
    due_readers,
    ledger,
    operator_actions,
    send_queue,
)
from newsletter.storage.database import chunks
from newsletter.storage.due_readers import Waiting
from newsletter.storage.ledger import Entry

if TYPE_CHECKING:
    from newsletter.composing.edition import Edition

    Editions = Callable[[Rules, date], Edition]

_BATCH = 500
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Readers:
    """The readers of a run. ``now``: every active one not yet served, at any hour. ``between``:
    with ids from the first to the last, one worker's share. ``recent``: those alone whose hour came
    within the time for catching up; who was missed before is found by a look without it."""

    now: bool = False
    ids: Sequence[int] | None = None
    between: tuple[int, int] | None = None
    recent: bool = False


DUE = Readers()
_RECENT = Readers(recent=True)


@dataclass(frozen=True)
class Due:
    """A subscriber whose issue of ``date`` is to be composed, or is too late."""

    subscriber: Subscriber
    date: date
    due_at: datetime
    late: bool


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
    if readers.between is None:  # else once for all workers: it asks all that waits
        expire(rules, now)
    look = _Look(rules, now, on, readers)
    for day in look.dates():
        edition: Edition | None = None
        for batch in look.due(day):
            edition = edition or (editions or edition_of)(rules, day)
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
    look = _Look(rules, now, None, readers)
    found: set[int] = set()
    for day in look.dates():
        with rules.store.reading() as db:
            found |= due_readers.shares(db, day, look.concerned(day), width)
    return [(number * width, number * width + width - 1) for number in sorted(found)]


def due(rules: Rules, now: datetime, on: date | None, readers: Readers) -> list[tuple[Due, Issue]]:
    """The readers that composing now would serve, and their issues; changes nothing."""
    look = _Look(rules, now, on, readers)
    drafts = []
    for day in look.dates():
        wanted = [
            due_reader for batch in look.due(day) for due_reader in batch if not due_reader.late
        ]
        with rules.store.reading() as db:
            edition = edition_of(rules, day) if wanted else None
            drafts += [
                (due_reader, edition.fresh(db, due_reader.subscriber))
                for due_reader in wanted
                if edition
            ]
    return drafts


def edition_of(rules: Rules, day: date) -> "Edition":
    """Imports numpy and scipy here: a run in which nobody is due needs neither."""
    from newsletter.composing.edition import Edition

    return Edition(rules, day)


class _Look:
    """One look at the clock: the dates it concerns, and the readers due on each."""

    def __init__(self, rules: Rules, now: datetime, on: date | None, readers: Readers) -> None:
        self.rules = rules
        self.now = now
        self.on = on
        self.readers = readers
        with rules.store.reading() as db:
            self.kept = due_readers.kept(db, now)
            self.newest = archive.newest(db)

    @property
    def ignores_hours(self) -> bool:
        """The operator asked for it: hours and catch-up limits do not count."""
        return self.on is not None or self.readers.now

    @property
    def ignores_days(self) -> bool:
        """And for these readers, by name: their weekdays and pauses do not count either."""
        return self.ignores_hours and self.readers.ids is not None

    def dates(self) -> list[date]:
        """Since the ledger was last kept, as dates fall around the world.

        A week at least: it may have been kept for some of its readers only.
        """
        if self.on is not None:
            return [self.on]
        since = self.now
        if self.readers.recent:
            since = self.now - self.rules.catch_up
        elif self.kept is not None and not self.readers.now:
            since = min(self.kept[1], self.now - _WEEK)
        first, final = (since - _DAY).date(), (self.now + _DAY).date()
        return [first + _DAY * days for days in range((final - first).days + 1)]

    def due(self, day: date) -> Iterator[list[Due]]:
        """Batches of some hundred: a hundred thousand subscribers are never in memory at once."""

        readers = self.readers
        with self.rules.store.reading() as db:
            ids = due_readers.waiting(
                db,
                day,
                self.concerned(day),
                readers.ids,
                readers.between,
                any_day=self.ignores_days,
            )
        for batch_ids in chunks(ids, _BATCH):
            with self.rules.store.reading() as db:
                waiting = due_readers.among_waiting(db, day, batch_ids, any_day=self.ignores_days)
            if batch := list(self._due(day, waiting)):
                yield batch

    def concerned(self, day: date) -> Callable[[str, int], bool]:
        """Of a time zone and an hour."""
        return lambda timezone, hour: self._concerns(day, timezone, hour)

    def _due(self, day: date, waiting: Sequence[Waiting]) -> Iterator[Due]:
        for row in waiting:
            reader = row.subscriber
            if not self._concerns(day, reader.timezone, reader.hour):
                continue  # changed their hour since the ids were looked up
            if self.readers.ids is None and local_date(row.active_since, reader.timezone) > day:
                continue  # joined later, and was not named
            due = due_at(day, reader.hour, reader.timezone)
            late = too_late(self.now, day, due, reader.timezone, self.rules.catch_up)
            if self.ignores_hours:
                yield Due(reader, day, min(due, self.now) if self.readers.now else due, late=False)
            elif self._asks(row, due, late=late):
                yield Due(reader, day, due, late)

    def _concerns(self, day: date, timezone: str, hour: int) -> bool:
        """A ledger begins with today: nobody was promised an issue before it was kept."""
        begins = self.readers.now or self.kept is None
        if self.on is None and begins and local_date(self.now, timezone) != day:
            return False
        due = due_at(day, hour, timezone)
        if self.readers.recent and due < self.now - self.rules.catch_up:
            return False
        return self.readers.now or due <= self.now

    def _asks(self, row: Waiting, due: datetime, *, late: bool) -> bool:
        """A first look is for readers active at the due instant, a second for those with too few
        insights. Nothing is too late that was not theirs, or later, when it fell due."""
        if row.looked_at is None or row.looked_at > self.now:
            # No row yet, or one written too early by a clock that ran ahead.
            kept = row.active_since < due and (self.kept is None or self.kept[0] <= due)
            return kept and not (late and row.scheduled_at is not None and row.scheduled_at >= due)
        more = self.newest is not None and self.newest > row.looked_at
        return row.reason == "too_few" and not late and more


class Looks:
    """Every look at the clock asks for the ``recent``; once an hour, and after a jump of the clock,
    one asks for all whom the last week missed. Of a million readers that takes half a minute."""

    def __init__(self) -> None:
        self._whole: datetime | None = None

    def readers(self, now: datetime) -> Readers:
        if self._whole is not None and self._whole <= now < self._whole + _HOUR:
            return _RECENT
        self._whole = now
        return DUE


def _entries(
    db: Connection, edition: "Edition", rules: Rules, batch: Sequence[Due], now: datetime
) -> Iterator[Entry]:
    off = operator_actions.is_cancelled(db, edition.day.date)
    wanted = [due_reader.subscriber for due_reader in batch if not (off or due_reader.late)]
    issue_ids = edition.issue_ids(db, wanted, now) if wanted else {}
    for due_reader in batch:
        issue_id = issue_ids.get(due_reader.subscriber.id)
        late = "too_late" if due_reader.late else "too_few" if issue_id is None else None
        reason = "cancelled" if off else late
        yield Entry(
            subscriber=due_reader.subscriber,
            date=due_reader.date,
            issue_id=issue_id,
            reason=reason,
            message_id=message_id(due_reader.date, due_reader.subscriber, rules.domain),
            due_at=due_reader.due_at,
            expires_at=_expires_at(due_reader.subscriber, due_reader.date, now),
        )


def _expires_at(subscriber: Subscriber, day: date, now: datetime) -> datetime:
    """The next issue's due instant: this one is not worth sending any more."""
    hour, timezone = subscriber.hour, subscriber.timezone
    since = max(now, due_at(day, hour, timezone))
    return next_due(since, hour, timezone, subscriber.weekdays)


def message_id(day: date, subscriber: Subscriber, domain: str) -> str:
    """The same for the same date and address, for ever: a retry is the same message."""
    return f"<{day:%Y%m%d}.{digest(subscriber.address, day.isoformat())[:24]}@{domain}>"
