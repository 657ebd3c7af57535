"""Who is due, and what they get: a row in the ledger for each, an issue where there is one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from newsletter.composing.similarity_index import index_of
from newsletter.domain.due import due_at, local_date, next_due, too_late
from newsletter.domain.model import Issue, SelectionSettings, Subscriber, digest
from newsletter.failpoints import reach
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader, echoes_of, in_order
from newsletter.storage import Connection, Store, archive, issues, ledger, operator_actions
from newsletter.storage.database import chunks
from newsletter.storage.ledger import Entry, Waiting

_BATCH = 500
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Readers:
    """Whom a run is for. ``now``: every active one not yet served, whatever their hour."""

    now: bool = False
    ids: Sequence[int] | None = None


DUE = Readers()


@dataclass(frozen=True)
class Rules:
    """What composing goes by; ``domain`` stands in the Message-IDs, and the similarity index is
    kept as files in ``index_cache``, where there is one."""

    store: Store
    taste: SelectionSettings
    catch_up: timedelta
    domain: str
    language: str = "en"
    index_cache: Path | None = None


@dataclass(frozen=True)
class Due:
    """A subscriber whose issue of ``date`` is to be composed, or is too late."""

    subscriber: Subscriber
    date: date
    due_at: datetime
    late: bool


def compose(rules: Rules, now: datetime, on: date | None, readers: Readers) -> Counter[str]:
    """Give everybody due their row; composing again changes nothing that was composed.

    Returns how many of them are skipped, by reason.
    """
    skipped: Counter[str] = Counter()
    with rules.store.writing() as db:
        ledger.expire(db, now)  # what is given up was not heard, and may be picked again
    look = _Look(rules, now, on, readers)
    for day in look.dates():
        edition = None
        for batch in look.due(day):
            edition = edition or Edition(rules, day)
            with rules.store.writing() as db:
                if not all(one.late for one in batch):
                    edition.keep_house(db, now)
                entries = list(_entries(db, edition, rules, batch, now))
                ledger.enter(db, entries, now)
                reach("composing")
            reach("composed")
            skipped.update(one.reason for one in entries if one.reason)
    return skipped


def due(rules: Rules, now: datetime, on: date | None, readers: Readers) -> list[tuple[Due, Issue]]:
    """Who would be composed for now, and with what; changes nothing."""
    look = _Look(rules, now, on, readers)
    found = []
    for day in look.dates():
        wanted = [one for batch in look.due(day) for one in batch if not one.late]
        with rules.store.reading() as db:
            edition = Edition(rules, day) if wanted else None
            found += [(one, edition.fresh(db, one.subscriber)) for one in wanted if edition]
    return found


class _Look:
    """One look at the clock: which dates it concerns, and who is due on each."""

    def __init__(self, rules: Rules, now: datetime, on: date | None, readers: Readers) -> None:
        self.rules = rules
        self.now = now
        self.on = on
        self.readers = readers
        with rules.store.reading() as db:
            self.kept = ledger.kept(db, now)
            self.newest = archive.newest(db)

    @property
    def freely(self) -> bool:
        """The operator asks: hours and limits that keep a machine from it do not count."""
        return self.on is not None or self.readers.now

    def dates(self) -> list[date]:
        """Since the ledger was last kept, as dates fall around the world.

        A week at least: it may have been kept for some of its readers only.
        """
        if self.on is not None:
            return [self.on]
        since = self.now
        if self.kept is not None and not self.readers.now:
            since = min(self.kept[1], self.now - _WEEK)
        first, final = (since - _DAY).date(), (self.now + _DAY).date()
        return [first + _DAY * days for days in range((final - first).days + 1)]

    def due(self, day: date) -> Iterator[list[Due]]:
        """Some hundred at a time: a hundred thousand subscribers are never in memory at once."""

        def wanted(timezone: str, hour: int) -> bool:
            return self._concerns(day, timezone, hour)

        with self.rules.store.reading() as db:
            ids = ledger.waiting(db, day, wanted, self.readers.ids)
        for some in chunks(ids, _BATCH):
            with self.rules.store.reading() as db:
                waiting = ledger.among_waiting(db, day, some)
            if batch := list(self._due(day, waiting)):
                yield batch

    def _due(self, day: date, waiting: Sequence[Waiting]) -> Iterator[Due]:
        for one in waiting:
            reader = one.subscriber
            if not self._concerns(day, reader.timezone, reader.hour):
                continue  # changed their hour since the ids were looked up
            if self.readers.ids is None and local_date(one.active_since, reader.timezone) > day:
                continue  # joined later, and was not named
            due = due_at(day, reader.hour, reader.timezone)
            late = too_late(self.now, day, due, reader.timezone, self.rules.catch_up)
            if self.freely:
                yield Due(reader, day, min(due, self.now) if self.readers.now else due, late=False)
            elif self._asks(one, due, late=late):
                yield Due(reader, day, due, late)

    def _concerns(self, day: date, timezone: str, hour: int) -> bool:
        """A ledger begins with today: nobody was promised an issue before it was kept."""
        begins = self.readers.now or self.kept is None
        if self.on is None and begins and local_date(self.now, timezone) != day:
            return False
        return self.readers.now or due_at(day, hour, timezone) <= self.now

    def _asks(self, one: Waiting, due: datetime, *, late: bool) -> bool:
        """A first look is for who was active at the due instant, a second for who had too few."""
        if one.looked_at is None or one.looked_at > self.now:
            # No row yet, or one that a clock running ahead wrote: it said so too soon.
            return one.active_since < due and (self.kept is None or self.kept[0] <= due)
        more = self.newest is not None and self.newest > one.looked_at
        return one.reason == "too_few" and not late and more


class Edition:
    """One date's composing: its material is worked out once, an issue once per distinct reader.

    Readers are the same when their interests and the issues they were sent are.
    """

    def __init__(self, rules: Rules, day: date) -> None:
        self.taste = rules.taste
        with rules.store.reading() as db:
            candidates = archive.candidates(db, day, self.taste.window_days)
            index = index_of(db, rules.index_cache, rules.language)
            echoes = echoes_of(in_order(candidates), index)
            known = archive.archive(db, day, echoes.ids.tolist())
        self.day = Day(day, candidates, known, self.taste.window_days, echoes)
        self._composed: dict[str, int | None] = {}

    def keep_house(self, db: Connection, now: datetime) -> None:
        """Store the house issue of the date, once there is enough for one."""
        if issues.house(db, self.day.date) is None:
            issue = self.house_issue(db)
            if issue.picks:
                issues.save(db, issue, now, house=True)

    def house_issue(self, db: Connection) -> Issue:
        made = self.issue("", issues.house_heard(db))
        return replace(made, first=False)  # the archive's reader is never new

    def issue_ids(
        self, db: Connection, readers: Sequence[Subscriber], now: datetime
    ) -> dict[int, int | None]:
        """Subscriber id to the id of a stored issue; None where too little is worth sending."""
        histories = ledger.histories(db, [one.id for one in readers])
        kinds = {
            one: digest(one.interests, *map(str, histories.get(one.id, ()))) for one in readers
        }
        new = {kind: reader for reader, kind in kinds.items() if kind not in self._composed}
        self._compose(db, new, now)
        return {one.id: self._composed[kind] for one, kind in kinds.items()}

    def _compose(self, db: Connection, new: Mapping[str, Subscriber], now: datetime) -> None:
        """An issue for each kind of reader, for whom one stands."""
        heard = ledger.heard(db, [one.id for one in new.values()])
        made = {kind: self.issue(one.interests, heard.get(one.id, {})) for kind, one in new.items()}
        worthy = {kind: issue for kind, issue in made.items() if issue.picks}
        ids = issues.save_all(db, list(worthy.values()), now)
        self._composed |= {**dict.fromkeys(made), **dict(zip(worthy, ids, strict=True))}

    def fresh(self, db: Connection, reader: Subscriber) -> Issue:
        """What composing now would give this reader; nothing is stored."""
        return self.issue(reader.interests, ledger.heard(db, [reader.id]).get(reader.id, {}))

    def issue(self, interests: str, heard: Mapping[int, date]) -> Issue:
        made = choose(self.day, Reader(interests, heard), self.taste)
        return replace(made, first=not heard)


def _entries(
    db: Connection, edition: Edition, rules: Rules, batch: Sequence[Due], now: datetime
) -> Iterator[Entry]:
    off = operator_actions.is_cancelled(db, edition.day.date)
    wanted = [one.subscriber for one in batch if not (off or one.late)]
    found = edition.issue_ids(db, wanted, now) if wanted else {}
    for one in batch:
        issue_id = found.get(one.subscriber.id)
        late = "too_late" if one.late else "too_few" if issue_id is None else None
        reason = "cancelled" if off else late
        yield Entry(
            subscriber=one.subscriber,
            date=one.date,
            issue_id=issue_id,
            reason=reason,
            message_id=message_id(one.date, one.subscriber, rules.domain),
            due_at=one.due_at,
            expires_at=_expires_at(one.subscriber, one.date, now),
        )


def _expires_at(subscriber: Subscriber, day: date, now: datetime) -> datetime:
    """The next issue's due instant: this one is not worth sending any more."""
    hour, timezone = subscriber.hour, subscriber.timezone
    return next_due(max(now, due_at(day, hour, timezone)), hour, timezone)


def message_id(day: date, subscriber: Subscriber, domain: str) -> str:
    """The same for the same date and address, for ever: a retry is the same message."""
    return f"<{day:%Y%m%d}.{digest(subscriber.address, day.isoformat())[:24]}@{domain}>"
