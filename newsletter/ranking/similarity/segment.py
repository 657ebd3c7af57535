"""Insights that were indexed together, as sparse matrices of how often each term stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Matrix = Any  # scipy.sparse carries no types
_BLOCK = 1 << 14


@dataclass(frozen=True)
class Segment:
    """Insights that were indexed together: counts of terms, ``rows`` by insight, ``columns`` the
    same by term; ``days`` are ordinals of dates, 0 where there is none."""

    ids: npt.NDArray[np.int64]
    days: npt.NDArray[np.int32]
    rows: Matrix
    columns: Matrix

    @classmethod
    def of(cls, ids: Any, days: Any, rows: Matrix) -> "Segment":
        return cls(np.asarray(ids, np.int64), np.asarray(days, np.int32), rows, rows.tocsc())

    def joined(self, later: "Segment") -> "Segment":
        rows = sparse.vstack([widened(self.rows, later.rows.shape[1]), later.rows], format="csr")
        ids, days = (
            np.concatenate(each) for each in ((self.ids, later.ids), (self.days, later.days))
        )
        return Segment.of(ids, days, rows)

    def norms(self, idf: Floats) -> Floats:
        """The length of each insight's vector under these weights."""
        squares = idf[: self.rows.shape[1]] ** 2
        blocks = [self._squared(first) @ squares for first in range(0, len(self.ids), _BLOCK)]
        return np.asarray(np.sqrt(np.concatenate([np.empty(0, np.float32), *blocks])))

    def _squared(self, first: int) -> Matrix:
        part = self.rows[first : first + _BLOCK]
        part.data = damped(part.data) ** 2
        return part

    def dots(self, terms: Places, weights: Floats) -> Floats:
        """The dot product of each insight's damped counts with the weights of these terms."""
        here = terms < self.columns.shape[1]
        part = self.columns[:, terms[here]]
        part.data = damped(part.data)
        return np.asarray(part @ weights[here], np.float32)


def counted_terms(bags: Sequence[Mapping[str, int]], numbers: Mapping[str, int]) -> Matrix:
    """A row for each bag, its terms in order; what is said more often was said 255 times."""
    starts = np.cumsum([0, *map(len, bags)])
    places = (numbers[term] for bag in bags for term in bag)
    counts = (min(count, 255) for bag in bags for count in bag.values())
    found = _csr(
        np.fromiter(counts, np.uint8, starts[-1]),
        np.fromiter(places, np.int32, starts[-1]),
        starts,
        len(numbers),
    )
    found.sort_indices()
    return found


def damped(counts: npt.NDArray[np.uint8]) -> Floats:
    """1 + log of each count, most of which are 1."""
    values = counts.astype(np.float32)
    more = np.flatnonzero(counts > 1)
    values[more] = 1 + np.log(values[more])
    return values


def widened(matrix: Matrix, width: int) -> Matrix:
    return _csr(matrix.data, matrix.indices, matrix.indptr, width)


def _csr(data: Any, indices: Any, indptr: Any, width: int) -> Matrix:
    """Of four bytes per place as long as they can tell them all: scipy takes eight otherwise."""
    small = np.int32 if indptr[-1] < 2**31 else np.int64
    arrays = data, indices.astype(small, copy=False), indptr.astype(small, copy=False)
    return sparse.csr_array(arrays, shape=(len(indptr) - 1, width))
