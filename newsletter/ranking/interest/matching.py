"""How well each of some insights matches a phrase, and the words that made us think so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.ranking.interest import abbreviations
from newsletter.ranking.interest.evidence import Evidence
from newsletter.ranking.interest.weights import INTERCEPT, WEIGHTS
from newsletter.ranking.similarity import Index

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEATURES = tuple(WEIGHTS)
SAID_FROM = 0.92
"""The least score at which a reader is told that an insight matches."""

# Only what has all words of a phrase, or words as close to them as a plural, reaches the limit.
_CLOSE_FROM = 0.8
_NOT_CLOSE = 0.9
_LABELLED = 0.95
_UNWANTED_FROM = 0.6
_NOTHING = 0.01
_SHARED = 6


@dataclass(frozen=True, slots=True)
class Text:
    """An insight to be matched; ``labels`` are its own topics and the name of its podcast."""

    id: int
    text: str
    labels: tuple[str, ...] = ()


class Matcher:
    """Some texts, ready to be asked for one phrase after the other. A ``place`` is a text's number.

    ``index`` is the whole archive. Every answer is kept: many readers ask the same.
    """

    def __init__(self, index: Index, texts: Sequence[Text]) -> None:
        self.texts = texts
        plain = [text.text for text in texts]
        self._evidence = Evidence(index, plain, [text.id for text in texts])
        self._labels = [set(map(self._words, text.labels)) for text in texts]
        self._forms = {**abbreviations.defined(plain), **abbreviations.KNOWN}
        self._scores: dict[str, Array] = {}
        self._unwanted: dict[str, Mask] = {}

    def scores(self, phrase: str) -> Array:
        """For each text how well it matches, from 0 to 1, rounded so that equal ones tie."""
        if phrase not in self._scores:
            self._scores[phrase] = self._score(phrase)
        return self._scores[phrase]

    def unwanted(self, phrase: str) -> Mask:
        """Which texts to keep from a reader who does not want this: those that are likely about
        it, and those that only mention it as well. One left out too much costs them little."""
        if phrase not in self._unwanted:
            mentioned = np.zeros(len(self.texts), np.bool_)
            if self.texts and self._words(phrase):
                mentioned = self.features(phrase)[:, FEATURES.index("closest")] >= _CLOSE_FROM
            self._unwanted[phrase] = mentioned | (self.scores(phrase) >= _UNWANTED_FROM)
        return self._unwanted[phrase]

    def features(self, phrase: str) -> Array:
        """Shape (texts, len(FEATURES)): the most that any form of the phrase gives."""
        measures = [self._evidence.measure(form) for form in self._variants(phrase)]
        return np.maximum.reduce(
            [np.column_stack([values[name] for name in FEATURES]) for values in measures]
        )

    def shared(self, phrase: str, place: int) -> tuple[str, ...]:
        """The text's words that speak for it: the phrase's own, then the heaviest of feedback."""
        wanted = frozenset[str]().union(*map(self._words, self._variants(phrase)))
        learned = self._evidence.learned(phrase, place)
        own = [word for word in learned if word in wanted]
        others = [word for word in learned if word not in wanted and learned[word] > 0]
        others.sort(key=lambda word: (-learned[word], word))
        return (*own, *others)[:_SHARED]

    def _score(self, phrase: str) -> Array:
        if not self.texts or not self._words(phrase):
            return np.zeros(len(self.texts))
        scores = score(self.features(phrase))
        named = {self._words(form) for form in self._variants(phrase)}
        labelled = [place for place, labels in enumerate(self._labels) if labels & named]
        scores[labelled] = np.maximum(scores[labelled], _LABELLED)
        return scores.round(6)

    def _words(self, text: str) -> frozenset[str]:
        return frozenset(self._evidence.words_of(text))

    def _variants(self, phrase: str) -> tuple[str, ...]:
        return abbreviations.variants(phrase, self._forms) if self._evidence.english else (phrase,)


def score(features: Array) -> Array:
    """From 0 to 1, along the last axis; what is next to nothing is nothing."""
    logits = features @ np.array(list(WEIGHTS.values())) + INTERCEPT
    scores = 1 / (1 + np.exp(-logits))
    scores[scores < _NOTHING] = 0
    close = features[..., FEATURES.index("closest")] >= _CLOSE_FROM
    return np.where(close, scores, _NOT_CLOSE * scores)
