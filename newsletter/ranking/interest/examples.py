"""Phrases that tell what some texts are about: interests, for a reader who names examples."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import normalise
from newsletter.ranking.interest import vectors
from newsletter.ranking.interest.words import FUNCTION_WORDS, words
from newsletter.ranking.similarity import Index, terms
from newsletter.ranking.similarity.background import SHARES

_MOST = 5
_TELLING = 4.0
_ALONE = 0.5
_WORD = re.compile(r"[^\W\d_]{3,}")
_NO_THING = re.compile(r"(?:ed|ly|est)$|^(?:again|ahead|away|twice|once|today|soon|hardly|never)$")
_COMPARED = re.compile(r"e[rd]$")
_BREAK = re.compile(r"[^\w\s-]+")

Phrase = tuple[str, ...]


def phrases_like(index: Index, texts: Sequence[str], topics: Sequence[str] = ()) -> tuple[str, ...]:
    """At most five: the topics first, then each text in its turn gives rare words, two together
    where they are said so twice; in English those first that mean most nearly what the text does.
    No word is in two phrases."""
    labels = [tuple(_BREAK.sub(" ", topic).split()) for topic in dict.fromkeys(topics)]
    said = Counter(phrase for text in texts for phrase in _phrases(text))
    turns = zip_longest(*(_ranked(index, text, said) for text in texts))
    return tuple(_apart(index, [*labels, *(phrase for turn in turns for phrase in turn if phrase)]))


def _apart(index: Index, ordered: Sequence[Phrase]) -> list[str]:
    chosen: list[str] = []
    used = set[str]()
    for phrase in ordered:
        stems = set(terms(" ".join(phrase), index.language))
        if stems and not stems & used and len(chosen) < _MOST:
            chosen.append(" ".join(phrase))
            used |= stems
    return chosen


def _ranked(index: Index, text: str, said: Mapping[Phrase, int]) -> list[Phrase]:
    """Two words said once are chance: a noun and its verb, as often as not."""
    phrases = [each for each in dict.fromkeys(_phrases(text)) if len(each) == 1 or said[each] > 1]
    distinct = {word for phrase in phrases for word in phrase}
    weights = {word: _weight(index, word) for word in distinct}
    telling = [phrase for phrase in phrases if all(weights[word] > 0 for word in phrase)]
    rarity = np.array([np.mean([weights[word] for word in phrase]) for phrase in telling])
    scores = (np.sqrt(rarity) * _meaning(index, text, telling)).round(4)
    return [telling[place] for place in np.argsort(-scores, kind="stable")]


def _phrases(text: str) -> Iterator[Phrase]:
    """Each word, and each two with nothing between them: "elevators in America" is no phrase."""
    for part in _BREAK.split(normalise(text)):
        run = list(_WORD.finditer(part))
        yield from ((word[0],) for word in run)
        yield from ((one[0], two[0]) for one, two in pairwise(run) if two.start() == one.end() + 1)


def _weight(index: Index, word: str) -> float:
    """The archive's IDF; half of it where no other insight has the word, for it would find nothing;
    0 for common words."""
    if _is_english(index) and not _names_a_thing(word):
        return 0.0
    stems = terms(word, index.language)
    rarity = float(index.idf_of(stems).mean())
    if rarity < _TELLING:
        return 0.0
    return rarity * (1 if min(_frequency(index, stem) for stem in stems) > 1 else _ALONE)


def _is_english(index: Index) -> bool:
    return index.language.partition("-")[0].lower() == "en"


def _names_a_thing(word: str) -> bool:
    """As far as its form tells: "counted", "fastest", "longer" and "again" are no interests."""
    general = {*terms(word, "en"), *terms(_COMPARED.sub("", word), "en")}
    return not (word in FUNCTION_WORDS or _NO_THING.search(word) or general & SHARES.keys())


def _frequency(index: Index, term: str) -> int:
    place = index.vocabulary.get(term)
    return 0 if place is None else int(index.frequencies[place])


def _meaning(index: Index, text: str, phrases: Sequence[Phrase]) -> npt.NDArray[np.float64]:
    """How near each phrase comes to what the text means: 1 where no vectors are known."""
    if not _is_english(index):
        return np.ones(len(phrases))
    (whole,) = vectors.shipped().of([words(text)])
    rows = vectors.shipped().of([words(" ".join(phrase)) for phrase in phrases])
    return np.asarray(rows @ whole, np.float64)
