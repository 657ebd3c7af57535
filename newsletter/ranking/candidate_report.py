"""Every candidate of a reader's day at once: what the picks were picked from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.domain.model import Pick, SelectionSettings
from newsletter.domain.text import headline
from newsletter.ranking.signals import Day, Reader, score, signals


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """``rank`` is 0 for what was not picked; ``twin`` says whose restatement it is, if any's."""

    insight_id: int
    text: str
    novelty: float
    score: float
    rank: int
    echo: str
    twin: str


def candidate_report(
    day: Day, reader: Reader, taste: SelectionSettings, picks: Sequence[Pick]
) -> list[CandidateRow]:
    """What this reader was not sent before, the best score first."""
    if not day.candidates:
        return []
    values = signals(day, reader)
    scores = score(values, taste.weights)
    ranks = {pick.insight_id: pick.rank for pick in picks}
    found = []
    for place, one in enumerate(day.candidates):
        if one.insight.id in reader.heard:
            continue
        echo = next(iter(day.echoes.nearest(place, reader.heard, 1)), None)
        told = f"{headline(day.archive[echo[0]].text, 120)} ({echo[1]:.2f})" if echo else ""
        standing = CandidateRow(
            insight_id=one.insight.id,
            text=one.insight.text,
            novelty=float(values["novelty"][place]),
            score=float(scores[place]),
            rank=ranks.get(one.insight.id, 0),
            echo=told,
            twin=next(_twins(day, taste, place, ranks, echo), ""),
        )
        found.append(standing)
    return sorted(found, key=lambda one: (-one.score, one.insight_id))


def _twins(
    day: Day,
    taste: SelectionSettings,
    place: int,
    ranks: dict[int, int],
    echo: tuple[int, float] | None,
) -> Iterator[str]:
    """Limits as choosing has them; a pick is nobody's twin."""
    if day.candidates[place].insight.id in ranks:
        return
    if echo and echo[1] >= taste.twin_limit:
        yield "restates what was sent"
    for other, one in enumerate(day.candidates):
        rank = ranks.get(one.insight.id)
        if rank and day.echoes.alike(other)[place] >= taste.twin_limit:
            yield f"says the same as pick {rank}"
