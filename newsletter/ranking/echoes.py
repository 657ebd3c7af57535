"""The day's one look at everything ever known: each candidate's echoes, masked per reader."""

from collections.abc import Container, Sequence
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from newsletter.ranking.similarity import Index, compare

Array = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

TELLING = 0.1
"""Below this a few shared words are chance: to name the insight would only puzzle its reader.

Of the nearest two of each of the samples most above it speak of the same matter, by reading some,
and of those just below it fewer than half.
"""


class Echoes:
    """The earlier insights that each of some texts resembles, found once for all readers.

    A text's own insight (``own``, parallel to ``texts``) is among its echoes; ``days`` are the
    ordinals of the texts' dates.
    """

    def __init__(
        self, index: Index, texts: Sequence[str], own: Sequence[int], days: Sequence[int]
    ) -> None:
        pairs = compare(index, texts, days)
        self.index = index
        self.own = np.asarray(own, np.int64)
        self.new = pairs.new
        self.earlier: Ids = index.ids[pairs.row]
        self.probability = pairs.probability.round(6)
        self._alike: dict[int, Array] = {}
        self._ranked: dict[int, list[tuple[int, float]]] = {}

    @cached_property
    def ids(self) -> Ids:
        """All insights that echo, in order."""
        return np.unique(self.earlier)

    def loudest(self, ids: Ids) -> Array:
        """For each text, its probability of restating the nearest of these insights."""
        best = np.zeros(len(self.own))
        heard = np.flatnonzero(self._among(ids))
        np.maximum.at(best, self.new[heard], self.probability[heard])
        return best

    def _among(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """Which echoes are of these insights: looked up in the few that echo at all."""
        flags = np.zeros(len(self.ids) + 1, np.bool_)
        places = np.searchsorted(self.ids, ids)
        flags[np.where(self._ends[places] == ids, places, -1)] = True
        flags[-1] = False
        return np.asarray(flags[self._places])

    @cached_property
    def _ends(self) -> Ids:
        return np.append(self.ids, -1)

    @cached_property
    def _places(self) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.ids, self.earlier)

    def alike(self, place: int) -> Array:
        """One text beside each: what the one sees of the other, both see."""
        if place not in self._alike:
            found = np.zeros(len(self.own))
            mine = slice(*np.searchsorted(self.new, [place, place + 1]))
            seen = self._texts[mine]
            found[seen[seen >= 0]] = self.probability[mine][seen >= 0]
            seeing = np.flatnonzero(self._texts == place)
            found[self.new[seeing]] = np.maximum(found[self.new[seeing]], self.probability[seeing])
            found[place] = 1
            self._alike[place] = found
        return self._alike[place]

    @cached_property
    def _texts(self) -> npt.NDArray[np.intp]:
        """Which of the texts an echo is itself, -1 where it is none."""
        place = {number: at for at, number in enumerate(self.own.tolist())}
        return np.array([place.get(number, -1) for number in self.earlier.tolist()], np.intp)

    def nearest(self, place: int, ids: Container[int], most: int) -> list[tuple[int, float]]:
        """The insights among ``ids`` that a text is likeliest to restate, but its own."""
        return list(islice((one for one in self._ranking(place) if one[0] in ids), most))

    def _ranking(self, place: int) -> list[tuple[int, float]]:
        if place not in self._ranked:
            mine = slice(*np.searchsorted(self.new, [place, place + 1]))
            found = zip(self.earlier[mine].tolist(), self.probability[mine].tolist(), strict=True)
            close = [(one, value) for one, value in found if one != self.own[place]]
            self._ranked[place] = sorted(close, key=lambda pair: (-pair[1], pair[0]))
        return self._ranked[place]
