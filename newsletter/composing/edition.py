"""The issues of one date: the candidates are read once, each distinct issue is made once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.domain.model import Issue, Subscriber, digest
from newsletter.language.words import words
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader, echoes_of, newest_first
from newsletter.storage import Connection, candidates, editing, issues, reading_history


class Edition:
    """One date's composing: its candidates are prepared once, an issue once per distinct reader.

    Readers are the same when their interests and the issues they were sent are.
    """

    def __init__(self, rules: Rules, day: date) -> None:
        self.taste = rules.taste
        with rules.store.reading() as db:
            decided = editing.editing_of(db, day)
            of_day = candidates.of_day(db, day, self.taste.window_days, decided.pinned)
            offered = [each for each in of_day if each.insight.id not in decided.blocked]
            index = index_of(db, rules.index_cache, rules.language)
            echoes = echoes_of(newest_first(offered), index)
            known = candidates.known(db, day, echoes.ids.tolist())
        self.day = Day(
            day,
            offered,
            known,
            self.taste.window_days,
            echoes,
            decided,
            words(rules.language),
            rules.encode,
        )
        if rules.encode:  # now: later it would be within a transaction, and others would wait
            rules.encode([each.insight.text for each in offered])
        self._composed: dict[str, int | None] = {}

    def has_house(self, db: Connection) -> bool:
        return issues.house(db, self.day.date) is not None

    def keep_house(self, db: Connection, now: datetime) -> None:
        """Store the house issue of the date, once there is enough for one."""
        if not self.has_house(db):
            issue = self.house_issue(db)
            if issue.picks:
                issues.save(db, issue, now, house=True)

    def house_issue(self, db: Connection) -> Issue:
        issue = self.issue("", issues.house_heard(db))
        return replace(issue, first=False)  # the archive's reader is never new

    def issue_ids(
        self, db: Connection, readers: Sequence[Subscriber], now: datetime
    ) -> dict[int, int | None]:
        """Subscriber id to the id of a stored issue; None where too little is worth sending."""
        histories = reading_history.histories(db, [reader.id for reader in readers])
        profiles = {
            reader: digest(reader.interests, *map(str, histories.get(reader.id, ())))
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
            profile: self.issue(reader.interests, heard.get(reader.id, {}))
            for profile, reader in new.items()
        }
        worthy = {profile: issue for profile, issue in composed.items() if issue.picks}
        ids = issues.save_all(db, list(worthy.values()), now)
        self._composed |= {**dict.fromkeys(composed), **dict(zip(worthy, ids, strict=True))}

    def fresh(self, db: Connection, reader: Subscriber) -> Issue:
        """What composing now would give this reader; nothing is stored."""
        return self.issue(
            reader.interests, reading_history.heard(db, [reader.id]).get(reader.id, {})
        )

    def issue(self, interests: str, heard: Mapping[int, date]) -> Issue:
        issue = choose(self.day, Reader(interests, heard), self.taste)
        return replace(issue, first=not heard, note=self.day.editing.note)
