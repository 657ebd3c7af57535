"""The best five without near-twins: greedy maximal marginal relevance under two limits.

Carbonell and Goldstein, "The use of MMR", SIGIR 1998. Each step takes the candidate with the most
of (1 - diversity) x score - diversity x (similarity to the nearest pick).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from newsletter.domain.model import (
    Echo,
    Issue,
    Pick,
    RunnerUp,
    SelectionSettings,
)
from newsletter.ranking.echoes import NAMED_FROM
from newsletter.ranking.limits import before_any, by_relevance, next_pick
from newsletter.ranking.reasons import Choice, pick_reason, runner_up_reason
from newsletter.ranking.signals import Day, Reader
from newsletter.ranking.state import RankingState, ranking_state

_RUNNERS_UP = 5
_ECHOES = 3
_RELATED = 2


def choose(day: Day, reader: Reader, settings: SelectionSettings) -> Issue:
    """The issue of this day for this reader; without picks where fewer than ``settings.minimum``
    candidates are worth sending."""
    if not day.candidates:
        return Issue(day.date, ())
    state = ranking_state(day, reader, settings)
    choice = choice_of(state)
    runners_up = tuple(_runners_up(state, choice))
    if len(choice.chosen) < settings.minimum:
        return Issue(day.date, (), runners_up)
    picks = tuple(_pick(state, rank, place) for rank, place in enumerate(choice.ranked, start=1))
    return Issue(day.date, picks, runners_up)


def choice_of(state: RankingState) -> Choice:
    """What the editor pinned, then the best for each interest that is due, then the best.

    The twin limit is never relaxed; the others are rather than sending fewer picks.
    """
    chosen: list[int] = []
    steps = [before_any(state)]
    pinned = _pinned(state)
    for number in range(state.settings.count):
        before = steps[-1]
        left = state.worthy & (before.nearest < state.settings.twin_limit)
        left[chosen] = False
        if number >= len(pinned) and not left.any():
            break
        chosen.append(pinned[number] if number < len(pinned) else next_pick(before, left))
        if len(chosen) < state.settings.count:
            steps.append(before.and_then(chosen[-1]))
    ranked = by_relevance(state, pinned, chosen[len(pinned) :]) if state.overdue else chosen
    return Choice(steps, chosen, _as_ordered(state, _lead_first(state, ranked)))


def _lead_first(state: RankingState, ranked: list[int]) -> list[int]:
    """The first that resembles nothing this reader was sent leads, unless one is pinned."""
    if not ranked or state.pinned[ranked[0]]:
        return ranked
    fresh = (place for place in ranked if not state.echoing[place])
    lead = next(fresh, ranked[0])
    return [lead, *(place for place in ranked if place != lead)]


def _as_ordered(state: RankingState, ranked: list[int]) -> list[int]:
    """Those whose order the editor gave exchange their ranks among each other; the rest stay."""
    wanted = {insight: number for number, insight in enumerate(state.day.editing.order)}
    own = {place: int(state.day.echoes.own[place]) for place in ranked}
    named = sorted(
        (place for place in ranked if own[place] in wanted), key=lambda place: wanted[own[place]]
    )
    in_turn = iter(named)
    return [next(in_turn) if own[place] in wanted else place for place in ranked]


def _pinned(state: RankingState) -> list[int]:
    """In the order in which they were pinned; no limit keeps one out, but nothing is sent twice."""
    own, pinned = state.day.echoes.own, state.day.editing.pinned
    places = [place for each in pinned for place in np.flatnonzero(own == each).tolist()]
    return [place for place in places if state.unsent[place]][: state.settings.count]


def _pick(state: RankingState, rank: int, place: int) -> Pick:
    candidate = state.candidate(place)
    nearest = state.day.echoes.nearest(place, state.reader.heard, _ECHOES)
    echoes = tuple(state.echo(place, *pair) for pair in nearest)
    reason = pick_reason(state, place, echoes)
    return Pick(
        rank=rank,
        insight_id=candidate.insight.id,
        text=candidate.insight.shown,
        citation=candidate.citation,
        score=float(state.scores[place]),
        signals=state.values(place),
        echoes=echoes,
        related=tuple(_related(state, place, nearest, reason.quoted)),
        reason=reason.text,
        edited=bool(candidate.insight.correction),
        pinned=bool(state.pinned[place]),
    )


def _related(
    state: RankingState, place: int, nearest: Sequence[tuple[int, float]], quoted: int | None
) -> Iterator[Echo]:
    """Of the same thread, and not what the reason quotes: sent to this reader, or older than the
    window, for tomorrow's pick is no footnote today."""
    similarity = {**dict(state.day.nearest_aged(place, _RELATED + 1)), **dict(nearest)}
    named = similarity.keys() - state.day.editing.blocked - {quoted}
    by_similarity = sorted(named, key=lambda earlier: (-similarity[earlier], earlier))
    for earlier in by_similarity[:_RELATED]:
        if similarity[earlier] >= NAMED_FROM:
            yield state.echo(place, earlier, similarity[earlier])


def _runners_up(state: RankingState, choice: Choice) -> Iterator[RunnerUp]:
    """The best of the rest; of all, where too few were chosen to be picks."""
    left = state.unsent.copy()
    if len(choice.chosen) >= state.settings.minimum:
        left[list(choice.chosen)] = False
    best_first = np.argsort(-state.scores, kind="stable")
    for place in best_first[left[best_first]][:_RUNNERS_UP].tolist():
        insight = state.candidate(place).insight
        yield RunnerUp(
            insight_id=insight.id,
            text=insight.text,
            score=float(state.scores[place]),
            signals=state.values(place),
            why=runner_up_reason(state, place, choice),
        )
