"""What English words mean, as vectors: a table that is shipped, and texts as the sums of its rows.

Distilled from the sentence encoder all-MiniLM-L6-v2 (Apache-2.0) by
``python -m benchmarks.fit_words``: a text's sum points where the encoder would have put the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain

import numpy as np
import numpy.typing as npt

from newsletter.ranking.interest.words import singular

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WordVectors:
    """A row of ``table``, times its ``scale``, for each word: longer where the word says more."""

    vocabulary: Mapping[str, int]
    table: npt.NDArray[np.int8]
    scale: Vectors

    def of(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """A row of length one for each text, given as its words; zeros where none is known."""
        places = [[at for word in text if (at := self._place(word)) >= 0] for text in texts]
        begins = np.cumsum([0, *map(len, places)])
        flat = np.fromiter(chain.from_iterable(places), np.intp, begins[-1])
        rows = self.table[flat] * self.scale[flat, None]
        sums = np.zeros((len(texts), self.table.shape[1]), np.float32)
        full = np.flatnonzero(np.diff(begins))
        if len(full):
            sums[full] = np.add.reduceat(rows, begins[full])
        return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))

    def _place(self, word: str) -> int:
        known = self.vocabulary.get(word)  # "US" stays unknown: the table has "us" alone
        return self.vocabulary.get(singular(word), -1) if known is None else known


@cache
def shipped() -> WordVectors:
    """Read once, when the first reader has an interest: it takes a hundredth of a second."""
    with files("newsletter.ranking.interest").joinpath("words.npz").open("rb") as file:
        stored = np.load(file)
        words = stored["words"].tobytes().decode().split("\n")
        vocabulary = {word: at for at, word in enumerate(words)}
        return WordVectors(vocabulary, stored["table"], stored["scale"])
