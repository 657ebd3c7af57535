"""How well each of some insights matches a phrase: evidence of words, of feedback and of meaning.

*words*: the share of the phrase that an insight contains, by IDF. *cosine*: of their TF-IDF vectors.
*near*: all words close together. *feedback*: the cosine with what the archive's best matches say
(Rocchio, "Relevance feedback", 1971): how a phrase learns the words that go with it. *meaning*: the
cosine of word vectors' sums. *closest*: how near the insight's words come to each of the phrase's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from newsletter.ranking.interest import abbreviations, vectors
from newsletter.ranking.interest.weights import INTERCEPT, WEIGHTS
from newsletter.ranking.interest.words import words
from newsletter.ranking.similarity import Index, terms

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

FEATURES = tuple(WEIGHTS)
SAID_FROM = 0.5
_TOPIC = 0.95
"""The score of an insight whose own topic, or whose podcast, is what the phrase names."""
_FEEDBACK_INSIGHTS, _FEEDBACK_TERMS = 25, 100
_LOOSE = 3
_NOTHING = 0.02


@dataclass(frozen=True)
class Text:
    """An insight to be matched; ``labels`` are its own topics and the name of its podcast."""

    id: int
    text: str
    labels: tuple[str, ...] = ()


class Matcher:
    """The texts of a day, ready to be asked for one phrase after the other.

    How rare a word is, and what goes with it, is told by the whole archive, which is ``index``.
    A ``place`` is a position in ``texts``.
    """

    def __init__(self, index: Index, texts: Sequence[Text]) -> None:
        self.index = index
        self.texts = texts
        self.words = [self._words(text.text) for text in texts]
        self._labels = [{frozenset(self._words(label)) for label in text.labels} for text in texts]
        self._forms = {
            **abbreviations.defined(text.text for text in texts), **abbreviations.known()
        }  # fmt: skip
        self._scores: dict[str, Array] = {}
        self._similarities: dict[str, Floats] = {}

    def scores(self, phrase: str) -> Array:
        """For each text how well it matches, from 0 to 1, rounded so that equal ones tie."""
        if phrase not in self._scores:
            evidence = self.features(phrase) @ np.array(list(WEIGHTS.values())) + INTERCEPT
            scores = 1 / (1 + np.exp(-evidence))
            scores[scores < _NOTHING] = 0
            scores[self._labelled(phrase)] = _TOPIC
            self._scores[phrase] = scores.round(6)
        return self._scores[phrase]

    def shared(self, phrase: str, place: int) -> tuple[str, ...]:
        """The words of the phrase that a text contains, then those that feedback found in it."""
        wanted = dict.fromkeys(word for each in self._variants(phrase) for word in self._words(each))
        own = [word for word in wanted if word in self.words[place]]
        learned = self._feedback_terms(phrase)
        others = {
            word: learned[term]
            for word in self.words[place]
            if word not in wanted and (term := self._term(word)) in learned
        }
        return (*own, *sorted(others, key=lambda word: (-others[word], word)))

    def features(self, phrase: str) -> Array:
        """Shape (texts, len(FEATURES)): the best of the phrase's variants."""
        return np.maximum.reduce([self._features(each) for each in self._variants(phrase)])

    def _features(self, phrase: str) -> Array:
        wanted = list(dict.fromkeys(self._words(phrase)))
        weights = self.index.idf_of([self._term(word) for word in wanted]).astype(float)
        weights /= max(weights.sum(), 1e-9)
        inside = [self._inside(word) for word in wanted]
        values = {
            "words": _weighed(weights, inside, len(self.texts)),
            "cosine": self._rows @ self._query(phrase),
            "near": self._near(wanted, inside),
            "feedback": self._rows @ self._feedback(phrase),
            "meaning": self._meaning(phrase),
            "closest": _weighed(weights, map(self._closest, wanted, inside), len(self.texts)),
        }
        return np.column_stack([values[name] for name in FEATURES]).astype(float)

    def _words(self, text: str) -> list[str]:
        return words(text) if self._english else terms(text, self.index.language)

    def _term(self, word: str) -> str:
        """The index's term of a word."""
        return next(iter(terms(word, self.index.language)), word) if self._english else word

    @property
    def _english(self) -> bool:
        return self.index.language.partition("-")[0].lower() == "en"

    def _variants(self, phrase: str) -> tuple[str, ...]:
        return abbreviations.variants(phrase, self._forms) if self._english else (phrase,)

    @cached_property
    def _rows(self) -> sparse.csr_array:
        """The texts' TF-IDF vectors, of length one; terms that no insight holds are left out."""
        asked = self.index.asked([each.text for each in self.texts], [each.id for each in self.texts])
        return _unit(asked.rows, asked.idf)[:, : len(self.index.vocabulary)]

    @cached_property
    def _postings(self) -> dict[str, list[int]]:
        postings: dict[str, list[int]] = {}
        for place, text in enumerate(self.words):
            for word in set(text):
                postings.setdefault(word, []).append(place)
        return postings

    def _inside(self, word: str) -> npt.NDArray[np.bool_]:
        inside = np.zeros(len(self.texts), np.bool_)
        inside[self._postings.get(word, [])] = True
        return inside

    def _query(self, phrase: str) -> Floats:
        """The phrase as a TF-IDF vector of length one."""
        query = np.zeros(len(self.index.vocabulary), np.float32)
        counts = Counter(terms(phrase, self.index.language))
        numbers = {term: self.index.vocabulary.get(term) for term in counts}
        weights = self.index.idf_of(list(counts)) * (1 + np.log(list(counts.values()) or [1]))[: len(counts)]
        for term, weight in zip(counts, weights.tolist(), strict=True):
            if (number := numbers[term]) is not None:
                query[number] = weight
        return np.asarray(query / max(float(np.linalg.norm(weights)), 1e-9), np.float32)

    def _feedback(self, phrase: str) -> Floats:
        """The terms of the archive's best matches, as a vector of length one."""
        query = self._query(phrase)
        known = np.flatnonzero(query)
        if not len(known):
            return query
        rows, cosines = self.index.shortlist(known, query[known])
        best = np.sort(np.argsort(-cosines, kind="stable")[:_FEEDBACK_INSIGHTS])
        mean = cosines[best] @ _unit(self.index.rows(rows[best]), self.index.idf)
        kept = np.argsort(-mean, kind="stable")[:_FEEDBACK_TERMS]
        feedback = np.zeros_like(query)
        feedback[kept] = mean[kept]
        return np.asarray(feedback / max(float(np.linalg.norm(feedback)), 1e-9), np.float32)

    def _feedback_terms(self, phrase: str) -> dict[str, float]:
        feedback = self._feedback(phrase)
        return {self.index.names[at]: float(feedback[at]) for at in np.argsort(-feedback)[:20].tolist()}

    def _near(self, wanted: Sequence[str], inside: Sequence[npt.NDArray[np.bool_]]) -> Array:
        """1 where the words stand side by side, 1/2 where up to three others stand between."""
        near = np.zeros(len(self.texts))
        if len(wanted) > 1:
            for place in np.flatnonzero(np.logical_and.reduce(inside)).tolist():
                between = _narrowest(self.words[place], set(wanted)) - len(wanted)
                near[place] = 1 if between <= 0 else 0.5 if between <= _LOOSE else 0
        return near

    def _meaning(self, phrase: str) -> Floats | Array:
        if not self._english:
            return self._rows @ self._query(phrase)
        (vector,) = vectors.shipped().of([self._words(phrase)])
        return np.asarray(self._vectors @ vector)

    @cached_property
    def _vectors(self) -> Floats:
        return vectors.shipped().of(self.words)

    def _closest(self, word: str, inside: npt.NDArray[np.bool_]) -> Floats:
        """For each text the similarity of its nearest word: 1 where it is the same."""
        if word not in self._similarities:
            similar = self._nearest_word(word) if self._english else np.zeros(len(self.texts))
            self._similarities[word] = np.maximum(similar, inside)
        return self._similarities[word]

    def _nearest_word(self, word: str) -> Floats:
        (vector,) = vectors.shipped().of([[word]])
        table, places, starts = self._word_table
        similar = np.append((table @ vector)[places], np.float32(0))
        nearest = np.maximum.reduceat(similar, starts)
        return np.where(np.diff(starts, append=len(places)) > 0, np.maximum(nearest, 0), 0)

    @cached_property
    def _word_table(self) -> tuple[Floats, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The vector of each distinct word; which of them stand in the texts; where each begins."""
        number = {word: at for at, word in enumerate(self._postings)}
        places = np.array([number[word] for text in self.words for word in text], np.intp)
        starts = np.cumsum([0, *map(len, self.words)])[:-1]
        return vectors.shipped().of([[word] for word in number]), places, starts

    def _labelled(self, phrase: str) -> list[int]:
        """Where a topic of its own, or the podcast's name, is the phrase."""
        wanted = {frozenset(self._words(each)) for each in self._variants(phrase)} - {frozenset()}
        return [place for place, labels in enumerate(self._labels) if labels & wanted]


def _weighed(weights: Array, values: Iterable[npt.NDArray[np.generic]], count: int) -> Array:
    """The weighted mean of what each word gives."""
    return sum((weight * each for weight, each in zip(weights, values, strict=True)), np.zeros(count))


def _unit(rows: sparse.csr_array, idf: Floats) -> sparse.csr_array:
    """Damped counts to TF-IDF vectors of length one; empty ones stay empty."""
    weighted = sparse.csr_array((rows.data * idf[rows.indices], rows.indices, rows.indptr), rows.shape)
    lengths = np.sqrt(np.asarray(weighted.power(2).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighted.indptr))
    return weighted


def _narrowest(text: Sequence[str], wanted: set[str]) -> int:
    """How many words the shortest stretch has in which all these stand."""
    return min(_stretches(text, wanted), default=len(text) + len(wanted))


def _stretches(text: Sequence[str], wanted: set[str]) -> Iterator[int]:
    last: dict[str, int] = {}
    for at, word in enumerate(text):
        if word in wanted:
            last[word] = at
            if len(last) == len(wanted):
                yield at - min(last.values()) + 1
