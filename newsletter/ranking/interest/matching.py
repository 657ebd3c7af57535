"""How well each of some insights matches a phrase, and the words that made us think so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.domain.interests import Phrase
from newsletter.ranking.interest import abbreviations
from newsletter.ranking.interest.evidence import Encode, Evidence
from newsletter.ranking.interest.weights import WEIGHTS, WITH_ENCODER
from newsletter.ranking.interest.words import FUNCTION_WORDS
from newsletter.ranking.similarity import Index

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEATURES = ("near", "closest", "meaning", "feedback")
SAID_FROM, SAID_FROM_WITH_ENCODER = 0.93, 0.84
"""The least score at which a reader is told that an insight matches."""

# Only what has all words of a phrase, or words as close to them as a plural, reaches the limit.
_CLOSE_FROM = 0.8
_BELOW = 0.03
_OF_THE_PODCAST = 0.95
_ABOUT_FROM = 0.6
_NOTHING = 0.01
_SHARED = 6


@dataclass(frozen=True, slots=True)
class Text:
    """An insight to be matched, with its own topics and the name of its podcast."""

    id: int
    text: str
    topics: tuple[str, ...] = ()
    podcast: str = ""


class Matcher:
    """Some texts, ready to be asked for one phrase after the other. A ``place`` is a text's number.

    ``index`` is the whole archive. Every answer is kept: many readers ask the same.
    """

    def __init__(self, index: Index, texts: Sequence[Text], encode: Encode | None = None) -> None:
        self.texts = texts
        plain = [text.text for text in texts]
        self._evidence = Evidence(index, plain, [text.id for text in texts], encode)
        self._weights = WITH_ENCODER if encode else WEIGHTS
        self.said_from = SAID_FROM_WITH_ENCODER if encode else SAID_FROM
        self._by_topic = self._places(text.topics for text in texts)
        self._by_podcast = self._places((text.podcast,) for text in texts)
        self._forms = {**abbreviations.defined(plain), **abbreviations.KNOWN}
        self._variants_of: dict[str, tuple[str, ...]] = {}
        self._scores: dict[str, Array] = {}
        self._about: dict[str, Mask] = {}

    def scores(self, phrase: str) -> Array:
        """For each text how well it matches, from 0 to 1, rounded so that equal ones tie."""
        if phrase not in self._scores:
            self._scores[phrase] = self._score(phrase)
        return self._scores[phrase]

    def interest(self, phrases: Sequence[Phrase]) -> Array:
        """For each text the best match with a wanted phrase, times its weight; 0 where it is
        unwanted."""
        best = np.zeros(len(self.texts))
        for phrase in phrases:
            if not phrase.negative:
                best = np.maximum(best, phrase.weight * self.scores(phrase.text))
        return np.where(self.unwanted(phrases), 0, best).round(6)

    def unwanted(self, phrases: Sequence[Phrase]) -> Mask:
        """Which texts are about something that the reader does not want."""
        about = np.zeros(len(self.texts), np.bool_)
        for phrase in phrases:
            if phrase.negative:
                about |= self.about(phrase.text)
        return about

    def said(self, phrases: Sequence[Phrase], place: int) -> str:
        """The wanted phrase that a text matches best, if so surely that its reader may be told."""
        best = self.best(phrases, place)
        return best if best and self.scores(best)[place] >= self.said_from else ""

    def best(self, phrases: Sequence[Phrase], place: int) -> str:
        """The wanted phrase that a text matches best; an empty one where none is wanted."""
        wanted = [phrase.text for phrase in phrases if not phrase.negative]
        return max(wanted, key=lambda text: float(self.scores(text)[place]), default="")

    def about(self, phrase: str) -> Mask:
        """Which texts to keep from a reader who does not want this: a mention is enough, for one
        left out too much costs them little."""
        if phrase not in self._about:
            mentioned = np.zeros(len(self.texts), np.bool_)
            if self.texts and self._words(phrase):
                mentioned = self.features(phrase)[:, FEATURES.index("closest")] >= _CLOSE_FROM
            self._about[phrase] = mentioned | (self.scores(phrase) >= _ABOUT_FROM)
        return self._about[phrase]

    def features(self, phrase: str) -> Array:
        """Shape (texts, len(FEATURES)): the most that any form of the phrase gives. A topic's words
        count as the text's, what the text means is its own."""
        measures = [self._evidence.measure(form) for form in self._variants(phrase)]
        best = {name: np.maximum.reduce([values[name] for values in measures]) for name in FEATURES}
        on_topic = self._labelled(self._by_topic, phrase)
        for name in ("near", "closest"):
            best[name][on_topic] = 1
        return np.column_stack(list(best.values()))

    def shared(self, phrase: str, place: int) -> tuple[str, ...]:
        """The text's words that speak for it: the phrase's own, then the heaviest of feedback.

        Function words ("at", "six") are among them only where the phrase has no others; letters
        and figures ("140 °C") only as its own.
        """
        wanted = frozenset[str]().union(*map(self._words, self._variants(phrase)))
        learned = self._evidence.learned(phrase, place)
        own = [word for word in learned if word in (wanted - FUNCTION_WORDS or wanted)]
        heavy = {word for word in learned if learned[word] > 0}
        further = [word for word in heavy - wanted - FUNCTION_WORDS if _tells(word)]
        further.sort(key=lambda word: (-learned[word], word))
        return (*own, *further)[:_SHARED]

    def _score(self, phrase: str) -> Array:
        if not self.texts or not self._words(phrase):
            return np.zeros(len(self.texts))
        scores = score(self.features(phrase), self._weights, self.said_from)
        scores[self._labelled(self._by_podcast, phrase)] = _OF_THE_PODCAST
        return scores.round(6)

    def _words(self, text: str) -> frozenset[str]:
        return frozenset(self._evidence.words_of(text))

    def _places(self, labels: Iterable[Iterable[str]]) -> dict[frozenset[str], list[int]]:
        """Where each label stands, whatever the order of its words."""
        places: dict[frozenset[str], list[int]] = {}
        for place, label in enumerate(labels):
            for words in dict.fromkeys(map(self._words, label)):
                places.setdefault(words, []).append(place)
        return places

    def _labelled(self, places: Mapping[frozenset[str], list[int]], phrase: str) -> list[int]:
        forms = dict.fromkeys(map(self._words, self._variants(phrase)))
        return [place for words in forms if words for place in places.get(words, [])]

    def _variants(self, phrase: str) -> tuple[str, ...]:
        if not self._evidence.english:
            return (phrase,)
        if phrase not in self._variants_of:
            self._variants_of[phrase] = abbreviations.variants(phrase, self._forms)
        return self._variants_of[phrase]


def _tells(word: str) -> bool:
    return not word.isdigit() and (len(word) > 1 or not word.isascii())


def score(
    features: Array, weights: Mapping[str, float] = WEIGHTS, said_from: float = SAID_FROM
) -> Array:
    """From 0 to 1, along the last axis; what is next to nothing is nothing."""
    logits = features @ np.array([weights[name] for name in FEATURES]) + weights["intercept"]
    scores = 1 / (1 + np.exp(-logits))
    scores[scores < _NOTHING] = 0
    close = features[..., FEATURES.index("closest")] >= _CLOSE_FROM
    return np.asarray(np.where(close, scores, (said_from - _BELOW) * scores))
