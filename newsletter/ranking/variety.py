"""What the candidates of a day have in common, and which are thin: once for all readers."""

from collections.abc import Sequence
from itertools import count

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import Candidate, normalise
from newsletter.domain.text import first_sentence
from newsletter.ranking.echoes import Array, Echoes

Mask = npt.NDArray[np.bool_]

THEME_FROM = 0.1
"""The least probability of a restatement at which two texts are on one theme.

Of the pairs of bundled samples that reach it, half stand on the pages of one show, and one in
nineteen of all pairs does.
"""

BARE, UNSOURCED = "is one bare sentence", "has no source"
SHOWN_LATELY, ECHOING = "comes from a show of the last issue", "resembles what was sent"
SAME_SHOW, SAME_BRIEF = "comes from the show of another pick", "is from the brief of another pick"
MARKDOWN = 0.05
"""What each of these takes from a score: as much as three days of freshness by default."""


class Variety:
    """A ``place`` is a position in ``candidates``; the row of a place in ``same_show`` and in
    ``same_brief`` marks those that come from the same podcast or brief."""

    def __init__(self, candidates: Sequence[Candidate], echoes: Echoes) -> None:
        self._echoes = echoes
        self._topics = [frozenset(map(normalise, each.topics)) for each in candidates]
        self._themes: dict[int, Mask] = {}
        shows = _numbered([normalise(each.citation.podcast) for each in candidates])
        briefs = np.array([each.brief_id for each in candidates], np.int64)
        self.same_show: Mask = shows[:, None] == shows
        self.same_brief: Mask = briefs[:, None] == briefs
        self.bare = np.array([_is_bare(each.insight.shown) for each in candidates], np.bool_)
        self.unsourced = np.array([not _has_source(each) for each in candidates], np.bool_)
        self.thin: Array = MARKDOWN * self.bare + MARKDOWN * self.unsourced

    def theme(self, place: int) -> Mask:
        """Which candidates are on its theme: they share a topic of their pages, or most words."""
        if place not in self._themes:
            topics = self._topics[place]
            shared = np.array([not topics.isdisjoint(each) for each in self._topics], np.bool_)
            self._themes[place] = shared | (self._echoes.similarities(place) >= THEME_FROM)
        return self._themes[place]


def _numbered(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """The same number for the same name, and one of its own for each that has none."""
    numbers, unnamed = {name: at for at, name in enumerate(dict.fromkeys(names))}, count(-1, -1)
    return np.array([numbers[name] if name else next(unnamed) for name in names], np.int64)


def _is_bare(text: str) -> bool:
    line = " ".join(text.split())
    return first_sentence(line) == line


def _has_source(candidate: Candidate) -> bool:
    citation = candidate.citation
    return any((citation.podcast, citation.episode, citation.url, citation.link))
