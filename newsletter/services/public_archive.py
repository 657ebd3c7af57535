"""What everybody may read: the house issues that went out, and the insights of the archive.

An insight is public from its date on, as long as a brief says it and the editor has not blocked it.
Who was sent what is nobody's to see.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

from newsletter.domain.due import due_at, local_date
from newsletter.domain.model import Candidate, Citation, Issue
from newsletter.domain.numbers import GREATEST_ID
from newsletter.domain.slug import slug, slug_of_insight
from newsletter.services import insights
from newsletter.services.shared import Shared
from newsletter.services.subjects import Subject, Subjects, subjects
from newsletter.storage import (
    Connection,
    Store,
    approvals,
    candidates,
    editing,
    issues,
    public_archive,
)
from newsletter.storage.public_archive import Version

if TYPE_CHECKING:
    from newsletter.composing.similarity_index import HeldIndex

T = TypeVar("T")

PAGE = 20
_SUBJECTS = 100
_RELATED = 8
_RELATED_FROM = 0.05
"""Below it two insights have common words by chance: of those nearest to five samples, 10 of the 15
from here up are about the same thing, and 2 of the 30 below."""
_FOUND = 30
_LONGEST_QUERY = 200
_MOST_WORDS = 12
_DAY = timedelta(days=1)
_MADE_AGAIN = 600.0
"""Seconds, for what a version does not tell."""


@dataclass(frozen=True, slots=True)
class PublicInsight:
    """``text`` is what is shown, a correction where there is one. ``topics`` have slug and name;
    ``show`` is the slug of the podcast's page, empty where it has none."""

    id: int
    text: str
    citation: Citation
    date: date
    topics: Sequence[tuple[str, str]] = ()

    @property
    def slug(self) -> str:
        return slug_of_insight(self.text)

    @property
    def show(self) -> str:
        return slug(self.citation.podcast)

    @property
    def path(self) -> str:
        return f"/insight/{self.id}/{quote(self.slug)}"


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of many things; pages count from 1, and there is always one."""

    items: Sequence[T]
    page: int
    pages: int


@dataclass(frozen=True)
class PublicArchive:
    """``timezone`` and ``hour`` are the house reader's. The similarity index and the subjects are
    kept in memory, once for all threads, and read when they are first asked for."""

    store: Store
    timezone: str
    hour: int
    clock: Callable[[], datetime]
    language: str = "en"
    index_cache: Path | None = None

    def version(self) -> tuple[Version, date]:
        """Changes whenever a page may have."""
        with self.store.reading() as db:
            return public_archive.version(db), self._last_day()

    def issues(self, page: int) -> Listing[Issue] | None:
        """Those that went out, the newest first; None where there is no such page."""
        with self.store.reading() as db:
            listed = _page(public_archive.house_dates(db, self._last_day()), page, PAGE)
            if listed is None:
                return None
            return Listing(self._load(db, listed.items), listed.page, listed.pages)

    def issue(self, day: date) -> Issue | None:
        """As it was composed; None where none went out."""
        if day > self._last_day():
            return None
        with self.store.reading() as db:
            issue_id = None if approvals.is_held(db, day) else issues.house(db, day)
            return issues.load(db, issue_id) if issue_id else None

    def insight(self, insight_id: int) -> PublicInsight | None:
        with self.store.reading() as db:
            return next(iter(self._public(db, [insight_id])), None)

    def related(self, insight: PublicInsight) -> Sequence[PublicInsight]:
        """The insights that resemble it most, earlier or later, the nearest first."""
        from newsletter.ranking.echoes import Echoes

        index, today = self._index().index, self._today()
        echoes = Echoes(index, [insight.text], [insight.id], [today.toordinal()])
        nearest = echoes.nearest(0, set(echoes.ids.tolist()), 2 * _RELATED)
        ids = [each for each, probability in nearest if probability >= _RELATED_FROM]
        with self.store.reading() as db:
            return self._public(db, ids)[:_RELATED]

    def shows(self, page: int) -> Listing[Subject] | None:
        return _page([*self._subjects().shows.values()], page, _SUBJECTS)

    def topics(self, page: int) -> Listing[Subject] | None:
        return _page([*self._subjects().topics.values()], page, _SUBJECTS)

    def show(self, key: str, page: int) -> tuple[str, Listing[PublicInsight]] | None:
        """Its name and its insights, the newest first; None where there is none, or no page."""
        return self._of_subject(self._subjects().shows, key, page)

    def topic(self, key: str, page: int) -> tuple[str, Listing[PublicInsight]] | None:
        return self._of_subject(self._subjects().topics, key, page)

    def search(self, query: str) -> Sequence[PublicInsight]:
        """The insights nearest to these words; where there are none, those that hold all of them,
        also as parts of words. Only the beginning of a long query is looked at."""
        from newsletter.ranking.similarity import search

        words = query[:_LONGEST_QUERY].replace("\0", " ").split()[:_MOST_WORDS]
        if not words:
            return []
        nearest = search(self._index().index, " ".join(words))[: 2 * _FOUND]
        ids = [each for each, cosine in nearest if cosine > 0]
        if not ids:
            ids = [insight.id for insight in insights.search(self.store, words, _FOUND)]
        with self.store.reading() as db:
            return self._public(db, ids)[:_FOUND]

    def numbered(self, above: int, most_id: int) -> Sequence[PublicInsight]:
        """The insights numbered above one and up to another, without what they are cited from."""
        with self.store.reading() as db:
            corrections, blocked = editing.corrections(db), editing.blocked(db)
            rows = public_archive.texts(db, above, most_id, self._today())
        return [
            PublicInsight(each, corrections.get(each, words), Citation(), day)
            for each, words, day in rows
            if each not in blocked
        ]

    def days(self) -> Sequence[date]:
        """Of all issues that went out, the newest first."""
        with self.store.reading() as db:
            return [day for day, _ in public_archive.house_dates(db, self._last_day())]

    def went_out(self, day: date) -> datetime:
        return due_at(day, self.hour, self.timezone)

    def slugs_of_shows(self) -> Sequence[str]:
        return [*self._subjects().shows]

    def slugs_of_topics(self) -> Sequence[str]:
        return [*self._subjects().topics]

    def newest(self, most: int) -> Sequence[Issue]:
        with self.store.reading() as db:
            return self._load(db, public_archive.house_dates(db, self._last_day())[:most])

    def _load(self, db: Connection, rows: Iterable[tuple[date, int]]) -> list[Issue]:
        """Without the picks that the editor has blocked since, where any is left."""
        ids, hidden = [issue_id for _, issue_id in rows], editing.blocked(db)
        loaded = issues.load_all(db, ids, runners_up=False)
        return [_without(loaded[each], hidden) for each in ids]

    def _of_subject(
        self, subjects: Mapping[str, Subject], key: str, page: int
    ) -> tuple[str, Listing[PublicInsight]] | None:
        if (subject := subjects.get(key)) is None:
            return None
        if (listed := _page(subject.ids, page, PAGE)) is None:
            return None
        with self.store.reading() as db:
            shown = self._public(db, listed.items)
        return subject.name, Listing(shown, listed.page, listed.pages)

    def _public(self, db: Connection, ids: Sequence[int]) -> list[PublicInsight]:
        """Those of ``ids`` that are public, in their order."""
        wanted = [each for each in ids if 0 < each <= GREATEST_ID]
        by_id = candidates.of_ids(db, wanted, self._today()) if wanted else {}
        hidden = editing.blocked(db) if by_id else ()
        return [
            _insight(by_id[number]) for number in wanted if number in by_id and number not in hidden
        ]

    def _today(self) -> date:
        return local_date(self.clock(), self.timezone)

    def _last_day(self) -> date:
        """The last date whose house issue has gone out."""
        now, today = self.clock(), self._today()
        return today if due_at(today, self.hour, self.timezone) <= now else today - _DAY

    def _subjects(self) -> Subjects:
        with self.store.reading() as db:
            version = public_archive.version(db)
        return self._held_subjects.of((version, self._today()))

    @cached_property
    def _held_subjects(self) -> Shared[Subjects]:
        def make() -> Subjects:
            with self.store.reading() as db:
                return subjects(public_archive.places(db, self._today()), editing.blocked(db))

        return Shared(make, _MADE_AGAIN)

    def _index(self) -> "HeldIndex":
        with self.store.reading() as db:
            version = public_archive.version(db)
        return self._held_index.of(version.insight)

    @cached_property
    def _held_index(self) -> "Shared[HeldIndex]":
        from newsletter.composing.similarity_index import HeldIndex

        held: HeldIndex | None = None

        def make() -> HeldIndex:
            nonlocal held
            with self.store.reading() as db:
                held = HeldIndex.of(db, held, self.index_cache, self.language)
            return held

        return Shared(make, _MADE_AGAIN)


def _insight(candidate: Candidate) -> PublicInsight:
    topics = [(key, topic) for topic in candidate.topics if (key := slug(topic))]
    insight = candidate.insight
    return PublicInsight(insight.id, insight.shown, candidate.citation, insight.date, topics)


def _without(issue: Issue, hidden: frozenset[int]) -> Issue:
    left = tuple(pick for pick in issue.picks if pick.insight_id not in hidden)
    return replace(issue, picks=left) if len(left) < len(issue.picks) else issue


def _page(everything: Sequence[T], page: int, size: int) -> Listing[T] | None:
    pages = max(1, -(-len(everything) // size))
    if not 1 <= page <= pages:
        return None
    return Listing(everything[(page - 1) * size : page * size], page, pages)
