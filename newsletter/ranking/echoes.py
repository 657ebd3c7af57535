"""The earlier insights that the day's texts resemble: found once, then masked for each reader."""

from collections.abc import Container, Sequence
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from newsletter.ranking.similarity import Index, compare
from newsletter.ranking.similarity.sparse_rows import distinct

Array = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

NAMED_FROM = 0.2
"""The least probability of a restatement at which an earlier insight is named to a reader.

Of the nearest two of each sample, read side by side, all but one of 63 from here up continue the
same thread, and 8 of the 30 between 0.1 and this.
"""


class Echoes:
    """The earlier insights that each of some texts resembles.

    ``own`` (parallel to ``texts``) are the ids of the texts' own insights, which are among the
    echoes; ``days`` are the ordinals of the texts' dates. A ``place`` is a position in ``texts``.
    """

    def __init__(
        self, index: Index, texts: Sequence[str], own: Sequence[int], days: Sequence[int]
    ) -> None:
        pairs = compare(index, texts, days, own)
        self.index = index
        self.terms = pairs.asked.terms
        self.own = np.asarray(own, np.int64)
        self.new = pairs.new
        self.earlier: Ids = index.ids[pairs.row]
        self.probability = pairs.probability.round(6)
        self._similarities: dict[int, Array] = {}
        self._ranked: dict[int, list[tuple[int, float]]] = {}

    @cached_property
    def ids(self) -> Ids:
        """All insights that are an echo of some text, in order."""
        return distinct(self.earlier)

    def highest(self, ids: Ids) -> Array:
        """For each text, its probability of restating the nearest of these insights."""
        best = np.zeros(len(self.own))
        sent = np.flatnonzero(self._among(ids))
        np.maximum.at(best, self.new[sent], self.probability[sent])
        return best

    def _among(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """Which echoes are of these insights: looked up in the few that echo at all."""
        flags = np.zeros(len(self.ids) + 1, np.bool_)
        positions = np.searchsorted(self.ids, ids)
        flags[np.where(self._ids_and_end[positions] == ids, positions, -1)] = True
        flags[-1] = False
        return np.asarray(flags[self._positions])

    @cached_property
    def _ids_and_end(self) -> Ids:
        return np.append(self.ids, -1)

    @cached_property
    def _positions(self) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.ids, self.earlier)

    def similarities(self, place: int) -> Array:
        """One text's similarity to each: the higher of both directions, and 1 to itself."""
        if place not in self._similarities:
            similarities = np.zeros(len(self.own))
            mine = self._of(place)
            texts = self._texts[mine]
            similarities[texts[texts >= 0]] = self.probability[mine][texts >= 0]
            seeing = np.flatnonzero(self._texts == place)
            np.maximum.at(similarities, self.new[seeing], self.probability[seeing])
            similarities[place] = 1
            self._similarities[place] = similarities
        return self._similarities[place]

    def _of(self, place: int) -> slice:
        """Where the echoes of one text stand."""
        return slice(*np.searchsorted(self.new, [place, place + 1]))

    @cached_property
    def _texts(self) -> npt.NDArray[np.intp]:
        """Which of the texts each echo is itself, -1 where it is none."""
        place = {own: at for at, own in enumerate(self.own.tolist())}
        return np.array([place.get(earlier, -1) for earlier in self.earlier.tolist()], np.intp)

    def nearest(self, place: int, ids: Container[int], most: int) -> list[tuple[int, float]]:
        """The insights among ``ids`` that a text is likeliest to restate, except its own."""
        return list(islice((pair for pair in self._ranking(place) if pair[0] in ids), most))

    def _ranking(self, place: int) -> list[tuple[int, float]]:
        if place not in self._ranked:
            mine, own = self._of(place), self.own[place]
            echoes = zip(self.earlier[mine].tolist(), self.probability[mine].tolist(), strict=True)
            echoes_of_others = [(earlier, value) for earlier, value in echoes if earlier != own]
            self._ranked[place] = sorted(echoes_of_others, key=lambda pair: (-pair[1], pair[0]))
        return self._ranked[place]
