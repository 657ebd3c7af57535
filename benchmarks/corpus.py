"""Insights by the thousand: texts that have the statistics of prose, and mean nothing."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

_WORDS = 60_000
_STOP_WORDS = (
    "the of and to a in that is was for it with as his on be at by had not are but from or have an "
    "they which one you were her all she there would their we him been has when who will more no"
).split()
_LETTERS = np.array(list("abcdefghiklmnoprstuvz"))


class Corpus:
    """Texts of 40 to 60 words, the same for the same seed.

    Their words follow Zipf's law over 60,000 of them; a third of the tokens are stop words.
    """

    def __init__(self, seed: int = 1) -> None:
        self._chance = np.random.default_rng(seed)

    def insights(self, count: int) -> list[str]:
        return [" ".join(words).capitalize() + "." for words in self._bags(count)]

    def restatement(self, text: str) -> str:
        """The same with a quarter of its words exchanged, in another order."""
        words = text.rstrip(".").lower().split()
        kept = self._chance.permutation(words)[len(words) // 4 :].tolist()
        fresh = self._draw(len(words) // 4).tolist()
        return " ".join([*kept, *fresh]).capitalize() + "."

    def _bags(self, count: int) -> Iterator[list[str]]:
        for size in self._chance.integers(40, 61, count).tolist():
            yield self._draw(size).tolist()

    def _draw(self, size: int) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
        places = np.searchsorted(self._cumulated, self._chance.random(size))
        stops = self._chance.choice(_STOP_WORDS, size)
        return np.where(self._chance.random(size) < 1 / 3, stops, self._vocabulary[places])

    @cached_property
    def _cumulated(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        weights = 1 / np.arange(1, _WORDS + 1)
        return np.asarray(np.cumsum(weights / weights.sum()))

    @cached_property
    def _vocabulary(self) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
        """Distinct invented words of three to nine letters; a few are drawn twice, and dropped."""
        letters = self._chance.choice(_LETTERS, (2 * _WORDS, 9))
        sizes = self._chance.integers(3, 10, 2 * _WORDS).tolist()
        words = dict.fromkeys("".join(row[:size]) for row, size in zip(letters, sizes, strict=True))
        return np.array(list(words)[:_WORDS])
