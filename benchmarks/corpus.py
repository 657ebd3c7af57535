"""Insights by the thousand: texts that have the statistics of prose, and mean nothing."""

from functools import cache

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.str_]

_WORDS = 60_000
_STOP_WORDS = np.array(
    "the of and to a in that is was for it with as his on be at by had not are but from or have an "
    "they which one you were her all she there would their we him been has when who will more no"
    .split()
)  # fmt: skip


class Corpus:
    """Texts that are the same for the same seed.

    Their words follow Zipf's law over 60,000 of them; a third of the tokens are stop words.
    """

    def __init__(self, seed: int = 1) -> None:
        self._chance = np.random.default_rng(seed)

    def insights(self, count: int, words: tuple[int, int] = (40, 60)) -> list[str]:
        """``words``: the fewest and the most in each."""
        sizes = self._chance.integers(words[0], words[1] + 1, count)
        bags = np.split(self._draw(sizes.sum()), np.cumsum(sizes)[:-1])
        return [_text(bag.tolist()) for bag in bags]

    def restatement(self, text: str) -> str:
        """The same with a quarter of its words exchanged, in another order."""
        words = text.rstrip(".").lower().split()
        exchanged = len(words) // 4
        kept = self._chance.permutation(words)[exchanged:].tolist()
        return _text([*kept, *self._draw(exchanged).tolist()])

    def _draw(self, size: int) -> Words:
        places = np.searchsorted(_zipf(), self._chance.random(size))
        stops = self._chance.choice(_STOP_WORDS, size)
        return np.where(self._chance.random(size) < 1 / 3, stops, _vocabulary()[places])


def _text(words: list[str]) -> str:
    return " ".join(words).capitalize() + "."


@cache
def _zipf() -> npt.NDArray[np.float64]:
    weights = 1 / np.arange(1, _WORDS + 1)
    return np.asarray(np.cumsum(weights / weights.sum()))


@cache
def _vocabulary() -> Words:
    """Distinct invented words of three to nine letters; a few are drawn twice, and dropped."""
    chance = np.random.default_rng(0)
    letters = chance.choice(np.array(list("abcdefghiklmnoprstuvz")), (2 * _WORDS, 9))
    whole = letters.view(f"U{letters.shape[1]}").ravel().tolist()
    sizes = chance.integers(3, 10, 2 * _WORDS).tolist()
    words = dict.fromkeys(word[:size] for word, size in zip(whole, sizes, strict=True))
    return np.array(list(words)[:_WORDS])
