"""From shared terms to the probability of a restatement, and the terms that made us think so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from newsletter.ranking.similarity.index import Asked, Index
from newsletter.ranking.similarity.sparse_rows import (
    Floats,
    Places,
    SparseRows,
    distinct,
    multiplied,
)
from newsletter.ranking.similarity.terms import terms, words
from newsletter.ranking.similarity.weights import INTERCEPT, WEIGHTS

Days = Sequence[int] | npt.NDArray[np.intp] | None

FEATURES = tuple(WEIGHTS)
_PARTS = (3, 4)
# Runs of letters as numbers: odd factors, the product wraps around, and none here ever collide.
_SPREAD = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
_BLOCK = 1 << 11
# Many texts name the same day or count: a number in common says less than its rarity does.
_NUMBERS = 0.3
_FORTNIGHT = 14


@dataclass(frozen=True, eq=False)
class Pairs:
    """New texts against their nearest earlier insights: parallel arrays, by new, then by row."""

    new: Places
    row: Places
    cosine: Floats
    probability: npt.NDArray[np.float64]
    asked: Asked


def compare(
    index: Index, texts: Sequence[str], days: Days = None, ids: Sequence[int] = ()
) -> Pairs:
    """Each new text, of these days (ordinals of dates), against its shortlist in the index.

    ``ids`` are those of the texts' own insights, where they have any.
    """
    asked = index.asked(texts, ids)
    new, row, cosine, features = _features_of(index, asked, days)
    return Pairs(new, row, cosine, probability(features), asked)


def features_of(
    index: Index, texts: Sequence[str], days: Days = None
) -> tuple[Places, Places, Floats, npt.NDArray[np.float64]]:
    """(new, row, cosine, features): the last of shape (pairs, len(FEATURES))."""
    return _features_of(index, index.asked(texts), days)


def _features_of(
    index: Index, asked: Asked, days: Days
) -> tuple[Places, Places, Floats, npt.NDArray[np.float64]]:
    lists = [index.shortlist(*query) for query in asked.queries()]
    new = np.repeat(np.arange(len(lists)), [len(rows) for rows, _ in lists])
    row = np.concatenate([np.empty(0, np.intp), *(rows for rows, _ in lists)])
    cosine = np.concatenate([np.empty(0, np.float32), *(values for _, values in lists)])
    return new, row, cosine, _features(index, asked, new, row, days)


def features_between(
    index: Index, texts: Sequence[str], new: Places, row: Places, days: Days = None
) -> npt.NDArray[np.float64]:
    """Shape (pairs, len(FEATURES)), for pairs of (new text, row of the index) of one's choosing."""
    return _features(index, index.asked(texts), new, row, days)


def probability(features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    evidence = features @ np.array(list(WEIGHTS.values())) + INTERCEPT
    return np.asarray(1 / (1 + np.exp(-evidence)))


def _features(
    index: Index, asked: Asked, new: Places, row: Places, days: Days
) -> npt.NDArray[np.float64]:
    blocks = [slice(first, first + _BLOCK) for first in range(0, len(new), _BLOCK)]
    parts = [_block(index, asked, new[block], row[block]) for block in blocks]
    features = np.concatenate([np.empty((0, len(FEATURES))), *parts])
    if days is not None:
        features[:, FEATURES.index("age")] = _age(np.asarray(days)[new], index.days[row])
    return features


def _block(index: Index, asked: Asked, new: Places, row: Places) -> npt.NDArray[np.float64]:
    texts, new = np.unique(new, return_inverse=True)
    insights, row = np.unique(row, return_inverse=True)
    mine, theirs = asked.rows[texts], index.rows(insights)
    used = distinct(np.concatenate([mine.indices, theirs.indices]))
    mine, theirs = _only(mine, used), _only(theirs, used)
    names = [asked.names[number] for number in used.tolist()]
    numeric = np.array([any(map(str.isdigit, name)) for name in names], np.float32)
    idf = asked.idf[used] * np.where(numeric, _NUMBERS, 1).astype(np.float32)
    kin = _parts(names)
    kin = kin.having(kin.data * idf[kin.numbers])
    common = multiplied(_ones(mine), _ones(theirs), new, row)
    evidence = common @ idf
    least = np.minimum((_ones(mine) @ idf)[new], (_ones(theirs) @ idf)[row])
    numbers = np.minimum((_ones(mine) @ numeric)[new], (_ones(theirs) @ numeric)[row])
    features = {
        "parts": multiplied(_alike(mine, kin), _alike(theirs, kin), new, row).sums(),
        "evidence": np.log1p(evidence),
        "cover": evidence / np.maximum(least, 1e-6),
        "numbers": common @ numeric < numbers,
        "age": np.zeros(len(new)),
    }
    return np.column_stack([features[name] for name in FEATURES]).astype(np.float64)


def _age(day: Any, earlier: Any) -> Floats:
    """How long ago, on a scale of logarithms; 0 within a fortnight, and where nobody knows."""
    apart = np.maximum(np.log((1 + np.abs(day - earlier)) / (1 + _FORTNIGHT)), 0)
    return np.where((day > 0) & (earlier > 0), apart, 0).astype(np.float32)


def _only(rows: SparseRows, used: Places) -> SparseRows:
    """Its columns of these terms, which are all it has."""
    return replace(rows, indices=np.searchsorted(used, rows.indices), width=len(used))


def _alike(rows: SparseRows, kin: SparseRows) -> SparseRows:
    """The texts' vectors of runs of letters, of length one."""
    return rows.product(kin).summed().unit()


def _parts(names: Sequence[str]) -> SparseRows:
    """(terms, runs of letters): a row of length one for each term, over the distinct runs of three
    and four letters in it and its borders."""
    text = f" {' '.join(names)}   "
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    border = letters == ord(" ")
    runs = []
    for size in _PARTS:
        inside = ~sliding_window_view(border, size)[:, 1:-1].any(axis=1)
        numbers = sliding_window_view(letters, size)[inside] @ _SPREAD[:size]
        runs.append((np.flatnonzero(inside), numbers))
    at, numbers = (np.concatenate(each) for each in zip(*runs, strict=True))
    known, places = np.unique(numbers, return_inverse=True)
    width = max(1, len(known))
    keys = distinct((np.cumsum(border)[at] - 1) * width + places)
    indptr = np.searchsorted(keys, np.arange(len(names) + 1) * width)
    return SparseRows(np.ones(len(keys), np.float32), keys % width, indptr, width).unit()


def _ones(rows: SparseRows) -> SparseRows:
    return rows.having(np.ones(len(rows.data), np.float32))


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
