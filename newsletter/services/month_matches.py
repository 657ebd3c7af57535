"""What a reader's interests would have found among the insights of a month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from newsletter.composing.rules import Rules
from newsletter.storage import candidates

if TYPE_CHECKING:
    from newsletter.domain.model import Candidate
    from newsletter.ranking.interest import Matcher

_DAYS = 30
_FRESH = timedelta(minutes=5)
_EXAMPLES = 3
_NEAR_FROM = 0.5


@dataclass(frozen=True, slots=True)
class MonthMatch:
    """``count`` of ``total`` insights; ``examples`` are texts, the best first: of those, or where
    there are none, of the nearest."""

    count: int
    total: int
    examples: Sequence[str] = ()


@dataclass
class MonthMatches:
    """The month is read when it is first asked for, and again after some minutes."""

    rules: Rules
    clock: Callable[[], datetime]
    _lock: Lock = field(default_factory=Lock)
    _read_at: datetime | None = None
    _month: "tuple[Matcher, Sequence[Candidate]] | None" = None

    def look(self, interests: str) -> MonthMatch:
        """What holds the words of a phrase, or is so surely about it that an email would say "You
        follow". One at a time: a matcher remembers as it works."""
        import numpy as np

        from newsletter.ranking.interest import parse

        phrases = parse(interests)
        with self._lock:
            matcher, month = self._current()
            wanted = [phrase.text for phrase in phrases if not phrase.negative]
            if not wanted:
                return MonthMatch(0, len(month))
            scores = matcher.interest(phrases)
            order = (-scores).argsort(kind="stable").tolist()
            held = np.logical_or.reduce([matcher.about(phrase) for phrase in wanted])
            matching = [
                place
                for place in order
                if scores[place] > 0 and (held[place] or matcher.said(phrases, place))
            ]
        near = matching or [place for place in order if scores[place] >= _NEAR_FROM]
        examples = [month[place].insight.shown for place in near[:_EXAMPLES]]
        return MonthMatch(len(matching), len(month), examples)

    def _current(self) -> "tuple[Matcher, Sequence[Candidate]]":
        now = self.clock()
        if (
            self._month is None
            or self._read_at is None
            or not (timedelta() <= now - self._read_at < _FRESH)
        ):
            self._month, self._read_at = self._read(now), now
        return self._month

    def _read(self, now: datetime) -> "tuple[Matcher, Sequence[Candidate]]":
        """Imports numpy here: a server of other pages does without."""
        from newsletter.composing.similarity_index import index_of
        from newsletter.ranking.interest import Matcher
        from newsletter.ranking.signals import texts_of

        with self.rules.store.reading() as db:
            month = candidates.of_day(db, now.date(), _DAYS)
            index = index_of(db, self.rules.index_cache, self.rules.language)
        return Matcher(index, texts_of(month), self.rules.encode), month
