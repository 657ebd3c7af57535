"""What choosing an issue looks at: the signals and scores of every candidate for one reader."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import Candidate, Echo, SelectionSettings
from newsletter.domain.text import headline
from newsletter.ranking.signals import Array, Day, Reader, score, signals

Mask = npt.NDArray[np.bool_]


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
    def similarity_to_sent(self) -> Array:
        """For each candidate, its similarity to the nearest insight this reader was sent."""
        return 1 - self.signals["novelty"]

    def candidate(self, place: int) -> Candidate:
        return self.day.candidates[place]

    def counts(self, signal: str) -> bool:
        """Whether a signal has a part in the scores: one with a weight of 0 decided nothing."""
        return self.settings.weights[signal] > 0

    def values(self, place: int) -> dict[str, float]:
        return {name: round(array.item(place), 4) for name, array in self.signals.items()}

    def relevance(self, nearest: Array) -> Array:
        """The scores marked down for diversity; ``nearest`` is the similarity to the nearest pick.

        Rounded so that two equal candidates tie on every machine.
        """
        diversity = self.settings.diversity
        return ((1 - diversity) * self.scores - diversity * nearest).round(6)

    def room(self, chosen: Sequence[int], per_brief: int) -> Mask:
        """Which candidates come from a brief that has fewer than ``per_brief`` picks."""
        room = np.ones(len(self.scores), dtype=np.bool_)
        briefs = self.day.briefs[list(chosen)].tolist()
        for brief in set(briefs):
            if briefs.count(brief) >= per_brief:
                room &= self.day.briefs != brief
        return room

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
