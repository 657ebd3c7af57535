"""The issues of one date: the candidates are read once, each distinct issue is made once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.domain.model import Issue, Subscriber, digest
from newsletter.language import spoken
from newsletter.language.words import words
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader, echoes_of, newest_first
from newsletter.ranking.votes import About, Example, about, seen
from newsletter.storage import Connection, candidates, editing, issues, reading_history, votes

_WEEK = 7


class Edition:
    """One date's composing: its candidates are prepared once, an issue once per distinct reader.

    Readers are the same when their interests, their language, the issues they were sent and their
    votes are. ``acts`` is the newest of the editor's that it heeds; by default of all.
    """

    def __init__(self, rules: Rules, day: date, acts: int | None = None) -> None:
        self.rules, self.date = rules, day
        self.taste = rules.taste
        with rules.store.reading() as db:
            self.acts = editing.latest(db, day) if acts is None else acts
        self.day = self._offer(self.taste.window_days)
        self._composed: dict[str, int | None] = {}
        self._abouts: dict[int, About] = {}

    @cached_property
    def week(self) -> Day:
        """What the date offers to who reads weekly: all that came since their last digest."""
        if self.taste.window_days >= _WEEK:
            return self.day
        return self._offer(_WEEK)

    def prepare(self, readers: Sequence[Subscriber]) -> None:
        """Work out what these readers need, before a transaction that others would wait for."""
        if any(reader.weekly for reader in readers):
            _ = self.week

    def day_for(self, reader: Subscriber) -> Day:
        return self.week if reader.weekly else self.day

    def has_house(self, db: Connection) -> bool:
        return issues.house(db, self.date) is not None

    def keep_house(self, db: Connection, now: datetime) -> None:
        """Store the house issue of the date, once there is enough for one."""
        if not self.has_house(db):
            issue = self.house_issue(db)
            if issue.picks:
                issues.save(db, issue, now, house=True)

    def keep_house_anew(self, db: Connection, now: datetime) -> None:
        """Where there is one already, as the editor has it by now."""
        if self.has_house(db):
            issues.drop_house(db, self.date)
            self.keep_house(db, now)

    def house_issue(self, db: Connection) -> Issue:
        """What it holds already, where it is composed anew, was not heard."""
        heard = {each: when for each, when in issues.house_heard(db).items() if when != self.date}
        issue = self.issue(Reader("", heard))
        return replace(issue, first=False)  # the archive's reader is never new

    def issue_ids(
        self, db: Connection, readers: Sequence[Subscriber], now: datetime
    ) -> dict[int, int | None]:
        """Subscriber id to the id of a stored issue; None where too little is worth sending."""
        ids = [reader.id for reader in readers]
        histories, votes_by_reader = reading_history.histories(db, ids), votes.of_readers(db, ids)
        profiles = {
            reader: digest(
                *self._kind(reader),
                *map(str, (*histories.get(reader.id, ()), *votes_by_reader.get(reader.id, ()))),
            )
            for reader in readers
        }
        new = {
            profile: reader for reader, profile in profiles.items() if profile not in self._composed
        }
        self._compose(db, new, now)
        return {reader.id: self._composed[profile] for reader, profile in profiles.items()}

    def _compose(self, db: Connection, new: Mapping[str, Subscriber], now: datetime) -> None:
        """An issue for each profile, which one reader represents."""
        readers = self.readers(db, list(new.values()))
        composed = {
            profile: self.issue(readers[reader.id], self.day_for(reader))
            for profile, reader in new.items()
        }
        worthy = {profile: issue for profile, issue in composed.items() if issue.picks}
        ids = issues.save_all(db, list(worthy.values()), now)
        self._composed |= {**dict.fromkeys(composed), **dict(zip(worthy, ids, strict=True))}

    def fresh(self, db: Connection, reader: Subscriber) -> Issue:
        """What composing now would give this reader, anew if need be; nothing is stored."""
        as_reader = self.readers(db, [reader], without=self.date)[reader.id]
        return self.issue(as_reader, self.day_for(reader))

    def _kind(self, reader: Subscriber) -> tuple[str, str, str]:
        """What an issue depends on besides what its reader was sent and said."""
        window = self.day_for(reader).window_days
        return reader.interests, self._language(reader), str(window)

    def _language(self, reader: Subscriber) -> str:
        return spoken(reader.language, self.rules.language)

    def issue(self, reader: Reader, day: Day | None = None) -> Issue:
        """``day`` is what the date offers to who reads weekly, for one of them."""
        issue = choose(day or self.day, reader, self.taste)
        return replace(issue, first=not reader.heard, note=self.day.editing.note)

    def readers(
        self,
        db: Connection,
        subscribers: Sequence[Subscriber],
        before: date = date.max,
        without: date | None = None,
    ) -> dict[int, Reader]:
        """By their ids, with what they were sent, ``without`` an issue, and what they said before a
        date."""
        ids = [subscriber.id for subscriber in subscribers]
        heard, votes_by_reader = reading_history.heard(db, ids, without), votes.of_readers(db, ids)
        past = {
            each: {insight: when for insight, when in heard.get(each, {}).items() if when < before}
            for each in ids
        }
        votes_seen = {
            each: seen([vote for vote in theirs if vote.at.date() < before], past[each])
            for each, theirs in votes_by_reader.items()
        }
        self._know(db, {insight for each in votes_seen.values() for insight in each})
        return {
            subscriber.id: Reader(
                subscriber.interests,
                past[subscriber.id],
                self._examples(votes_seen.get(subscriber.id, {})),
                words(self._language(subscriber)),
            )
            for subscriber in subscribers
        }

    def _know(self, db: Connection, insight_ids: Set[int]) -> None:
        """What these insights are about, and how near to the day's: once for all readers."""
        if insight_ids:
            labels = candidates.labels(db, sorted(insight_ids - self._abouts.keys()))
            self._abouts |= {insight: about(*label) for insight, label in labels.items()}
            self.day.learner.compare(insight_ids)

    def _examples(self, votes_seen: Mapping[int, bool]) -> tuple[Example, ...]:
        unknown = About()
        return tuple(
            Example(insight, liked, self._abouts.get(insight, unknown))
            for insight, liked in votes_seen.items()
        )

    def _offer(self, window_days: int) -> Day:
        rules, day = self.rules, self.date
        with rules.store.reading() as db:
            decided = editing.editing_of(db, day, self.acts)
            of_day = candidates.of_day(db, day, window_days, decided.pinned, self.acts)
            offered = [each for each in of_day if each.insight.id not in decided.blocked]
            index = index_of(db, rules.index_cache, rules.language)
            echoes = echoes_of(newest_first(offered), index)
            known = candidates.known(db, day, echoes.ids.tolist(), self.acts)
        if rules.encode:  # now: later it would be within a transaction, and others would wait
            rules.encode([each.insight.text for each in offered])
        own = words(rules.language)
        return Day(day, offered, known, window_days, echoes, decided, own, rules.encode)
