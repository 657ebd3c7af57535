"""The editor's hand: insights found, shown, pinned, blocked, corrected; a date's opening line."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.domain.errors import NotFound, UsageError
from newsletter.storage import Connection, Store, approvals, editing, insights, votes
from newsletter.storage.editing import Change
from newsletter.storage.insights import Row, Said, Standing
from newsletter.storage.votes import VoteBy

_LAST_ZONE = timedelta(hours=12)
_LONGEST_WORDS = 5_000
_MOST_IN_ORDER = 100
_LATELY = 20


@dataclass(frozen=True, slots=True)
class Found:
    """An insight and what holds of it. ``correction`` is shown in place of ``text``; "" for none.

    ``day`` is that of its earliest brief, None while no brief says it.
    """

    id: int
    day: date | None
    text: str
    correction: str
    blocked: bool

    @property
    def shown(self) -> str:
        return self.correction or self.text


@dataclass(frozen=True, slots=True)
class Shown:
    """An insight with everything that is known of it."""

    insight: Found
    mentions: Sequence[Said]
    issues: Sequence[Standing]
    changes: Sequence[Change]
    votes: Sequence[VoteBy]


@dataclass(frozen=True)
class Editor:
    """Who does it, and when: every act is recorded with both."""

    store: Store
    who: str
    now: datetime

    def pin(self, insight_id: int, day: date, most: int) -> int:
        """Picked for everybody who was not sent it; how many issues of that date keep what they
        have. Raises UsageError where it could not be picked, or ``most`` are pinned already."""
        with self.store.writing(durable=True) as db:
            self._check_day(day)
            _check_pin(db, insight_id, day, most)
            return self._record(db, "pin", insight_id, day)

    def unpin(self, insight_id: int, day: date) -> int:
        with self.store.writing(durable=True) as db:
            if insight_id not in editing.pinned(db, day):
                raise UsageError(f"{insight_id} is not pinned for {day}")
            return self._record(db, "unpin", insight_id, day)

    def block(self, insight_id: int) -> None:
        """Never picked for anybody from now on."""
        with self.store.writing(durable=True) as db:
            _find(db, insight_id)
            self._record(db, "block", insight_id)

    def unblock(self, insight_id: int) -> None:
        with self.store.writing(durable=True) as db:
            if insight_id not in editing.blocked(db):
                raise UsageError(f"{insight_id} is not blocked")
            self._record(db, "unblock", insight_id)

    def edit(self, insight_id: int, words: str) -> None:
        """Show these words in place of its own, which are kept; empty ones show its own again."""
        with self.store.writing(durable=True) as db:
            row = _find(db, insight_id)
            if not (words or row.correction):
                raise UsageError(f"{insight_id} is shown in its own words already")
            self._record(db, "edit", insight_id, words=_clean(words))

    def note(self, day: date, words: str) -> int:
        """The opening line of a date; empty words take it away. As ``pin`` it returns how many
        issues of that date keep what they have."""
        with self.store.writing(durable=True) as db:
            self._check_day(day)
            if not (words or editing.note(db, day)):
                raise UsageError(f"{day} has no note")
            return self._record(db, "note", day=day, words=_clean(words))

    def order(self, day: date, insight_ids: Sequence[int]) -> int:
        """The order in which these stand in the issues of a date that hold them; none: that of
        choosing again. As ``pin`` it returns how many issues of that date keep what they have."""
        with self.store.writing(durable=True) as db:
            self._check_day(day)
            if not (insight_ids or editing.order(db, day)):
                raise UsageError(f"{day} is in the order of selection already")
            _check_order(db, insight_ids)
            return self._record(db, "order", day=day, words=" ".join(map(str, insight_ids)))

    def _check_day(self, day: date) -> None:
        if day < (self.now - _LAST_ZONE).date():
            raise UsageError(f"{day} is over in every time zone: check the year")

    def _record(
        self,
        db: Connection,
        action: editing.Action,
        insight_id: int | None = None,
        day: date | None = None,
        words: str = "",
    ) -> int:
        editing.record(db, Change(self.now, self.who, action, insight_id, day, words))
        return approvals.settled(db, day) if day else 0


@dataclass(frozen=True, slots=True)
class Decided:
    """What the editor decided for a date, and lately: the newest of ``blocked``, which are
    ``blocked_count`` in all, and the newest acts that bear on the date, with the insights that they
    name. ``settled`` readers' issues keep what they hold."""

    note: str
    order: Sequence[int]
    pinned: Sequence[Found]
    blocked: Sequence[Found]
    blocked_count: int
    changes: Sequence[Change]
    named: Mapping[int, Found]
    settled: int


def decided(store: Store, day: date) -> Decided:
    with store.reading() as db:
        holds, blocked = editing.editing_of(db, day), editing.blocked_lately(db)
        changes = editing.recent(db, day, _LATELY)
        changed = [change.insight_id for change in changes if change.insight_id]
        known = _find_all(db, [*holds.pinned, *blocked[:_LATELY], *changed])
        return Decided(
            note=holds.note,
            order=holds.order,
            pinned=[known[each] for each in holds.pinned],
            blocked=[known[each] for each in blocked[:_LATELY]],
            blocked_count=len(blocked),
            changes=changes,
            named=known,
            settled=approvals.settled(db, day),
        )


def find_all(store: Store, insight_ids: Sequence[int]) -> dict[int, Found]:
    """Some few insights by their ids."""
    with store.reading() as db:
        return _find_all(db, insight_ids)


def note(store: Store, day: date) -> str:
    """The opening line of a date; empty where there is none."""
    with store.reading() as db:
        return editing.note(db, day)


def order(store: Store, day: date) -> Sequence[int]:
    """The insights of a date that the editor put in order; none where they did not."""
    with store.reading() as db:
        return editing.order(db, day)


def search(store: Store, words: Sequence[str], most: int) -> list[Found]:
    """Insights that hold all of these words, also as parts of words; the newest first."""
    with store.reading() as db:
        corrections, blocked = editing.corrections(db), editing.blocked(db)
        return [_described(row, corrections, blocked) for row in insights.search(db, words, most)]


def show(store: Store, insight_id: int) -> Shown:
    """Raises NotFound where there is no such insight."""
    with store.reading() as db:
        return Shown(
            insight=_find(db, insight_id),
            mentions=insights.mentions_of(db, insight_id),
            issues=insights.standings(db, insight_id),
            changes=editing.changes(db, insight_id),
            votes=votes.of_insight(db, insight_id),
        )


def _find(db: Connection, insight_id: int) -> Found:
    row = insights.find(db, insight_id)
    if row is None:
        advice = "`newsletter insights search WORDS` finds their numbers"
        raise NotFound(f"there is no insight {insight_id}", advice)
    return _described(row, editing.corrections(db), editing.blocked(db))


def _find_all(db: Connection, insight_ids: Sequence[int]) -> dict[int, Found]:
    corrections, blocked = editing.corrections(db), editing.blocked(db)
    rows = [insights.find(db, each) for each in insight_ids]
    return {row.id: _described(row, corrections, blocked) for row in rows if row}


def _described(row: Row, corrections: Mapping[int, str], blocked: Container[int]) -> Found:
    return Found(row.id, row.day, row.text, corrections.get(row.id, ""), row.id in blocked)


def _check_pin(db: Connection, insight_id: int, day: date, most: int) -> None:
    insight = _find(db, insight_id)
    if insight.blocked:
        advice = f"`newsletter insights block {insight_id} --undo` comes first"
        raise UsageError(f"{insight_id} is blocked", advice)
    if insight.day is None:
        raise UsageError(f"no brief says {insight_id} any more")
    if insight.day > day:
        raise UsageError(f"{insight_id} is dated {insight.day}, after {day}")
    pinned = editing.pinned(db, day)
    if insight_id not in pinned and len(pinned) >= most:
        raise UsageError(f"{most} are pinned for {day}, and an issue has no more (selection.count)")


def _check_order(db: Connection, insight_ids: Sequence[int]) -> None:
    if len(insight_ids) > _MOST_IN_ORDER:
        raise UsageError(f"{len(insight_ids)} are too many to order: at most {_MOST_IN_ORDER}")
    if len(set(insight_ids)) < len(insight_ids):
        raise UsageError("an insight stands in the order twice")
    for insight_id in insight_ids:
        _find(db, insight_id)


def _clean(words: str) -> str:
    """One paragraph. Raises UsageError for what cannot be stored, or is no line of an email."""
    if "\0" in words:
        raise UsageError("remove the NUL character from it")
    if len(words) > _LONGEST_WORDS:
        raise UsageError(f"it has {len(words):,} letters: write at most {_LONGEST_WORDS:,}")
    return " ".join(words.split())
