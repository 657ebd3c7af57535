"""What speaks for a text being about a phrase: four measures for each of some texts at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from newsletter.ranking.interest import vectors
from newsletter.ranking.interest.words import words
from newsletter.ranking.similarity import Index, terms
from newsletter.ranking.similarity.sparse_rows import SparseRows

Array = npt.NDArray[np.float64]
Encode = Callable[[Sequence[str]], vectors.Vectors]
"""A row of length one for each text."""

_BEST, _STRONGEST, _FALL = 25, 5, 4
_LOOSE = 3
_TWINS_FROM = 0.4
"""The cosine of half of the restatements among the bundled samples; one in a thousand of all pairs
has more than 0.25."""
_TELLING = 3.0


class Evidence:
    """The words of some texts, and what each text has of a phrase. A ``place`` is a text's number.

    How rare a word is is told by ``index``, the whole archive. There are vectors of English words
    only: in another language terms stand for words, and only the same term is close. ``encode``
    makes vectors of whole texts instead of sums of words.
    """

    def __init__(
        self,
        index: Index,
        texts: Sequence[str],
        ids: Sequence[int],
        encode: Encode | None = None,
    ) -> None:
        self.index = index
        self.encode = encode
        self._texts = texts
        self.english = index.language.partition("-")[0].lower() == "en"
        self.words = [self.words_of(text) for text in texts]
        self._asked = index.asked(texts, ids)
        self._closest: dict[str, Array] = {}

    def words_of(self, text: str) -> list[str]:
        return words(text) if self.english else terms(text, self.index.language)

    def measure(self, phrase: str) -> dict[str, Array]:
        """*near*: the phrase's words stand close together. *closest*: how near a text's words come
        to each of them, by IDF. *meaning*: the cosine of both as vectors, by the encoder
        where there is one. *feedback*: what a text has in common with the other best matches."""
        wanted = list(dict.fromkeys(self.words_of(phrase)))
        closest = self._coverage(wanted)
        meaning = self._meaning(phrase, wanted, closest)
        gain, strength = _gain((closest + meaning) / 2)
        return {
            "near": self._near(wanted),
            "closest": closest,
            "meaning": meaning,
            "feedback": _agreement(self.rows, gain) * strength,
        }

    def learned(self, phrase: str, place: int) -> dict[str, float]:
        """The words of a text by what they have in common with the other best matches; 0 for
        common ones."""
        values = self.measure(phrase)
        gain, _ = _gain((values["closest"] + values["meaning"]) / 2)
        gain[place] = 0
        row = self.rows[np.array([place])]
        weights = row.data * self.rows.blend(gain)[row.indices]
        weights[self._asked.idf[row.indices] < _TELLING] = 0
        names = [self._asked.names[term] for term in row.indices.tolist()]
        by_term = dict(zip(names, weights.tolist(), strict=True))
        return {word: by_term.get(self._term(word), 0.0) for word in self.words[place]}

    @cached_property
    def rows(self) -> SparseRows:
        """The texts' TF-IDF vectors, of length one; one without words stays empty."""
        rows = self._asked.rows
        return rows.having(rows.data * self._asked.idf[rows.indices]).unit()

    def _term(self, word: str) -> str:
        """The index's term of a word."""
        return next(iter(terms(word, self.index.language)), word) if self.english else word

    @cached_property
    def _postings(self) -> dict[str, list[int]]:
        postings: dict[str, list[int]] = {}
        for place, text in enumerate(self.words):
            for word in dict.fromkeys(text):
                postings.setdefault(word, []).append(place)
        return postings

    def _near(self, wanted: Sequence[str]) -> Array:
        """1 where the words stand side by side, 1/2 where up to three others stand between."""
        near = np.zeros(len(self.words))
        if len(wanted) > 1:
            for place in _in_all([self._postings.get(word, []) for word in wanted]):
                between = min(_stretches(self.words[place], set(wanted))) - len(wanted)
                near[place] = 1 if between == 0 else 0.5 if between <= _LOOSE else 0
        return near

    def _coverage(self, wanted: Sequence[str]) -> Array:
        weights = self.index.idf_of([self._term(word) for word in wanted]).astype(np.float64)
        shares = weights / max(float(weights.sum()), 1e-9)
        coverage = np.zeros(len(self.words))
        for share, word in zip(shares.tolist(), wanted, strict=True):
            coverage += share * self._closest_to(word)
        return coverage

    def _closest_to(self, word: str) -> Array:
        """For each text the similarity of its closest word: 1 where it is the same."""
        if word not in self._closest:
            closest = self._closest_vector(word) if self.english else np.zeros(len(self.words))
            closest[self._postings.get(word, [])] = 1
            self._closest[word] = closest
        return self._closest[word]

    def _closest_vector(self, word: str) -> Array:
        (vector,) = vectors.shipped().of([[word]])
        table, places, starts = self._word_table
        similar = np.append((table @ vector)[places], np.float32(0))  # the last may have no words
        closest = np.maximum.reduceat(similar, starts)
        empty = np.diff(starts, append=len(places)) == 0
        return np.where(empty, 0, np.clip(closest, 0, 1)).astype(np.float64)

    @cached_property
    def _word_table(self) -> tuple[vectors.Vectors, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The vector of each distinct word; which of them stand in the texts; where each begins."""
        number = {word: at for at, word in enumerate(self._postings)}
        places = np.array([number[word] for text in self.words for word in text], np.intp)
        starts = np.cumsum([0, *map(len, self.words)])[:-1]
        return vectors.shipped().of([[word] for word in number]), places, starts

    def _meaning(self, phrase: str, wanted: Sequence[str], closest: Array) -> Array:
        if self.encode:  # rounded: machines differ in the last digits of what a model says
            return np.asarray(self._vectors @ self.encode([phrase])[0], np.float64).round(3)
        if not self.english:
            return closest
        return np.asarray(self._vectors @ vectors.shipped().of([wanted])[0], np.float64)

    @cached_property
    def _vectors(self) -> vectors.Vectors:
        return self.encode(self._texts) if self.encode else vectors.shipped().of(self.words)


def _gain(first_look: Array) -> tuple[Array, float]:
    """What each text counts for in feedback, and how good the best of them are."""
    looks = np.clip(first_look, 0, 1).round(6)
    best = np.argsort(-looks, kind="stable")[:_BEST]
    gain = np.zeros(len(looks))
    gain[best] = looks[best] ** _FALL
    return gain, float(looks[best[:_STRONGEST]].sum()) / _STRONGEST


def _agreement(rows: SparseRows, gain: Array) -> Array:
    """The cosine of each row with the sum of all rows times their gain. A row that is in the sum is
    left out for itself and for its twins: what says the same twice is no company."""
    best = np.flatnonzero(gain)
    mine, gains = rows[best], gain[best]
    total = mine.blend(gains)
    dots, squares = rows @ total, np.full(len(gain), float(total @ total))
    alike = _cosines(mine)
    left_out = np.where(alike >= _TWINS_FROM, gains, 0)
    squares[best] += ((left_out @ alike) * left_out).sum(axis=1) - 2 * left_out @ dots[best]
    dots[best] -= (left_out * alike).sum(axis=1)
    return np.asarray(np.clip(dots / np.sqrt(np.maximum(squares, 1e-6)), 0, 1))


def _cosines(rows: SparseRows) -> Array:
    """Of each row with each, over the few columns that they have; 1 with itself."""
    columns, places = np.unique(rows.indices, return_inverse=True)
    few = SparseRows(rows.data, places, rows.indptr, len(columns)).dense().astype(np.float64)
    cosines: Array = few @ few.T
    np.fill_diagonal(cosines, 1)
    return cosines


def _in_all(postings: Sequence[Sequence[int]]) -> Iterable[int]:
    return sorted(set(postings[0]).intersection(*postings[1:]))


def _stretches(text: Sequence[str], wanted: set[str]) -> Iterator[int]:
    """The lengths of the stretches of a text that hold all of these words."""
    last: dict[str, int] = {}
    for at, word in enumerate(text):
        if word in wanted:
            last[word] = at
            if len(last) == len(wanted):
                yield at - min(last.values()) + 1
