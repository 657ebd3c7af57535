"""What votes teach, on simulated readers: how well what they like is told from the rest.

The readers are made up, the texts are not: topics of ArgKP and themes of Perspectrum from
`../shared/data`, and the samples. A reader likes a few of the labels at random. They are shown five
texts at random a day, ask for more of three in five of those they like and of one in thirty of the
others, by mistake, and pass over the rest. Of ArgKP and Perspectrum the shows are made up as well:
fourteen, four in five of whose texts are about a few labels of its own; and a text has its label as
topic in three cases of five. The samples have their own shows and topics.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks import themes
from benchmarks.house import TASTE
from benchmarks.interests import DATA
from benchmarks.measure import Table
from newsletter.domain.model import Candidate, Citation, Insight
from newsletter.ingest import parsers
from newsletter.ranking.selection import choice_of
from newsletter.ranking.signals import Day, Reader, index_of
from newsletter.ranking.state import ranking_state
from newsletter.ranking.votes import Example, Learner, Lifts, about

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

VOTES = (1, 6, 10, 25, 60)
_SHOWS, _FOCUS, _TAGGED, _LIKES = 14, 0.8, 0.6, 5
_ASKS, _ERRS = 0.6, 1 / 30
_JUDGED = 400
_DAY = date(2026, 3, 14)


@dataclass(frozen=True)
class Scale:
    """``readers`` of each set; ``days``: how long those are watched who get real issues."""

    readers: int
    days: int


FULL, QUICK = Scale(60, 30), Scale(3, 4)


@dataclass(frozen=True)
class World:
    """Texts as candidates, and the label of each; ``likes`` is how many labels a reader likes."""

    name: str
    candidates: Sequence[Candidate]
    labels: npt.NDArray[np.int64]
    likes: int

    def reader(self, chance: np.random.Generator) -> Mask:
        """Which texts a new reader likes."""
        several = np.flatnonzero(np.bincount(self.labels) > 1)
        return np.isin(self.labels, chance.choice(several, self.likes, replace=False))


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    made = worlds()
    for world in made:
        yield _learning(world, scale)
    yield _issues(made[0], scale)


def worlds() -> list[World]:
    """The samples alone where the labelled sets are not here."""
    sets = {each.name: each for each in themes.read(DATA)} if DATA.is_dir() else {}
    made_up = [_made_up(sets[name]) for name in ("ArgKP topics", "Perspectrum themes") if sets]
    return [*made_up, _samples()]


def _made_up(theme: themes.Themes) -> World:
    chance = np.random.default_rng(1)
    marks = np.stack(list(theme.relevant.values())).T
    texts = [text for text, row in zip(theme.texts, marks, strict=True) if row.any()]
    marks = marks[marks.any(axis=1)]
    labels = np.array([chance.choice(np.flatnonzero(row)) for row in marks])
    names, each = list(theme.relevant), max(2, round(2.5 * len(theme.relevant) / _SHOWS))
    covered = [set(chance.choice(len(names), each, replace=False).tolist()) for _ in range(_SHOWS)]
    candidates = []
    for number, (text, label) in enumerate(zip(texts, labels.tolist(), strict=True)):
        own = [show for show, covers in enumerate(covered) if label in covers]
        show = chance.choice(own) if own and chance.random() < _FOCUS else chance.integers(_SHOWS)
        topics = (names[label],) if chance.random() < _TAGGED else ()
        candidates.append(_candidate(number, text, f"Show {show}", topics))
    return World(theme.name, candidates, labels, _LIKES)


def _samples() -> World:
    """The label of a text is the first topic of its page."""
    found: dict[str, tuple[str, tuple[str, ...], str]] = {}
    files = (path for path in themes.SAMPLES.glob("*/*") if path.suffix in parsers.SUFFIXES)
    for path in sorted(files):
        (brief,) = parsers.briefs(path.name, path.read_bytes())
        for mention in brief.mentions:
            if mention.role == "lead" and (topics := (*mention.topics, *brief.topics)):
                found.setdefault(mention.text, (brief.podcast, mention.topics, topics[0]))
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    labels = np.array([numbers[label] for _, _, label in found.values()])
    candidates = [
        _candidate(number, text, show, topics)
        for number, (text, (show, topics, _)) in enumerate(found.items())
    ]
    return World("samples", candidates, labels, 3)


def _candidate(number: int, text: str, show: str, topics: tuple[str, ...]) -> Candidate:
    insight = Insight(number + 1, text, _DAY)
    return Candidate(insight, Citation(podcast=show), number, topics=topics)


def _example(candidate: Candidate, *, liked: bool) -> Example:
    known = about(candidate.citation.podcast, candidate.topics)
    return Example(candidate.insight.id, liked, known)


class _Judge:
    """Every way to judge a world's texts by what a reader saw."""

    def __init__(self, world: World) -> None:
        self.world = world
        index = index_of([each.insight for each in world.candidates])
        self.learner = Learner(index, world.candidates)
        rows = self.learner.rows
        self.rows = csr_array((rows.data, rows.indices, rows.indptr), (len(rows), rows.width))

    def ways(self) -> Mapping[str, Callable[[Sequence[int], Mask], Array]]:
        return {
            "votes": lambda seen, liked: self._lifts(seen, liked).signal,
            "- shows alone": lambda seen, liked: self._lifts(seen, liked).show,
            "- topics alone": lambda seen, liked: self._lifts(seen, liked).topic,
            "- words alone (Rocchio)": lambda seen, liked: self._lifts(seen, liked).words,
            "logistic regression on words": self._logistic,
            "no votes": lambda seen, liked: np.zeros(len(self.world.candidates)),  # noqa: ARG005
        }

    def _lifts(self, seen: Sequence[int], liked: Mask) -> Lifts:
        candidates = self.world.candidates
        pairs = zip(seen, liked.tolist(), strict=True)
        return self.learner.lifts([_example(candidates[at], liked=like) for at, like in pairs])

    def _logistic(self, seen: Sequence[int], liked: Mask) -> Array:
        if liked.all() or not liked.any():
            return np.zeros(len(self.world.candidates))
        model = LogisticRegression(C=10).fit(self.rows[list(seen)], liked)
        return np.asarray(model.decision_function(self.rows))


def _learning(world: World, scale: Scale) -> Table:
    judge, chance = _Judge(world), np.random.default_rng(2)
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(scale.readers):
        likes = world.reader(chance)
        for column, seen, liked, rest in _past(world, likes, chance):
            for name, way in judge.ways().items():
                scores = way(seen, liked)[rest]
                figures[name, column].append(float(roc_auc_score(likes[rest], scores)))
    columns = [*map(str, VOTES), *_WRONG]
    rows = [(name, *(_mean(figures[name, column]) for column in columns)) for name in judge.ways()]
    return Table(
        f"votes: {world.name}, AUC by votes",
        ("", *columns),
        rows,
        f"{len(world.candidates):,} texts, {scale.readers} readers who like {world.likes} labels "
        f"each. {_WRONG[0]}: nine of the ten votes, and one for what the reader does not like; "
        f"{_WRONG[1]}: the nine, after the wrong one was taken back. A dash: the set has not so "
        "many texts.",
    )


_WRONG = "10, one wrong", "taken back"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "-"


def _past(
    world: World, likes: Mask, chance: np.random.Generator
) -> Iterator[tuple[str, list[int], Mask, npt.NDArray[np.intp]]]:
    """What a reader saw and liked by the day of a vote, and the texts that they are judged by."""
    order = chance.permutation(len(world.candidates))
    judged = min(_JUDGED, len(order) // 3)
    rest, shown = order[-judged:], order[:-judged]
    if len(set(likes[rest].tolist())) < 2:
        return
    seen: list[int] = []
    asked: list[bool] = []
    ahead = list(VOTES)
    for first in range(0, len(shown) - 4, 5):
        five = shown[first : first + 5].tolist()
        votes = [chance.random() < (_ASKS if likes[at] else _ERRS) for at in five]
        if not any(votes):
            continue  # an issue without a vote may never have been opened
        seen += five
        asked += votes
        while ahead and sum(asked) >= ahead[0]:
            yield str(ahead[0]), seen, np.array(asked), rest
            if ahead.pop(0) == 10:
                yield from _with_a_wrong_one(seen, asked, likes, rest)


def _with_a_wrong_one(
    seen: Sequence[int], asked: Sequence[bool], likes: Mask, rest: npt.NDArray[np.intp]
) -> Iterator[tuple[str, list[int], Mask, npt.NDArray[np.intp]]]:
    """The first vote went to the neighbour in its issue; then it is taken back."""
    right = list(asked).index(True)
    neighbours = (at for at in range(right // 5 * 5, right // 5 * 5 + 5) if not likes[seen[at]])
    wrong = next(neighbours, right)
    mistaken = np.array(asked)
    mistaken[right] = False
    mistaken[wrong] = True
    yield _WRONG[0], list(seen), mistaken, rest
    undone = mistaken.copy()
    undone[wrong] = False
    yield _WRONG[1], list(seen), undone, rest


def _issues(world: World, scale: Scale) -> Table:
    """Readers who get issues, chosen as they are: how many of five they like, by weeks."""
    weights = {"votes": TASTE.weights["votes"], "no votes": 0.0}
    rows = []
    for name, weight in weights.items():
        chance = np.random.default_rng(3)
        settings = replace(TASTE, weights={**TASTE.weights, "votes": weight})
        readers = max(3, scale.readers // 6)
        liked = np.mean(
            [_watched(world, settings, scale.days, chance) for _ in range(readers)], axis=0
        )
        parts = np.array_split(liked, 4)
        rows.append((name, *(f"{part.mean():.2f}" for part in parts), f"{liked[0]:.2f}"))
    return Table(
        f"votes: {world.name}, how many of the five a reader likes",
        ("", *(f"quarter {n}" for n in (1, 2, 3, 4)), "first day"),
        rows,
        f"{scale.days} days, 60 new texts a day; the votes are those of the reader's own issues.",
    )


def _watched(world: World, settings: object, days: int, chance: np.random.Generator) -> list[int]:
    likes = world.reader(chance)
    order = chance.permutation(len(world.candidates)).tolist()
    heard: dict[int, date] = {}
    examples: list[Example] = []
    counts = []
    for number in range(days):
        today = _DAY + timedelta(number)
        offered = [
            replace(each, insight=replace(each.insight, date=today))
            for each in (world.candidates[at] for at in order[60 * number : 60 * number + 60])
        ]
        archive = [
            *(world.candidates[at - 1].insight for at in heard),
            *(each.insight for each in offered),
        ]
        reader = Reader("", dict(heard), tuple(examples) if any(e.liked for e in examples) else ())
        state = ranking_state(Day(today, offered, archive, 14), reader, settings)  # type: ignore[arg-type]
        five = [state.candidate(place) for place in choice_of(state).chosen]
        good = [bool(likes[each.insight.id - 1]) for each in five]
        votes = [chance.random() < (_ASKS if like else _ERRS) for like in good]
        if any(votes):
            pairs = zip(five, votes, strict=True)
            examples += [_example(each, liked=vote) for each, vote in pairs]
        heard |= {each.insight.id: today for each in five}
        counts.append(sum(good))
    return counts
