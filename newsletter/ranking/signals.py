"""The signals that rank a candidate, each from 0 to 1, and their weighted mean.

A signal is a function ``(day, reader) -> array`` and a line in ``SIGNALS``; its weight is a key of
``[selection.weights]``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import NO_EDITING, Candidate, Editing, Insight
from newsletter.language.words import Words
from newsletter.language.words import words as in_language
from newsletter.ranking.echoes import Echoes
from newsletter.ranking.interest import Encode, Matcher, Phrase, Text, parse
from newsletter.ranking.similarity import Index, shared
from newsletter.ranking.variety import Variety
from newsletter.ranking.votes import Example, Learner

Array = npt.NDArray[np.float64]

_HALF_LIFE_DAYS = 7.0
_SHARED = 4


@dataclass(frozen=True, eq=False)
class Reader:
    """The reader of an issue. ``heard``: each insight they were sent, and that issue's date.

    ``words``: those that their reasons are written in, where not the newsletter's.
    ``examples``: what their votes tell; none where they never asked for more.
    """

    interests: str
    heard: Mapping[int, date]
    examples: tuple[Example, ...] = ()
    words: Words | None = None

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        return parse(self.interests)

    @cached_property
    def ids(self) -> npt.NDArray[np.int64]:
        """The insights they were sent, in order."""
        return np.sort(np.fromiter(self.heard, dtype=np.int64, count=len(self.heard)))

    def was_sent(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these they were sent; ``numpy.isin`` would sort both anew for every reader."""
        positions = np.searchsorted(self.ids, ids)
        return np.asarray(np.append(self.ids, -1)[positions] == ids)


def newest_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """By date, the newest first, then by id: the order that breaks ties."""
    return sorted(candidates, key=lambda each: (-each.insight.date.toordinal(), each.insight.id))


def texts_of(candidates: Sequence[Candidate]) -> list[Text]:
    """What is matched with an interest: an insight's words, its own topics, its podcast's name."""
    return [
        Text(
            candidate.insight.id,
            candidate.insight.text,
            candidate.topics,
            candidate.citation.podcast,
        )
        for candidate in candidates
    ]


def index_of(archive: Sequence[Insight], language: str = "en") -> Index:
    by_id = sorted(archive, key=lambda insight: insight.id)
    ids, texts = [insight.id for insight in by_id], [insight.text for insight in by_id]
    return Index.build(ids, texts, language, [insight.date.toordinal() for insight in by_id])


def echoes_of(candidates: Sequence[Candidate], index: Index) -> Echoes:
    """The echoes of candidates that stand ``newest_first``."""
    insights = [candidate.insight for candidate in candidates]
    days = [insight.date.toordinal() for insight in insights]
    texts, ids = [insight.text for insight in insights], [insight.id for insight in insights]
    return Echoes(index, texts, ids, days)


class Day:
    """What a date offers to every reader, worked out once for all of them.

    ``candidates`` are the insights of the window, kept ``newest_first``. ``archive`` is all that
    was ever known, candidates included; with ``echoes``, those of it that echo are enough. What
    ``editing`` blocks is no candidate any more; ``words`` are those that reasons are written in;
    ``encode`` makes vectors for interest where an encoder is configured.
    """

    def __init__(
        self,
        on: date,
        candidates: Sequence[Candidate],
        archive: Sequence[Insight],
        window_days: int,
        echoes: Echoes | None = None,
        editing: Editing = NO_EDITING,
        words: Words | None = None,
        encode: Encode | None = None,
    ) -> None:
        self.date = on
        self.candidates = newest_first(candidates)
        self.archive = {insight.id: insight for insight in archive}
        self.window_days = window_days
        self.editing = editing
        self.words = words or in_language()
        self.encode = encode
        self.echoes = echoes or echoes_of(self.candidates, index_of(archive))
        self._nearest_aged: dict[int, list[tuple[int, float]]] = {}
        # Many readers were sent the same earlier insight, and their reasons name it.
        self.shared = lru_cache(maxsize=1 << 14)(self._shared)

    @cached_property
    def aged(self) -> set[int]:
        """The insights of the archive that are older than the window, and not blocked."""
        first = self.date.toordinal() - self.window_days + 1
        insights = self.archive.values()
        old = {insight.id for insight in insights if insight.date.toordinal() < first}
        return old - self.editing.blocked

    def nearest_aged(self, place: int, most: int) -> list[tuple[int, float]]:
        """The nearest among what is older than the window: one answer for every reader."""
        if place not in self._nearest_aged:
            self._nearest_aged[place] = self.echoes.nearest(place, self.aged, most)
        return self._nearest_aged[place]

    def _shared(self, place: int, earlier: int) -> tuple[tuple[str, float], ...]:
        """The heaviest words that a candidate has in common with an insight of the archive."""
        index, new = self.echoes.index, self.candidates[place].insight.text
        return tuple(shared(index, new, self.archive[earlier].text)[:_SHARED])

    @cached_property
    def pinned(self) -> npt.NDArray[np.bool_]:
        """Which candidates the editor pinned."""
        return np.isin(self.echoes.own, self.editing.pinned)

    @cached_property
    def briefs(self) -> npt.NDArray[np.int64]:
        return np.array([candidate.brief_id for candidate in self.candidates], dtype=np.int64)

    @cached_property
    def variety(self) -> Variety:
        return Variety(self.candidates, self.echoes)

    @cached_property
    def recurrence(self) -> Array:
        return np.array([1 - 1 / candidate.brief_count for candidate in self.candidates])

    @cached_property
    def freshness(self) -> Array:
        days = np.array([each.insight.date.toordinal() for each in self.candidates], float)
        return np.asarray(0.5 ** ((self.date.toordinal() - days) / _HALF_LIFE_DAYS))

    @cached_property
    def matcher(self) -> Matcher:
        """Made when the first reader has an interest."""
        return Matcher(self.echoes.index, texts_of(self.candidates), self.encode)

    @cached_property
    def learner(self) -> Learner:
        """Made when the first reader has a vote."""
        return Learner(self.echoes.index, self.candidates)


Signal = Callable[[Day, Reader], Array]


def novelty(day: Day, reader: Reader) -> Array:
    """1 minus the similarity to the nearest insight this reader was sent."""
    return 1 - day.echoes.highest(reader.ids)


def recurrence(day: Day, reader: Reader) -> Array:  # noqa: ARG001
    """0 for an insight of one brief, 1/2 of two, 3/4 of four."""
    return day.recurrence


def freshness(day: Day, reader: Reader) -> Array:  # noqa: ARG001
    """1 on the day itself, half of that after each week."""
    return day.freshness


def interest(day: Day, reader: Reader) -> Array:
    """The best match with any of the reader's phrases, earlier ones weighing more.

    Its square root: on a day without a sure match the likelier ones still lead.
    """
    if not reader.phrases:
        return np.zeros(len(day.candidates))
    return np.sqrt(day.matcher.interest(reader.phrases)).round(6)


def votes(day: Day, reader: Reader) -> Array:
    """How likely the reader's votes make it that they ask for more like it; 0.5 where they say
    nothing of it."""
    return day.learner.lifts(reader.examples).signal


SIGNALS: Mapping[str, Signal] = {
    "novelty": novelty,
    "recurrence": recurrence,
    "freshness": freshness,
    "interest": interest,
    "votes": votes,
}


def signals(day: Day, reader: Reader) -> dict[str, Array]:
    """Votes only of a reader who asked for more: to the others they would only flatten the rest."""
    names = {name for name in SIGNALS if reader.examples or name != "votes"}
    return {name: signal(day, reader) for name, signal in SIGNALS.items() if name in names}


def score(values: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """The weighted mean, rounded so that two equal candidates tie on every machine."""
    total = sum(weights[name] for name in values)
    mean: Array = (
        sum((weights[name] * array for name, array in values.items()), np.zeros(1)) / total
    )
    return np.asarray(mean.round(6), dtype=np.float64)
