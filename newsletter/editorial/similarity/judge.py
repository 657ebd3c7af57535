"""From shared terms to the probability of a restatement, and the terms that made us think so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from newsletter.editorial.similarity.index import Floats, Index, Matrix, Places
from newsletter.editorial.similarity.terms import terms, words
from newsletter.editorial.similarity.weights import INTERCEPT, WEIGHTS

FEATURES = tuple(WEIGHTS)
_PARTS = (3, 4)
_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Pairs:
    """New texts against their nearest earlier insights: parallel arrays, by new, then by row."""

    new: Places
    row: Places
    cosine: Floats
    probability: npt.NDArray[np.float64]


def compare(index: Index, texts: Sequence[str]) -> Pairs:
    """Each new text against its shortlist in the index."""
    new, row, cosine, features = features_of(index, texts)
    return Pairs(new, row, cosine, probability(features))


def features_of(
    index: Index, texts: Sequence[str]
) -> tuple[Places, Places, Floats, npt.NDArray[np.float64]]:
    """(new, row, cosine, features): the last of shape (pairs, len(FEATURES))."""
    lists = [index.shortlist(query) for query in index.queries(texts)[0]]
    new = np.repeat(np.arange(len(texts)), [len(rows) for rows, _ in lists])
    row = np.concatenate([np.empty(0, np.intp), *(rows for rows, _ in lists)])
    cosine = np.concatenate([np.empty(0, np.float32), *(values for _, values in lists)])
    return new, row, cosine, features_between(index, texts, new, row)


def features_between(
    index: Index, texts: Sequence[str], new: Places, row: Places
) -> npt.NDArray[np.float64]:
    """Shape (pairs, len(FEATURES)), for pairs of (new text, row of the index) of one's choosing."""
    judged = _Judged(index, texts)
    blocks = np.array_split(np.arange(len(new)), len(new) // _BLOCK + 1)
    return np.concatenate([judged.features(new[some], row[some]) for some in blocks])


def probability(features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    evidence = features @ np.array(list(WEIGHTS.values())) + INTERCEPT
    return np.asarray(1 / (1 + np.exp(-evidence)))


class _Judged:
    """The new texts as matrices, compared with rows of the index pair by pair."""

    def __init__(self, index: Index, texts: Sequence[str]) -> None:
        queries, fresh, self.idf = index.queries(texts)
        self.index = index
        self.names = [*index.names, *fresh]
        starts = np.cumsum([0, *(len(one.terms) for one in queries)])
        places = [np.empty(0, np.intp), *(one.terms for one in queries)]
        counts = [np.empty(0, np.float32), *(one.counts for one in queries)]
        self.new = sparse.csr_array(
            (np.concatenate(counts), np.concatenate(places), starts),
            shape=(len(queries), len(self.idf)),
        )
        self.numeric = np.array([any(map(str.isdigit, name)) for name in self.names], np.float32)

    def features(self, new: Places, row: Places) -> npt.NDArray[np.float64]:
        earlier, place = np.unique(row, return_inverse=True)
        old = self.index.rows(earlier, len(self.idf))
        mine, theirs = _ones(self.new), _ones(old)
        shared = mine[new].multiply(theirs[place])
        evidence = shared @ self.idf
        least = np.minimum((mine @ self.idf)[new], (theirs @ self.idf)[place])
        numbers = (mine @ self.numeric)[new], (theirs @ self.numeric)[place]
        differ = shared @ self.numeric < np.minimum(*numbers)
        return np.column_stack(
            [
                self._parts(old, new, place),
                np.log1p(evidence),
                evidence / np.maximum(least, 1e-6),
                differ,
            ]
        ).astype(np.float64)

    def _parts(self, old: Matrix, new: Places, place: Places) -> Floats:
        """The cosine of runs of letters, each as heavy as its term: a word meets its kin."""
        grams = _grams(self.names, sparse.vstack([self.new, old]))
        weights = sparse.diags_array(self.idf)
        mine, theirs = (_unit(one @ weights @ grams) for one in (self.new, old))
        return np.asarray(mine[new].multiply(theirs[place]).sum(axis=1), np.float32)


def _grams(names: Sequence[str], used: Matrix) -> Matrix:
    """(terms, runs of letters): each term's row of length one, for terms that are used."""
    numbers: dict[str, int] = {}
    columns: list[int] = []
    lengths = np.zeros(len(names), np.int64)
    for term in np.unique(used.indices).tolist():
        parts = _runs(f" {names[term]} ")
        lengths[term] = len(parts)
        columns += [numbers.setdefault(part, len(numbers)) for part in parts]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    weights = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    return sparse.csr_array(
        (weights, np.array(columns, np.int64), starts), shape=(len(names), max(1, len(numbers)))
    )


def _runs(word: str) -> list[str]:
    """The distinct runs of letters in a word with its borders."""
    return list(
        dict.fromkeys(
            word[at : at + size] for size in _PARTS for at in range(max(1, len(word) - size + 1))
        )
    )


def _unit(matrix: Matrix) -> Matrix:
    """The rows made to length one; empty ones stay empty."""
    lengths = np.sqrt(matrix.power(2).sum(axis=1))
    return sparse.diags_array(1 / np.maximum(lengths, 1e-12)) @ matrix


def _ones(matrix: Matrix) -> Matrix:
    return sparse.csr_array(
        (np.ones(len(matrix.data), np.float32), matrix.indices, matrix.indptr), matrix.shape
    )


def shared(index: Index, new: str, earlier: str) -> list[tuple[str, float]]:
    """The words of ``new`` whose terms stand in ``earlier`` as well, heaviest first.

    The weights are their shares of what both have in common (by IDF); they sum to 1.
    """
    theirs = set(terms(earlier, index.language))
    spelt = {term: word for term, word in words(new, index.language) if term in theirs}
    heavy = index.idf_of(list(spelt))
    weights = dict(zip(spelt, (heavy / max(heavy.sum(), 1e-12)).tolist(), strict=True))
    ranked = sorted(weights, key=lambda term: (-weights[term], term))
    return [(spelt[term], weights[term]) for term in ranked]
