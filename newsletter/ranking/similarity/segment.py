"""Insights that were indexed together, as sparse matrices of how often each term stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.ranking.similarity.sparse_rows import Floats, Places, SparseRows, stacked

_BLOCK = 1 << 14


@dataclass(frozen=True)
class Segment:
    """Insights that were indexed together: counts of terms, ``rows`` by insight, ``columns`` the
    same by term; ``days`` are ordinals of dates, 0 where there is none."""

    ids: npt.NDArray[np.int64]
    days: npt.NDArray[np.int32]
    rows: SparseRows
    columns: SparseRows

    @classmethod
    def of(cls, ids: Any, days: Any, rows: SparseRows) -> "Segment":
        columns = rows.by_column()
        return cls(np.asarray(ids, np.int64), np.asarray(days, np.int32), rows, columns)

    def joined(self, later: "Segment") -> "Segment":
        rows = stacked([self.rows.widened(later.rows.width), later.rows])
        columns = self.columns.beside(later.columns)
        ids = np.concatenate([self.ids, later.ids])
        return Segment(ids, np.concatenate([self.days, later.days]), rows, columns)

    def norms(self, idf: Floats) -> Floats:
        """The length of each insight's vector under these weights."""
        squares = idf[: self.rows.width] ** 2
        blocks = [self._squared(first) @ squares for first in range(0, len(self.ids), _BLOCK)]
        return np.asarray(np.sqrt(np.concatenate([np.empty(0, np.float32), *blocks])))

    def _squared(self, first: int) -> SparseRows:
        part = self.rows.between(first, first + _BLOCK)
        return part.having(damped(part.data) ** 2)

    def dots(self, terms: Places, weights: Floats) -> Floats:
        """The dot product of each insight's damped counts with the weights of these terms."""
        here = terms < len(self.columns)
        part = self.columns.long_rows(terms[here])
        dots = np.zeros(len(self.ids), np.float32)
        np.add.at(dots, part.indices, damped(part.data) * np.repeat(weights[here], part.lengths))
        return dots


def counted_terms(bags: Sequence[Mapping[str, int]], numbers: Mapping[str, int]) -> SparseRows:
    """A row for each bag, its terms in order; what is said more often was said 255 times."""
    starts = np.cumsum([0, *map(len, bags)])
    places = (numbers[term] for bag in bags for term in bag)
    counts = (min(count, 255) for bag in bags for count in bag.values())
    rows = SparseRows(
        np.fromiter(counts, np.uint8, starts[-1]),
        np.fromiter(places, np.int32, starts[-1]),
        starts,
        len(numbers),
    )
    order = np.argsort(rows.numbers * rows.width + rows.indices)
    return replace(rows, data=rows.data[order], indices=rows.indices[order]).compact()


def damped(counts: npt.NDArray[np.uint8]) -> Floats:
    """1 + log of each count, most of which are 1."""
    values = counts.astype(np.float32)
    more = np.flatnonzero(counts > 1)
    values[more] = 1 + np.log(values[more])
    return values
