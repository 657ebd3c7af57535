"""What choosing an issue looks at: the signals and scores of every candidate for one reader."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from newsletter.domain.model import LEADS_BELOW, Candidate, Echo, SelectionSettings
from newsletter.domain.text import headline
from newsletter.language.words import Words
from newsletter.ranking.signals import Array, Day, Reader, score, signals
from newsletter.ranking.variety import MARKDOWN, Mask
from newsletter.ranking.votes import FAVOURED_FROM, Lifts

_ABOUT_FROM = 0.6
_HEARD_WITHIN = 3


@dataclass(frozen=True, eq=False)
class RankingState:
    """Arrays are parallel to ``day.candidates``; a ``place`` is a position in them.

    ``unsent`` marks the candidates that this reader was not sent before, ``unwanted`` those about
    something that they asked not to get, ``pinned`` those that the editor wants in the issue.
    """

    day: Day
    reader: Reader
    settings: SelectionSettings
    signals: dict[str, Array]
    scores: Array
    unsent: Mask
    unwanted: Mask
    pinned: Mask

    @property
    def words(self) -> Words:
        """Those that reasons are written in."""
        return self.reader.words or self.day.words

    @property
    def similarity_to_sent(self) -> Array:
        """For each candidate, its similarity to the nearest insight this reader was sent."""
        return 1 - self.signals["novelty"]

    @cached_property
    def worthy(self) -> Mask:
        """Which candidates this reader may be sent."""
        return self.unsent & ~self.unwanted & (self.similarity_to_sent < self.settings.twin_limit)

    @property
    def doubt_from(self) -> float:
        """The least probability of a restatement that another candidate is preferred to."""
        return self.settings.twin_limit / 2

    @cached_property
    def doubtful(self) -> Mask:
        """Which candidates may restate what this reader was sent."""
        return np.asarray(self.similarity_to_sent >= self.doubt_from)

    @cached_property
    def echoing(self) -> Mask:
        """Which candidates resemble what this reader was sent too much to lead an issue."""
        return np.asarray(self.similarity_to_sent >= LEADS_BELOW)

    @cached_property
    def matches(self) -> dict[str, Mask]:
        """For each phrase that the reader wants, which candidates are about it."""
        if not self.counts("interest"):
            return {}
        wanted = [phrase.text for phrase in self.reader.phrases if not phrase.negative]
        return {phrase: self.day.matcher.scores(phrase) >= _ABOUT_FROM for phrase in wanted}

    @cached_property
    def _days_ago(self) -> dict[int, int]:
        """The places of what this reader was sent and that is still in the window: when it was."""
        sent = np.flatnonzero(~self.unsent)
        heard, today = self.reader.heard, self.day.date.toordinal()
        pairs = zip(sent.tolist(), self.day.echoes.own[sent].tolist(), strict=True)
        return {place: today - heard[insight].toordinal() for place, insight in pairs}

    @cached_property
    def overdue(self) -> dict[str, Mask]:
        """The ``matches`` of each phrase of which the last two days' issues had nothing."""
        recent = [place for place, ago in self._days_ago.items() if ago < _HEARD_WITHIN]
        matches = self.matches.items()
        return {phrase: match for phrase, match in matches if not match[recent].any()}

    @cached_property
    def shown_lately(self) -> Mask:
        """Which candidates come from a show that the last issue of this reader had."""
        last = min(self._days_ago.values(), default=0)
        shows = [
            self.day.variety.same_show[place]
            for place, ago in self._days_ago.items()
            if ago == last
        ]
        return np.asarray(np.logical_or.reduce(shows or [np.zeros(len(self.scores), np.bool_)]))

    @cached_property
    def favoured(self) -> Mask:
        """Which candidates this reader's votes favour."""
        if "votes" in self.signals and self.counts("votes"):
            return np.asarray(self.signals["votes"] >= FAVOURED_FROM)
        return np.zeros(len(self.scores), np.bool_)

    @cached_property
    def lifts(self) -> Lifts:
        return self.day.learner.lifts(self.reader.examples)

    def candidate(self, place: int) -> Candidate:
        return self.day.candidates[place]

    def counts(self, signal: str) -> bool:
        """Whether a signal has a part in the scores: one with a weight of 0 decided nothing."""
        return self.settings.weights[signal] > 0

    def values(self, place: int) -> dict[str, float]:
        return {name: round(array.item(place), 4) for name, array in self.signals.items()}

    @cached_property
    def worth(self) -> Array:
        """The scores marked down for being thin, for a show of the last issue, and for what could
        not lead one, by the part that diversity leaves them."""
        markdown = self.day.variety.thin + MARKDOWN * self.shown_lately + MARKDOWN * self.echoing
        return np.asarray((1 - self.settings.diversity) * (self.scores - markdown))

    def echo(self, place: int, earlier_id: int, similarity: float) -> Echo:
        earlier = self.day.archive[earlier_id]
        return Echo(
            insight_id=earlier_id,
            text=headline(earlier.shown, 200),
            similarity=round(similarity, 4),
            heard=self.reader.heard.get(earlier_id),
            shared=self.day.shared(place, earlier_id),
            dated=earlier.date,
            edited=bool(earlier.correction),
        )


def ranking_state(day: Day, reader: Reader, settings: SelectionSettings) -> RankingState:
    values = signals(day, reader)
    return RankingState(
        day=day,
        reader=reader,
        settings=settings,
        signals=values,
        scores=score(values, settings.weights),
        unsent=~reader.was_sent(day.echoes.own),
        unwanted=_unwanted(day, reader),
        pinned=day.pinned,
    )


def _unwanted(day: Day, reader: Reader) -> Mask:
    if not any(phrase.negative for phrase in reader.phrases):
        return np.zeros(len(day.candidates), np.bool_)
    return day.matcher.unwanted(reader.phrases)
