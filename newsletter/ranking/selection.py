"""The best five without near-twins: greedy maximal marginal relevance under two limits.

Carbonell and Goldstein, "The use of MMR", SIGIR 1998. Each step takes the candidate with the most
of (1 - diversity) x score - diversity x (similarity to the nearest pick).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import Candidate, Echo, Issue, Pick, RunnerUp, SelectionSettings
from newsletter.domain.text import counted, day_month, headline
from newsletter.ranking.echoes import TELLING
from newsletter.ranking.signals import Array, Day, Reader, score, signals

Mask = npt.NDArray[np.bool_]

_RUNNERS_UP = 5
_ECHOES = 3
_RELATED = 2
_MATCH = 0.5


@dataclass(frozen=True, eq=False)
class _RankingState:
    """One reader's day spread out: everything that choosing looks at."""

    day: Day
    reader: Reader
    taste: SelectionSettings
    signals: dict[str, Array]
    scores: Array
    unheard: Mask

    @property
    def loudest(self) -> Array:
        """For each candidate, its similarity to the nearest insight this reader was sent."""
        return 1 - self.signals["novelty"]

    def values(self, place: int) -> dict[str, float]:
        return {name: round(array.item(place), 4) for name, array in self.signals.items()}


def choose(day: Day, reader: Reader, taste: SelectionSettings) -> Issue:
    """The issue of this day for this reader; with fewer than ``taste.minimum`` worthy, no picks."""
    if not day.candidates:
        return Issue(day.date, ())
    context = _spread(day, reader, taste)
    chosen = _greedy(context)
    if len(chosen) < taste.minimum:
        return Issue(day.date, (), tuple(_runners_up(context, chosen)))
    picks = tuple(_pick(context, rank, place) for rank, place in enumerate(chosen, start=1))
    return Issue(day.date, picks, tuple(_runners_up(context, chosen)))


def _spread(day: Day, reader: Reader, taste: SelectionSettings) -> _RankingState:
    values = signals(day, reader)
    return _RankingState(
        day=day,
        reader=reader,
        taste=taste,
        signals=values,
        scores=score(values, taste.weights),
        unheard=~reader.heard_of(day.echoes.own),
    )


def _greedy(context: _RankingState) -> list[int]:
    """The limit per brief is relaxed rather than sending fewer; the twin limit never."""
    chosen: list[int] = []
    nearest = np.zeros(len(context.scores), dtype=np.float64)
    worthy = context.unheard & (context.loudest < context.taste.twin_limit)
    for per_brief in (context.taste.per_brief, len(context.scores)):
        while len(chosen) < context.taste.count:
            open_ = (
                worthy & (nearest < context.taste.twin_limit) & _room(context, chosen, per_brief)
            )
            open_[chosen] = False
            if not open_.any():
                break
            best = int(np.where(open_, _relevance(context, nearest), -np.inf).argmax())
            chosen.append(best)
            nearest = np.maximum(nearest, context.day.echoes.alike(best))
    return chosen


def _relevance(context: _RankingState, nearest: Array) -> Array:
    diversity = context.taste.diversity
    return ((1 - diversity) * context.scores - diversity * nearest).round(6)


def _room(context: _RankingState, chosen: list[int], per_brief: int) -> Mask:
    """Which candidates come from a brief that is not yet full."""
    room = np.ones(len(context.scores), dtype=np.bool_)
    briefs = context.day.briefs[chosen].tolist()
    for brief in set(briefs):
        if briefs.count(brief) >= per_brief:
            room &= context.day.briefs != brief
    return room


def _pick(context: _RankingState, rank: int, place: int) -> Pick:
    one = context.day.candidates[place]
    near = context.day.echoes.nearest(place, context.reader.heard, _ECHOES)
    echoes = tuple(_echo(context, place, *told) for told in near)
    return Pick(
        rank=rank,
        insight_id=one.insight.id,
        text=one.insight.text,
        citation=one.citation,
        score=float(context.scores[place]),
        signals=context.values(place),
        echoes=echoes,
        related=tuple(_related(context, place, near)),
        reason=_reason(context.reader, context.day, one, place, echoes),
    )


def _related(
    context: _RankingState, place: int, near: Sequence[tuple[int, float]]
) -> Iterator[Echo]:
    """Earlier ones already sent or older than the window: tomorrow's pick is no footnote today."""
    told = {**dict(context.day.nearest_aged(place, _RELATED)), **dict(near)}
    for earlier in sorted(told, key=lambda one: (-told[one], one))[:_RELATED]:
        if told[earlier] >= TELLING:
            yield _echo(context, place, earlier, told[earlier])


def _echo(context: _RankingState, place: int, number: int, value: float) -> Echo:
    earlier = context.day.archive[number]
    return Echo(
        insight_id=number,
        text=headline(earlier.text, 200),
        similarity=round(value, 4),
        heard=context.reader.heard.get(number),
        shared=context.day.shared(place, number),
    )


def _reason(reader: Reader, day: Day, one: Candidate, place: int, echoes: tuple[Echo, ...]) -> str:
    """One quiet line: the strongest thing that can be said for this pick to this reader."""
    parts = []
    matches = [phrase for phrase in reader.phrases if day.coverage(phrase)[place] >= _MATCH]
    if matches:
        parts.append(f"Matches “{max(matches, key=lambda p: day.coverage(p)[place])}”.")
    if one.this_week > 1:
        parts.append(f"Said in {counted(one.this_week, 'brief')} this week.")
    elif one.brief_count > 1:
        parts.append(f"Said in {counted(one.brief_count, 'brief')}.")
    if echoes and echoes[0].heard and echoes[0].similarity >= TELLING and not matches:
        closest = f"“{headline(echoes[0].text, 60)}” on {day_month(echoes[0].heard)}"
        parts.append(f"New to you. The closest you have read: {closest}.")
    return " ".join(parts) or "New to you."


def _runners_up(context: _RankingState, chosen: list[int]) -> Iterator[RunnerUp]:
    """The best of the rest; of all, where what was ``chosen`` is too few to be picks."""
    few = len(chosen) < context.taste.minimum
    left = context.unheard.copy()
    left[[] if few else chosen] = False
    best = np.argsort(-context.scores, kind="stable")
    for place in best[left[best]][:_RUNNERS_UP].tolist():
        one = context.day.candidates[place].insight
        why = _restates(context, place) or (_too_few if few else _why_not)(context, place, chosen)
        yield RunnerUp(one.id, one.text, float(context.scores[place]), context.values(place), why)


def _restates(context: _RankingState, place: int) -> str:
    if context.loudest[place] < context.taste.twin_limit:
        return ""
    echo = _echo(context, place, *context.day.echoes.nearest(place, context.reader.heard, 1)[0])
    when = f" on {day_month(echo.heard)}" if echo.heard else ""
    return f"restates what was sent{when}: “{headline(echo.text, 60)}”"


def _too_few(context: _RankingState, place: int, new: Sequence[int]) -> str:
    """Why there is no issue, or what else than itself would stand in it."""
    if place in new:
        need = context.taste.minimum
        return f"too few are new: {len(new)}, and an issue needs {need} (selection.minimum)"
    twin = new[int(context.day.echoes.alike(place)[new].argmax())]
    return f"says the same as “{headline(context.day.candidates[twin].insight.text, 60)}”"


def _why_not(context: _RankingState, place: int, chosen: Sequence[int]) -> str:
    """The rule that kept a candidate out.

    Every pick was once preferred to it. What tells most is why the weakest was that did not score
    more.
    """
    likeness = context.day.echoes.alike(place)[chosen]
    if (likeness >= context.taste.twin_limit).any():
        return f"says the same as pick {1 + int(likeness.argmax())}"
    scores = context.scores[chosen]
    weakest = int(scores.argmin())
    if context.scores[place] < scores[weakest]:
        more = _told(scores[weakest] - context.scores[place])
        return f"scored lower than every pick: pick {1 + weakest} has {more} more"
    return _preferred(context, place, chosen[: len(chosen) - int(scores[::-1].argmin())])


def _preferred(context: _RankingState, place: int, chosen: Sequence[int]) -> str:
    """What decided for the last of ``chosen``, when it was picked, though it scored no more."""
    *before, rival = chosen
    room = _room(context, before, context.taste.per_brief)
    if room[rival] and not room[place]:
        return f"{counted(context.taste.per_brief, 'pick')} from its brief already"
    alike = np.array([context.day.echoes.alike(one) for one in before] or [np.zeros(len(room))])
    ours, theirs = _relevance(context, alike.max(axis=0))[[place, rival]]
    rank = f"pick {len(chosen)}"
    level = f"{rank}, which {_order(context, place, rival)}"
    near = int(alike[:, place].argmax())
    if (ours == theirs and context.scores[place] == context.scores[rival]) or not alike[
        near, place
    ]:
        return f"level with {level}"
    below = f"below {rank}" if ours < theirs else f"to the level of {level}"
    likeness = _told(alike[near, place])
    return f"resembles pick {1 + near} ({likeness}), and is marked down for it {below}"


def _order(context: _RankingState, place: int, rival: int) -> str:
    """What breaks a tie."""
    ours, theirs = (context.day.candidates[one].insight.date for one in (place, rival))
    return "is newer" if theirs > ours else "came in first"


def _told(value: float) -> str:
    """Two digits behind the point, or as many as it takes to be more than nothing."""
    digits = next((digits for digits in (2, 4) if round(value, digits)), 6)
    return f"{value:.{digits}f}"
