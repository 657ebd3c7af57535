"""The earlier insights that are nearest to any text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.ranking.echoes import Echoes
from newsletter.ranking.similarity import shared
from newsletter.storage import archive, candidates


@dataclass(frozen=True, slots=True)
class Related:
    """An earlier insight, the probability that the text restates it, and the words they share."""

    id: int
    date: date
    probability: float
    text: str
    shared: tuple[tuple[str, float], ...]


def related(rules: Rules, about: str | int, today: date, most: int) -> Sequence[Related]:
    """The likeliest first; ``about`` is a text or an insight's id. Raises KeyError if there is no
    insight of this id."""
    with rules.store.reading() as db:
        own = about if isinstance(about, int) else -1
        text = archive.text(db, about) if isinstance(about, int) else about
        index = index_of(db, rules.index_cache, rules.language)
        echoes = Echoes(index, [text], [own], [today.toordinal()])
        archived = candidates.known(db, today, echoes.ids.tolist())
        insights = {insight.id: insight for insight in archived}
    return [
        Related(
            id=insight_id,
            date=insights[insight_id].date,
            probability=probability,
            text=insights[insight_id].text,
            shared=tuple(shared(index, text, insights[insight_id].text)),
        )
        for insight_id, probability in echoes.nearest(0, insights, most)
    ]
