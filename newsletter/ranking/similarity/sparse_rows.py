"""Matrices that are mostly zero, in the layout of compressed sparse rows, on numpy alone.

scipy has more of this, and is quicker at some; importing it takes longer than all that a small
newsletter asks of it in a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Values = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Row ``n`` has the values ``data[indptr[n]:indptr[n + 1]]`` in the columns that the same slice
    of ``indices`` names, and is zero elsewhere; values of the same column add up."""

    data: Values
    indices: Values
    indptr: Values
    width: int

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @cached_property
    def lengths(self) -> Places:
        """How many values each row has."""
        return np.diff(self.indptr)

    @property
    def numbers(self) -> Places:
        """The row of each value."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def __getitem__(self, places: Places) -> "SparseRows":
        lengths = self.lengths[places]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.indptr[places] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return SparseRows(self.data[at], self.indices[at], indptr, self.width)

    def between(self, first: int, end: int) -> "SparseRows":
        """The rows from ``first`` to before ``end``; nothing is copied but where they begin."""
        indptr = self.indptr[first : end + 1]
        some = slice(indptr[0], indptr[-1])
        return SparseRows(self.data[some], self.indices[some], indptr - indptr[0], self.width)

    def long_rows(self, places: Places) -> "SparseRows":
        """``self[places]`` of a few rows, each of which is copied whole: quicker for long ones."""
        ends = np.stack([self.indptr[places], self.indptr[places + 1]], axis=1).tolist()
        some = [slice(*each) for each in ends]
        data = np.concatenate([self.data[:0], *(self.data[each] for each in some)])
        indices = np.concatenate([self.indices[:0], *(self.indices[each] for each in some)])
        indptr = np.concatenate([[0], np.cumsum(self.lengths[places])])
        return SparseRows(data, indices, indptr, self.width)

    def having(self, data: Values) -> "SparseRows":
        """The same with other values."""
        return SparseRows(data, self.indices, self.indptr, self.width)

    def widened(self, width: int) -> "SparseRows":
        return SparseRows(self.data, self.indices, self.indptr, width)

    def __matmul__(self, weights: Values) -> Values:
        """The dot product of each row with ``weights``, one for each column."""
        return self.having(self.data * weights[self.indices]).sums()

    def sums(self) -> Values:
        sums = np.zeros(len(self), self.data.dtype)
        full = np.flatnonzero(self.lengths)  # reduceat would take an empty row's neighbour
        if len(full):
            sums[full] = np.add.reduceat(self.data, self.indptr[full])
        return sums

    def blend(self, gains: Values) -> Values:
        """The sum of all rows, each times its gain."""
        return np.bincount(self.indices, self.data * gains[self.numbers], self.width)

    def product(self, other: "SparseRows") -> "SparseRows":
        """The matrix product; a column may stand in a row more than once."""
        part = other[self.indices]
        data = np.repeat(self.data, part.lengths) * part.data
        return SparseRows(data, part.indices, part.indptr[self.indptr], other.width)

    def summed(self) -> "SparseRows":
        """Each column once in a row, and in order."""
        keys, places = np.unique(self.numbers * self.width + self.indices, return_inverse=True)
        data = np.bincount(places, self.data, len(keys)).astype(self.data.dtype)
        indptr = np.searchsorted(keys, np.arange(len(self) + 1) * self.width)
        return SparseRows(data, keys % self.width, indptr, self.width)

    def dense(self) -> Values:
        table = np.zeros(len(self) * self.width, self.data.dtype)
        np.add.at(table, self.numbers * self.width + self.indices, self.data)
        return table.reshape(len(self), self.width)

    def norms(self) -> Values:
        return np.sqrt(self.having(self.data**2).sums())

    def unit(self) -> "SparseRows":
        """The rows made to length one; empty ones stay empty."""
        return self.having(self.data / np.repeat(np.maximum(self.norms(), 1e-12), self.lengths))

    def by_column(self) -> "SparseRows":
        """The same with rows and columns exchanged."""
        order = np.argsort(self.indices, kind="stable")
        counts = np.bincount(self.indices, minlength=self.width)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        return SparseRows(self.data[order], self.numbers[order], indptr, len(self)).compact()

    def beside(self, other: "SparseRows") -> "SparseRows":
        """With the columns of ``other`` behind its own; ``other`` may have more rows.

        A row's values move on by what the other has in the rows before it: nothing is sorted."""
        left = np.append(self.indptr, np.full(len(other) - len(self), self.indptr[-1]))
        indptr = left + other.indptr
        data = np.empty(len(self.data) + len(other.data), self.data.dtype)
        indices = np.empty(len(data), self.indices.dtype)
        width = self.width + other.width
        for part, moved, first in ((self, other.indptr, 0), (other, left[1:], self.width)):
            at = np.repeat(moved[: len(part)], part.lengths)
            at += np.arange(len(at), dtype=at.dtype)
            data[at], indices[at] = part.data, part.indices + first
        return SparseRows(data, indices, indptr, width).compact()

    def compact(self) -> "SparseRows":
        """Places as numbers of four bytes, where these can tell them all."""
        small = np.int32 if max(self.indptr[-1], self.width) < 2**31 else np.int64
        return SparseRows(
            self.data,
            self.indices.astype(small, copy=False),
            self.indptr.astype(small, copy=False),
            self.width,
        )


def stacked(parts: Sequence[SparseRows]) -> SparseRows:
    """One below the other; all are of one width."""
    starts = np.cumsum([0, *(len(part.data) for part in parts)])
    indptr = [part.indptr[1:] + start for part, start in zip(parts, starts, strict=False)]
    return SparseRows(
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([[0], *indptr]),
        parts[0].width,
    ).compact()


def multiplied(mine: SparseRows, theirs: SparseRows, new: Places, row: Places) -> SparseRows:
    """For each pair of a row of ``mine`` and one of ``theirs`` their products, column by column.

    ``mine`` is spread out: its rows times its width should be few."""
    pairs = theirs[row]
    at = np.repeat(new * mine.width, pairs.lengths) + pairs.indices
    return pairs.having(pairs.data * mine.dense().ravel()[at])


def distinct(values: Places) -> Places:
    """Each once, in order; ``numpy.unique`` takes four times as long, and loads ``numpy.ma``."""
    ordered = np.sort(values)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]
