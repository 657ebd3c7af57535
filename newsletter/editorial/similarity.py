"""One question, one answer: how much does a new insight resemble each earlier one?

Novelty, diversity, twins and related insights are all built on ``similarities``.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import snowballstemmer

from newsletter.editorial.model import normalise

Matrix = npt.NDArray[np.float32]

_WORD = re.compile(r"\w+")

# The scale is a fixed S-curve of the cosine until a model is fitted on labelled pairs: it passes
# one half where restatements and mere neighbours part on short texts, and keeps 0 at 0 and 1 at 1.
_MIDPOINT = 0.3
_SLOPE = 14.0


@cache
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


def terms(text: str) -> list[str]:
    """The words of a text in order: normalised, stemmed (Snowball English), digits kept."""
    return [_stem(word) for word in _WORD.findall(normalise(text))]


def similarities(new: Sequence[str], earlier: Sequence[str]) -> Matrix:
    """Shape (len(new), len(earlier)), each from 0 (nothing in common) to 1 (the same words).

    Meant as the probability that the new text restates the earlier one. The weight of a word
    comes from all texts given, so a value belongs to this archive on this day.
    """
    if not any(map(terms, [*new, *earlier])):
        return np.zeros((len(new), len(earlier)), dtype=np.float32)
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32)
    vectors = vectorizer.fit_transform([*new, *earlier])
    cosines = (vectors[: len(new)] @ vectors[len(new) :].T).toarray()
    return _scale(cosines)


def _scale(cosines: Matrix) -> Matrix:
    low, high = _curve(np.zeros(1, np.float32)), _curve(np.ones(1, np.float32))
    scaled = (_curve(np.clip(cosines, 0, 1)) - low) / (high - low)
    return np.asarray(scaled, dtype=np.float32)


def _curve(cosines: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-_SLOPE * (cosines - _MIDPOINT))), dtype=np.float32)
