"""What a reader's votes say of the day's candidates: shares of shows and topics, and words.

Each of three parts is a change of the log-odds that the reader asks for more, against how often
they ask at all, and each is shrunk by ``_SHRINK`` unseen examples: after few votes it says little.
A show's part is the share of what the reader saw of it that they asked for more of, a topic's the
same. The words' part is Rocchio's (1971): how much nearer a candidate is to what they asked for
more of than to the rest that they saw. What the reader is interested in is a signal of its own:
what shrinks to nothing here leaves the interests.

"Knew it already" says nothing for or against: novelty learns it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import Candidate, Vote, normalise
from newsletter.ranking.similarity import Index
from newsletter.ranking.similarity.sparse_rows import SparseRows

Array = npt.NDArray[np.float64]

FAVOURED_FROM = 0.6
"""The least value of the signal at which votes favour a candidate; 0.5 is what they do not know."""

_SHRINK = 4
_OF_WORDS = 20.0
"""Cosines are small: what is about the same as a vote has 0.05 to 0.1 more than what is not."""
_BLOCK = 128
_MOST = 200
"""The latest of a reader's votes count: what they asked for years ago is not what they want."""


@dataclass(frozen=True, slots=True)
class About:
    """The show that said an insight, and its own topics: normalised, empty where not known."""

    show: str = ""
    topics: frozenset[str] = frozenset()


def about(podcast: str, topics: Sequence[str]) -> About:
    return About(normalise(podcast), frozenset(map(normalise, topics)))


@dataclass(frozen=True, slots=True)
class Example:
    """An insight that a reader saw; ``liked``: they asked for more like it."""

    insight_id: int
    liked: bool
    about: About


def seen(votes: Sequence[Vote], heard: Mapping[int, date]) -> dict[int, bool]:
    """The insights that a reader's votes tell something of: whether they asked for more like it.

    What stood beside a vote in its issue was seen and passed over; an issue without one may never
    have been opened. Nothing where they asked for more of nothing. ``votes``: the earliest first.
    """
    knew = {vote.insight_id for vote in votes if vote.kind == "knew"}
    more = [vote.insight_id for vote in votes if vote.kind == "more"][-_MOST:]
    days = {heard[insight_id] for insight_id in more if insight_id in heard}
    beside = (each for each, day in heard.items() if day in days and each not in knew)
    return {**dict.fromkeys(sorted(beside), False), **dict.fromkeys(more, True)} if more else {}


@dataclass(frozen=True, eq=False)
class Lifts:
    """For each candidate what its show, its topics and its words add to the log-odds."""

    show: Array
    topic: Array
    words: Array

    @property
    def signal(self) -> Array:
        """From 0 to 1; 0.5 where votes say nothing. Rounded so that equal ones tie."""
        return np.asarray(_odds(self.show + self.topic + self.words).round(6))

    def strongest(self, place: int) -> str:
        """The part that says most for a candidate."""
        parts = {"show": self.show, "topic": self.topic, "words": self.words}
        return max(parts, key=lambda name: float(parts[name][place]))


class Learner:
    """The candidates of a day, ready to be judged by one reader's examples after the other's.

    How near an insight is to every candidate is worked out once for all who saw it.
    """

    def __init__(self, index: Index, candidates: Sequence[Candidate]) -> None:
        self._index = index
        self._abouts = [about(each.citation.podcast, each.topics) for each in candidates]
        texts = [each.insight.text for each in candidates]
        asked = index.asked(texts, [each.insight.id for each in candidates])
        self.rows = _unit(asked.rows, asked.idf)
        self._cosines: dict[int, npt.NDArray[np.float32]] = {}

    def lifts(self, examples: Sequence[Example]) -> Lifts:
        usual = _logit((sum(each.liked for each in examples) + 1) / (len(examples) + 2))
        shows = _shares([([each.about.show], each.liked) for each in examples], usual)
        topics = _shares([(each.about.topics, each.liked) for each in examples], usual)
        return Lifts(
            show=np.array([shows.get(each.show, 0.0) for each in self._abouts]),
            topic=np.array([_mean(topics, each.topics) for each in self._abouts]),
            words=self._words(examples),
        )

    def topic(self, examples: Sequence[Example], place: int) -> str:
        """The topic of a candidate, normalised, that says most for it; empty where it has none."""
        liked = Counter(topic for each in examples if each.liked for topic in each.about.topics)
        topics = sorted(self._abouts[place].topics & liked.keys())
        return max(topics, key=lambda topic: liked[topic], default="")

    def _words(self, examples: Sequence[Example]) -> Array:
        self.compare([each.insight_id for each in examples])
        near = {True: np.zeros(len(self._abouts)), False: np.zeros(len(self._abouts))}
        counts = Counter(each.liked for each in examples)
        for each in examples:
            near[each.liked] += self._cosines[each.insight_id]
        nearer = near[True] / max(counts[True], 1) - near[False] / max(counts[False], 1)
        return np.asarray(_OF_WORDS * counts[True] / (counts[True] + _SHRINK) * nearer)

    def compare(self, ids: Collection[int]) -> None:
        """Work out how near these insights are to every candidate; 0 for unknown ones. Of many
        readers' examples at once it takes half as long."""
        new = np.array(sorted(set(ids) - self._cosines.keys()), np.int64)
        if not len(new):
            return
        nothing = np.zeros(len(self._abouts), np.float32)
        self._cosines |= dict.fromkeys(new.tolist(), nothing)
        places = np.searchsorted(self._index.ids, new)
        known = np.append(self._index.ids, -1)[places] == new
        for first in range(0, len(new[known]), _BLOCK):
            block = slice(first, first + _BLOCK)
            rows = _unit(self._index.rows(places[known][block]), self._index.idf)
            near = rows.product(self._by_term).dense()
            self._cosines |= dict(zip(new[known][block].tolist(), near, strict=True))

    @cached_property
    def _by_term(self) -> SparseRows:
        return self.rows.by_column()


def _shares(
    labelled: Sequence[tuple[Sequence[str] | frozenset[str], bool]], usual: float
) -> dict[str, float]:
    """What each label adds to the log-odds: its share of likes, with some usual ones added."""
    all_, liked = Counter[str](), Counter[str]()
    for labels, like in labelled:
        all_.update(filter(None, labels))
        liked.update(label for label in labels if label and like)
    unseen = _SHRINK * float(_odds(np.array(usual)))
    return {
        label: _logit((liked[label] + unseen) / (count + _SHRINK)) - usual
        for label, count in all_.items()
    }


def _mean(lifts: Mapping[str, float], labels: frozenset[str]) -> float:
    """Of those that were seen."""
    known = [lifts[label] for label in sorted(labels & lifts.keys())]
    return sum(known) / len(known) if known else 0.0


def _unit(rows: SparseRows, idf: npt.NDArray[np.float32]) -> SparseRows:
    """Rows of TF-IDF, each of length one."""
    return rows.having(rows.data * idf[rows.indices]).unit()


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _odds(logits: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-logits)))
