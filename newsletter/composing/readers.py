"""Whose issue is to be composed at a look at the clock."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.composing.rules import Rules
from newsletter.domain.due import due_at, local_date, too_late
from newsletter.domain.model import Subscriber
from newsletter.storage import Connection, archive, due_readers, editing
from newsletter.storage.database import chunks
from newsletter.storage.due_readers import Waiting

_BATCH = 500
_HOUR = timedelta(hours=1)
_AN_ACT_TAKES = timedelta(minutes=1)
"""At most, from its instant until it is in the database, and for clocks that differ."""
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


class Look:
    """One look at the clock: the dates it concerns, and the readers due on each."""

    def __init__(self, rules: Rules, now: datetime, on: date | None, readers: Readers) -> None:
        self.rules = rules
        self.now = now
        self.on = on
        self.readers = readers
        with rules.store.reading() as db:
            self.kept = due_readers.kept(db, now)
            self._newest_insight = archive.newest(db)

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
        first, final = (since - _DAY).date(), (self.now + self.rules.lead + _DAY).date()
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
            news = self._news(db, day) if ids else None
        for batch_ids in chunks(ids, _BATCH):
            with self.rules.store.reading() as db:
                waiting = due_readers.among_waiting(db, day, batch_ids, any_day=self.ignores_days)
            if batch := list(self._due(day, waiting, news)):
                yield batch

    def concerned(self, day: date) -> Callable[[str, int], bool]:
        """Of a time zone and an hour."""
        return lambda timezone, hour: self._concerns(day, timezone, hour)

    def _news(self, db: Connection, day: date) -> datetime | None:
        """Until when a look may have found too few insights where there are more now: one came, or
        the editor unblocked or pinned one."""
        act = editing.newest(db, day)
        known = self._newest_insight, act and act + _AN_ACT_TAKES
        return max(filter(None, known), default=None)

    def _due(self, day: date, waiting: Sequence[Waiting], news: datetime | None) -> Iterator[Due]:
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
            elif self._asks(row, due, news, late=late):
                yield Due(reader, day, due, late)

    def _concerns(self, day: date, timezone: str, hour: int) -> bool:
        """A ledger begins with today: nobody was promised an issue before it was kept."""
        begins = self.readers.now or self.kept is None
        if self.on is None and begins and local_date(self.now, timezone) != day:
            return False
        due = due_at(day, hour, timezone)
        if self.readers.recent and due < self.now - self.rules.catch_up:
            return False
        return self.readers.now or due - self.rules.lead <= self.now

    def _asks(self, row: Waiting, due: datetime, news: datetime | None, *, late: bool) -> bool:
        """A first look is for readers active at the due instant, a second for those with too few
        insights and for those who paused and think better of it. Nothing is too late that was not
        theirs, or later, when it fell due."""
        if row.looked_at is None or row.looked_at > self.now:
            # No row yet, or one written too early by a clock that ran ahead.
            kept = row.active_since < due and (self.kept is None or self.kept[0] <= due)
            return kept and not (late and row.scheduled_at is not None and row.scheduled_at >= due)
        more = news is not None and news > row.looked_at
        return not late and (row.reason == "paused" or (row.reason == "too_few" and more))


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
