"""The best five without near-twins: greedy maximal marginal relevance under two limits.

Carbonell and Goldstein, "The use of MMR", SIGIR 1998. Each step takes the candidate with the most
of (1 - diversity) x score - diversity x (similarity to the nearest pick).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from newsletter.domain.model import Echo, Issue, Pick, RunnerUp, SelectionSettings
from newsletter.ranking.echoes import NAMED_FROM
from newsletter.ranking.reasons import pick_reason, runner_up_reason
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
    chosen = _greedy(state)
    runners_up = tuple(_runners_up(state, chosen))
    if len(chosen) < settings.minimum:
        return Issue(day.date, (), runners_up)
    picks = tuple(_pick(state, rank, place) for rank, place in enumerate(chosen, start=1))
    return Issue(day.date, picks, runners_up)


def _greedy(state: RankingState) -> list[int]:
    """The places of the picks: what the editor pinned, then the best first.

    The limit per brief is relaxed rather than sending fewer picks; the twin limit never is.
    """
    settings = state.settings
    chosen = _pinned(state)
    nearest = np.zeros(len(state.scores), dtype=np.float64)
    for place in chosen:
        nearest = np.maximum(nearest, state.day.echoes.similarities(place))
    worthy = state.unsent & ~state.unwanted & (state.similarity_to_sent < settings.twin_limit)
    for per_brief in (settings.per_brief, len(state.scores)):
        while len(chosen) < settings.count:
            allowed = worthy & (nearest < settings.twin_limit) & state.room(chosen, per_brief)
            allowed[chosen] = False
            if not allowed.any():
                break
            best = int(np.where(allowed, state.relevance(nearest), -np.inf).argmax())
            chosen.append(best)
            nearest = np.maximum(nearest, state.day.echoes.similarities(best))
    return chosen


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


def _runners_up(state: RankingState, chosen: list[int]) -> Iterator[RunnerUp]:
    """The best of the rest; of all, where too few were ``chosen`` to be picks."""
    left = state.unsent.copy()
    if len(chosen) >= state.settings.minimum:
        left[chosen] = False
    best_first = np.argsort(-state.scores, kind="stable")
    for place in best_first[left[best_first]][:_RUNNERS_UP].tolist():
        insight = state.candidate(place).insight
        yield RunnerUp(
            insight_id=insight.id,
            text=insight.text,
            score=float(state.scores[place]),
            signals=state.values(place),
            why=runner_up_reason(state, place, chosen),
        )
