"""The index: the terms of every earlier insight, by insight and by term, ready to be asked.

An insight's vector holds (1 + log count) x IDF for each of its terms. Only the first factor is
stored; document frequencies are kept beside it, so that appending changes nothing that stands.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from newsletter.editorial.similarity.background import SHARES
from newsletter.editorial.similarity.terms import terms

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Matrix = Any  # scipy.sparse carries no types

# A young archive's frequencies are mixed with those of this many texts of plain prose.
_BACKGROUND = 200
_UNUSUAL = 1 / 400
# Terms in more of the insights than this wait for the second pass: they are long, and say little.
_COMMON = 0.05
_EXACT_FROM = 0.35
_AT_LEAST = 24
_BLOCK = 1 << 17


@dataclass(frozen=True)
class Segment:
    """Insights that were indexed together: ``rows`` by insight, ``columns`` the same by term."""

    ids: npt.NDArray[np.int64]
    rows: Matrix
    columns: Matrix

    @classmethod
    def of(cls, ids: npt.NDArray[np.int64], rows: Matrix) -> "Segment":
        return cls(ids, rows, rows.tocsc())

    def norms(self, idf: Floats) -> Floats:
        """The length of each insight's vector under these weights."""
        squares = idf[: self.rows.shape[1]] ** 2
        blocks = [self._norms(first, squares) for first in range(0, len(self.ids), _BLOCK)]
        return np.sqrt(np.concatenate(blocks)) if blocks else np.empty(0, np.float32)

    def _norms(self, first: int, squares: Floats) -> Floats:
        part = self.rows[first : first + _BLOCK]
        part.data = part.data**2
        return np.asarray(part @ squares, dtype=np.float32)

    def dots(self, query: "Query", idf: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
        """The dot product of each insight with the query over its ``chosen`` terms."""
        here = chosen & (query.terms < self.columns.shape[1])
        found = query.terms[here]
        return np.asarray(self.columns[:, found] @ (query.weights[here] * idf[found]), np.float32)


@dataclass(frozen=True)
class Query:
    """A new text: its terms (those the index does not know stand behind all others), weighted."""

    terms: Places
    counts: Floats
    weights: Floats

    @cached_property
    def norm(self) -> float:
        return float(np.sqrt((self.weights**2).sum()))


@dataclass
class Index:
    """Everything that may be restated. Row numbers count through the segments, in order."""

    language: str = "en"
    vocabulary: dict[str, int] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    @classmethod
    def build(cls, ids: Sequence[int], texts: Sequence[str], language: str = "en") -> "Index":
        index = cls(language)
        index.append(ids, texts)
        return index

    def append(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Add insights, in time proportional to them: large segments are left as they are.

        A segment is merged with the one before it once it is half as large, so that there are
        few; the answers are those of an index built at once.
        """
        if not len(ids):
            return
        rows = self._rows([terms(text, self.language) for text in texts])
        self.segments.append(Segment.of(np.asarray(ids, np.int64), rows))
        while len(self.segments) > 1 and 2 * len(self.segments[-1].ids) >= len(
            self.segments[-2].ids
        ):
            self.segments[-2:] = [_merged(*self.segments[-2:])]
        self._forget()

    def _rows(self, texts: Sequence[Sequence[str]]) -> Matrix:
        number = self.vocabulary
        starts, places, counts = [0], [], []
        for found in texts:
            bag = Counter(number.setdefault(term, len(number)) for term in found)
            places += sorted(bag)
            counts += [bag[term] for term in sorted(bag)]
            starts.append(len(places))
        data = 1 + np.log(np.array(counts, np.float32))
        return _csr(data, np.array(places, np.int32), np.array(starts), len(number))

    def _forget(self) -> None:
        for name in ("ids", "frequencies", "idf", "norms", "names"):
            self.__dict__.pop(name, None)

    def __len__(self) -> int:
        return sum(len(segment.ids) for segment in self.segments)

    @cached_property
    def ids(self) -> npt.NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(one.ids for one in self.segments)])

    @cached_property
    def names(self) -> list[str]:
        return list(self.vocabulary)

    @cached_property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """In how many insights each term stands."""
        counts = np.zeros(len(self.vocabulary), np.int64)
        for segment in self.segments:
            counts[: segment.columns.shape[1]] += np.diff(segment.columns.indptr)
        return counts

    @cached_property
    def idf(self) -> Floats:
        """The weight of each term: -log of the share of texts that hold it, background included."""
        usual = np.full(len(self.vocabulary), _UNUSUAL)
        for term, share in self._usual.items():
            if term in self.vocabulary:
                usual[self.vocabulary[term]] = share
        return self._idf(self.frequencies, usual)

    def idf_of(self, some: Sequence[str]) -> Floats:
        """The same for terms that may be unknown."""
        known = [self.vocabulary.get(term) for term in some]
        counts = np.array([0 if one is None else self.frequencies[one] for one in known])
        return self._idf(counts, np.array([self._usual.get(term, _UNUSUAL) for term in some]))

    @property
    def _usual(self) -> Mapping[str, float]:
        return SHARES if self.language.partition("-")[0].lower() == "en" else {}

    def _idf(self, frequencies: Any, usual: Any) -> Floats:
        texts = len(self) + _BACKGROUND
        found = np.log(texts / (frequencies + _BACKGROUND * usual))
        return np.asarray(found, dtype=np.float32)

    @cached_property
    def norms(self) -> Floats:
        return np.concatenate(
            [np.empty(0, np.float32), *(one.norms(self.idf) for one in self.segments)]
        )

    def rows(self, places: Places, width: int) -> Matrix:
        """The stored rows of these insights, as one matrix ``width`` terms wide."""
        borders = np.cumsum([0, *(len(one.ids) for one in self.segments)])
        parts = [_csr(np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(1, int), width)]
        owner = np.searchsorted(borders, places, side="right") - 1
        for number, segment in enumerate(self.segments):
            part = segment.rows[places[owner == number] - borders[number]]
            parts.append(_csr(part.data, part.indices, part.indptr, width))
        return sparse.vstack(parts, format="csr")[np.argsort(np.argsort(owner, kind="stable"))]

    def queries(self, texts: Sequence[str]) -> tuple[list[Query], list[str], Floats]:
        """The new texts, the terms that only they have, and the IDF of all terms, theirs last."""
        fresh: dict[str, int] = {}
        bags = [Counter(terms(text, self.language)) for text in texts]
        for term in (term for bag in bags for term in bag if term not in self.vocabulary):
            fresh.setdefault(term, len(self.vocabulary) + len(fresh))
        idf = np.concatenate([self.idf, self.idf_of(list(fresh))])
        return [self._query(bag, fresh, idf) for bag in bags], list(fresh), idf

    def _query(self, bag: Mapping[str, int], fresh: Mapping[str, int], idf: Floats) -> Query:
        numbered = {
            self.vocabulary.get(term, fresh.get(term, -1)): count for term, count in bag.items()
        }
        places = np.array(sorted(numbered), np.intp)
        counts = 1 + np.log(np.array([numbered[place] for place in places.tolist()], np.float32))
        return Query(places, counts, counts * idf[places])

    def shortlist(self, query: Query) -> tuple[Places, Floats]:
        """The insights most like a query, with their cosines, exact to 1e-6, in order of rows.

        They hold every one with a cosine of 0.35 or more, and where these are few, some of the
        next. The first pass leaves common terms out; what they could add at most lowers its bar.
        """
        if not query.norm or not self.vocabulary:
            return np.empty(0, np.intp), np.empty(0, np.float32)
        rare = self._rare(query)
        common = float(np.sqrt((query.weights[~rare] ** 2).sum())) / query.norm
        if common >= _EXACT_FROM:
            rare[:], common = True, 0.0
        first = self._dots(query, rare)
        found = self._above(first, query, _EXACT_FROM - common - 1e-5)
        cosines = self._cosines(query, found, first, rare)
        most = max(_AT_LEAST, int((cosines >= _EXACT_FROM).sum()))
        kept = np.sort(np.argsort(-cosines, kind="stable")[:most])
        return found[kept], cosines[kept]

    def _rare(self, query: Query) -> npt.NDArray[np.bool_]:
        inside = np.minimum(query.terms, len(self.vocabulary) - 1)
        return self.frequencies[inside] <= max(_COMMON * len(self), 1)

    def _dots(self, query: Query, chosen: npt.NDArray[np.bool_]) -> Floats:
        parts = [segment.dots(query, self.idf, chosen) for segment in self.segments]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _above(self, dots: Floats, query: Query, bar: float) -> Places:
        """Lowers the bar by halves until enough stand above it."""
        for lowered in (bar, bar / 2, bar / 4):
            found = np.flatnonzero(dots > np.float32(lowered * query.norm) * self.norms)
            if len(found) >= _AT_LEAST:
                break
        return found

    def _cosines(
        self, query: Query, found: Places, first: Floats, rare: npt.NDArray[np.bool_]
    ) -> Floats:
        dots = first[found]
        if not rare.all():
            weights = np.zeros(max(len(self.vocabulary), int(query.terms.max()) + 1), np.float32)
            left = query.terms[~rare]
            weights[left] = query.weights[~rare] * self.idf[left]
            dots = dots + self.rows(found, len(weights)) @ weights
        return np.asarray(np.clip(dots / (self.norms[found] * query.norm), 0, 1), np.float32)


def _csr(data: Any, indices: Any, indptr: Any, width: int) -> Matrix:
    return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, width))


def _merged(first: Segment, second: Segment) -> Segment:
    width = second.rows.shape[1]
    rows = sparse.vstack(
        [_csr(one.rows.data, one.rows.indices, one.rows.indptr, width) for one in (first, second)],
        format="csr",
    )
    return Segment.of(np.concatenate([first.ids, second.ids]), rows)
