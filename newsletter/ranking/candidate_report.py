"""Every candidate of a reader's day at once: what the picks were picked from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.domain.model import Pick, SelectionSettings
from newsletter.domain.text import headline
from newsletter.ranking.reasons import Choice, runner_up_reason
from newsletter.ranking.selection import choice_of
from newsletter.ranking.signals import Day, Reader
from newsletter.ranking.state import RankingState, ranking_state


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """``rank`` is 0 for what was not picked; ``echo`` is the nearest insight that was sent;
    ``twin`` says what the candidate restates, if anything; ``why``, which rule left it out, as far
    as the issue is what would be chosen now."""

    insight_id: int
    text: str
    novelty: float
    score: float
    rank: int
    echo: str
    twin: str
    why: str


def candidate_report(
    day: Day, reader: Reader, settings: SelectionSettings, picks: Sequence[Pick]
) -> list[CandidateRow]:
    """What this reader was not sent before, the best score first."""
    if not day.candidates:
        return []
    state = ranking_state(day, reader, settings)
    ranks = {pick.insight_id: pick.rank for pick in picks}
    places = state.unsent.nonzero()[0].tolist()
    choice = choice_of(state)
    chosen = {int(day.echoes.own[place]) for place in choice.chosen}
    rows = [
        _row(state, place, ranks, choice if chosen == ranks.keys() else None) for place in places
    ]
    return sorted(rows, key=lambda row: (-row.score, row.insight_id))


def _row(
    state: RankingState, place: int, ranks: Mapping[int, int], choice: Choice | None
) -> CandidateRow:
    day, insight = state.day, state.candidate(place).insight
    echo = next(iter(day.echoes.nearest(place, state.reader.heard, 1)), None)
    return CandidateRow(
        insight_id=insight.id,
        text=insight.text,
        novelty=float(state.signals["novelty"][place]),
        score=float(state.scores[place]),
        rank=ranks.get(insight.id, 0),
        echo=f"{headline(day.archive[echo[0]].text, 120)} ({echo[1]:.2f})" if echo else "",
        twin=next(_twins(state, place, ranks, echo), ""),
        why=runner_up_reason(state, place, choice) if choice and insight.id not in ranks else "",
    )


def _twins(
    state: RankingState, place: int, ranks: Mapping[int, int], echo: tuple[int, float] | None
) -> Iterator[str]:
    """The limits that choosing has; a pick is nobody's twin."""
    day, limit = state.day, state.settings.twin_limit
    if day.candidates[place].insight.id in ranks:
        return
    if echo and echo[1] >= limit:
        yield "restates what was sent"
    for at, candidate in enumerate(day.candidates):
        rank = ranks.get(candidate.insight.id)
        if rank and day.echoes.similarities(at)[place] >= limit:
            yield f"says the same as pick {rank}"
