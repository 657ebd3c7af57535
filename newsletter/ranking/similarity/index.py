"""The index: the terms of every earlier insight, by insight and by term, ready to be asked.

An insight's vector holds (1 + log count) x IDF for each of its terms. Only the counts are stored;
document frequencies are kept beside them, so that appending changes nothing that stands.
"""

from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.ranking.similarity.background import SHARES
from newsletter.ranking.similarity.segment import (
    Segment,
    counted_terms,
    damped,
)
from newsletter.ranking.similarity.sparse_rows import Floats, Places, SparseRows, stacked
from newsletter.ranking.similarity.terms import terms

# A young archive's frequencies are mixed with those of this many texts of plain prose.
_BACKGROUND = 200
_UNUSUAL = 1 / 400
# Every cosine from here on is found. The first pass may leave out this much of one; terms in no
# more insights than these are read by it in any case.
_EXACT_FROM = 0.35
_LEFT = 0.25
_FEW = 1_000
_AT_LEAST = 24
_NEXT = 2 * _AT_LEAST
# A segment is merged with the one before once it has this share of its insights.
_MERGED_FROM = 1 / 8


@dataclass(frozen=True)
class Asked:
    """New texts as rows of damped counts. The terms of the index come first among ``names`` and
    ``idf``, then those that only the new texts have."""

    rows: SparseRows
    names: list[str]
    idf: Floats

    def terms(self, place: int) -> list[str]:
        """The distinct terms of one text."""
        begin, end = self.rows.indptr[place : place + 2]
        return [self.names[term] for term in self.rows.indices[begin:end].tolist()]

    def queries(self) -> Iterator[tuple[Places, Floats]]:
        """The terms of each text, and their weights, made to length one."""
        for begin, end in pairwise(self.rows.indptr.tolist()):
            terms = self.rows.indices[begin:end]
            weights = self.rows.data[begin:end] * self.idf[terms]
            yield terms, weights / max(float(np.sqrt((weights**2).sum())), 1e-12)


@dataclass
class Index:
    """Everything that may be restated. Row numbers count through the segments, in order."""

    language: str = "en"
    vocabulary: dict[str, int] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        ids: Sequence[int],
        texts: Sequence[str],
        language: str = "en",
        days: Sequence[int] | None = None,
    ) -> "Index":
        index = cls(language)
        index.append(ids, texts, days)
        return index

    def append(
        self, ids: Sequence[int], texts: Sequence[str], days: Sequence[int] | None = None
    ) -> None:
        """Add insights, in time proportional to them: large segments are left as they are, and
        there are few. The answers are those of an index built at once."""
        if not len(ids):
            return
        bags = [Counter(terms(text, self.language)) for text in texts]
        number = self.vocabulary
        for bag in bags:
            for term in bag:
                number.setdefault(term, len(number))
        rows = counted_terms(bags, number)
        self.segments.append(Segment.of(ids, days or np.zeros(len(ids)), rows))
        self._merge()
        for name in (
            "ids",
            "days",
            "names",
            "frequencies",
            "idf",
            "norms",
            "least",
            "_borders",
        ):
            self.__dict__.pop(name, None)

    def _merge(self) -> None:
        while len(self.segments) > 1:
            first, last = self.segments[-2:]
            if len(last.ids) < _MERGED_FROM * len(first.ids):
                break
            self.segments[-2:] = [first.joined(last)]

    def __len__(self) -> int:
        return sum(len(segment.ids) for segment in self.segments)

    @cached_property
    def ids(self) -> npt.NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(segment.ids for segment in self.segments)])

    @cached_property
    def days(self) -> npt.NDArray[np.int32]:
        return np.concatenate([np.empty(0, np.int32), *(segment.days for segment in self.segments)])

    @cached_property
    def names(self) -> list[str]:
        return list(self.vocabulary)

    @cached_property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """In how many insights each term stands."""
        counts = np.zeros(len(self.vocabulary), np.int64)
        for segment in self.segments:
            counts[: len(segment.columns)] += segment.columns.lengths
        return counts

    @cached_property
    def idf(self) -> Floats:
        """The weight of each term: -log of the share of texts that hold it, background included."""
        usual = np.full(len(self.vocabulary), _UNUSUAL)
        for term, share in self._usual.items():
            if term in self.vocabulary:
                usual[self.vocabulary[term]] = share
        return self._idf(self.frequencies, usual)

    def idf_of(self, terms: Sequence[str]) -> Floats:
        """The same for terms that may be unknown."""
        known = [self.vocabulary.get(term) for term in terms]
        counts = np.array([0 if number is None else self.frequencies[number] for number in known])
        return self._idf(counts, np.array([self._usual.get(term, _UNUSUAL) for term in terms]))

    @property
    def _usual(self) -> Mapping[str, float]:
        return SHARES if self.language.partition("-")[0].lower() == "en" else {}

    def _idf(self, frequencies: Any, usual: Any) -> Floats:
        texts = len(self) + _BACKGROUND
        weights = np.log(texts / (frequencies + _BACKGROUND * usual))
        return np.asarray(weights, dtype=np.float32)

    @cached_property
    def norms(self) -> Floats:
        return np.concatenate(
            [np.empty(0, np.float32), *(segment.norms(self.idf) for segment in self.segments)]
        )

    @cached_property
    def least(self) -> float:
        """The smallest of the norms."""
        return float(self.norms.min())

    @cached_property
    def _borders(self) -> Places:
        """Where each segment's rows begin."""
        return np.cumsum([0, *(len(segment.ids) for segment in self.segments)])[:-1]

    def rows(self, places: Places) -> SparseRows:
        """The damped counts of the terms of these insights, which stand in order."""
        width = len(self.vocabulary)
        parts = [] if self.segments else [counted_terms([], self.vocabulary)]
        for first, segment in zip(self._borders, self.segments, strict=True):
            begin, end = np.searchsorted(places, [first, first + len(segment.ids)])
            parts.append(segment.rows[places[begin:end] - first].widened(width))
        rows = parts[0] if len(parts) == 1 else stacked(parts)
        return rows.having(damped(rows.data))

    def asked(self, texts: Sequence[str], ids: Sequence[int] = ()) -> Asked:
        """``ids``: whose texts they are; those that all stand in the index are not stemmed anew."""
        positions = np.searchsorted(self.ids, ids)
        if len(ids) and np.array_equal(np.append(self.ids, -1)[positions], ids):
            order = np.argsort(positions)
            rows = self.rows(positions[order])[np.argsort(order)]
            return Asked(rows, self.names, self.idf)
        return self._stemmed(texts)

    def _stemmed(self, texts: Sequence[str]) -> Asked:
        bags = [Counter(terms(text, self.language)) for text in texts]
        new = dict.fromkeys(chain.from_iterable(bags)).keys() - self.vocabulary.keys()
        fresh = {term: len(self.vocabulary) + at for at, term in enumerate(sorted(new))}
        idf = np.concatenate([self.idf, self.idf_of(list(fresh))])
        rows = counted_terms(bags, ChainMap(self.vocabulary, fresh))
        return Asked(rows.having(damped(rows.data)), [*self.names, *fresh], idf)

    def shortlist(self, terms: Places, weights: Floats) -> tuple[Places, Floats]:
        """The insights most like a query of length one, in order of rows, and their cosines.

        Every one with a cosine of words of 0.35 or more is among them, and exact to 1e-6; where
        these are few, some of the next are.
        """
        known = terms < len(self.vocabulary)
        if not known.any():
            return np.empty(0, np.intp), np.empty(0, np.float32)
        terms, weights = terms[known], weights[known]
        places = self._promising(terms, weights)
        worth = np.zeros(len(self.vocabulary), np.float32)
        worth[terms] = weights * self.idf[terms]
        cosines = np.minimum(self.rows(places) @ worth / self.norms[places], 1)
        most = max(_AT_LEAST, int((cosines >= _EXACT_FROM).sum()))
        kept = np.sort(np.argsort(-cosines, kind="stable")[:most])
        return places[kept], cosines[kept]

    def _promising(self, terms: Places, weights: Floats) -> Places:
        """What may have a cosine of 0.35 by its rarer terms, or is among the next best by them."""
        rare, left = self._rare(terms, weights)
        worth = weights[rare] * self.idf[terms[rare]]
        parts = [segment.dots(terms[rare], worth) for segment in self.segments]
        dots = parts[0] if len(parts) == 1 else np.concatenate(parts)
        bar = _EXACT_FROM - left - 1e-5
        places = self._above(dots, bar)
        scores = dots[places] / self.norms[places]
        next_ = np.partition(scores, -_NEXT)[-_NEXT] if len(places) > _NEXT else 0
        return places[scores >= min(bar, next_)]

    def _above(self, dots: Floats, bar: float) -> Places:
        """At least what has a score above the bar, and enough: the bar is lowered by halves."""
        for lowered in (bar, bar / 2, bar / 4, 0):
            places = np.flatnonzero(dots > np.float32(lowered * self.least))
            if len(places) >= _NEXT:
                break
        return places

    def _rare(self, terms: Places, weights: Floats) -> tuple[Places, float]:
        """Which terms the first pass reads, and the most that all others add to a cosine.

        By Cauchy and Schwarz that is the length of what is left of the query.
        """
        often = self.frequencies[terms]
        order = np.argsort(often, kind="stable")
        rest = np.sqrt(np.cumsum(weights[order][::-1] ** 2)[::-1])
        first = (rest > _LEFT) | (often[order] <= _FEW)
        return order[first], float(rest[~first].max(initial=0))
