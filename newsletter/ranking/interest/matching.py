"""How well each of some insights matches a phrase, and the words that made us think so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.ranking.interest import abbreviations
from newsletter.ranking.interest.evidence import Evidence
from newsletter.ranking.interest.weights import INTERCEPT, SAID_FROM, WEIGHTS
from newsletter.ranking.similarity import Index

Array = npt.NDArray[np.float64]

FEATURES = tuple(WEIGHTS)
_LABELLED = 0.95
_NOTHING = 0.02
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

    def scores(self, phrase: str) -> Array:
        """For each text how well it matches, from 0 to 1, rounded so that equal ones tie."""
        if phrase not in self._scores:
            self._scores[phrase] = self._score(phrase)
        return self._scores[phrase]

    def said(self, phrase: str) -> npt.NDArray[np.bool_]:
        """Which texts match so surely that their reader may be told."""
        return self.scores(phrase) >= SAID_FROM

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
        logits = self.features(phrase) @ np.array(list(WEIGHTS.values())) + INTERCEPT
        scores = 1 / (1 + np.exp(-logits))
        scores[scores < _NOTHING] = 0
        named = {self._words(form) for form in self._variants(phrase)}
        labelled = [place for place, labels in enumerate(self._labels) if labels & named]
        scores[labelled] = np.maximum(scores[labelled], _LABELLED)
        return scores.round(6)

    def _words(self, text: str) -> frozenset[str]:
        return frozenset(self._evidence.words_of(text))

    def _variants(self, phrase: str) -> tuple[str, ...]:
        return abbreviations.variants(phrase, self._forms) if self._evidence.english else (phrase,)
