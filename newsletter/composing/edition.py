"""The issues of one date: the candidates are read once, each distinct issue is made once."""

from collections.abc import Mapping, Sequence
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
from newsletter.storage import Connection, candidates, editing, issues, reading_history

_WEEK = 7


class Edition:
    """One date's composing: its candidates are prepared once, an issue once per distinct reader.

    Readers are the same when their interests, their language and the issues they were sent are.
    """

    def __init__(self, rules: Rules, day: date) -> None:
        self.rules = rules
        self.taste = rules.taste
        self.day = _offer(rules, day, self.taste.window_days)
        self._composed: dict[str, int | None] = {}

    @cached_property
    def week(self) -> Day:
        """What the date offers to who reads weekly: all that came since their last digest."""
        if self.taste.window_days >= _WEEK:
            return self.day
        return _offer(self.rules, self.day.date, _WEEK)

    def prepare(self, readers: Sequence[Subscriber]) -> None:
        """Work out what these readers need, before a transaction that others would wait for."""
        if any(reader.weekly for reader in readers):
            _ = self.week

    def day_for(self, reader: Subscriber) -> Day:
        return self.week if reader.weekly else self.day

    def keep_house(self, db: Connection, now: datetime) -> None:
        """Store the house issue of the date, once there is enough for one."""
        if issues.house(db, self.day.date) is None:
            issue = self.house_issue(db)
            if issue.picks:
                issues.save(db, issue, now, house=True)

    def house_issue(self, db: Connection) -> Issue:
        issue = self._issue(self.day, Reader("", issues.house_heard(db)))
        return replace(issue, first=False)  # the archive's reader is never new

    def issue_ids(
        self, db: Connection, readers: Sequence[Subscriber], now: datetime
    ) -> dict[int, int | None]:
        """Subscriber id to the id of a stored issue; None where too little is worth sending."""
        histories = reading_history.histories(db, [reader.id for reader in readers])
        profiles = {
            reader: digest(*self._kind(reader), *map(str, histories.get(reader.id, ())))
            for reader in readers
        }
        new = {
            profile: reader for reader, profile in profiles.items() if profile not in self._composed
        }
        self._compose(db, new, now)
        return {reader.id: self._composed[profile] for reader, profile in profiles.items()}

    def _compose(self, db: Connection, new: Mapping[str, Subscriber], now: datetime) -> None:
        """An issue for each profile, which one reader represents."""
        heard = reading_history.heard(db, [reader.id for reader in new.values()])
        composed = {
            profile: self._issue_for(reader, heard.get(reader.id, {}))
            for profile, reader in new.items()
        }
        worthy = {profile: issue for profile, issue in composed.items() if issue.picks}
        ids = issues.save_all(db, list(worthy.values()), now)
        self._composed |= {**dict.fromkeys(composed), **dict(zip(worthy, ids, strict=True))}

    def fresh(self, db: Connection, reader: Subscriber) -> Issue:
        """What composing now would give this reader; nothing is stored."""
        return self._issue_for(reader, reading_history.heard(db, [reader.id]).get(reader.id, {}))

    def _kind(self, reader: Subscriber) -> tuple[str, str, str]:
        """What an issue depends on besides its reader's history."""
        window = self.day_for(reader).window_days
        return reader.interests, self._language(reader), str(window)

    def _language(self, reader: Subscriber) -> str:
        return spoken(reader.language, self.rules.language)

    def _issue_for(self, reader: Subscriber, heard: Mapping[int, date]) -> Issue:
        own = words(self._language(reader))
        return self._issue(self.day_for(reader), Reader(reader.interests, heard, own))

    def _issue(self, day: Day, reader: Reader) -> Issue:
        issue = choose(day, reader, self.taste)
        return replace(issue, first=not reader.heard, note=day.editing.note)


def _offer(rules: Rules, day: date, window_days: int) -> Day:
    with rules.store.reading() as db:
        decided = editing.editing_of(db, day)
        of_day = candidates.of_day(db, day, window_days, decided.pinned)
        offered = [each for each in of_day if each.insight.id not in decided.blocked]
        index = index_of(db, rules.index_cache, rules.language)
        echoes = echoes_of(newest_first(offered), index)
        known = candidates.known(db, day, echoes.ids.tolist())
    if rules.encode:  # now: later it would be within a transaction, and others would wait
        rules.encode([each.insight.text for each in offered])
    own = words(rules.language)
    return Day(day, offered, known, window_days, echoes, decided, own, rules.encode)
