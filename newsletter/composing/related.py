"""The nearest earlier insights of any text: the answer that everything else is built on, shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.ranking.echoes import Echoes
from newsletter.ranking.similarity import shared
from newsletter.storage import archive


@dataclass(frozen=True, slots=True)
class Related:
    """An earlier insight, the probability that the text restates it, and the words they share."""

    id: int
    date: date
    probability: float
    text: str
    shared: tuple[tuple[str, float], ...]


def related(rules: Rules, about: str | int, today: date, most: int) -> Sequence[Related]:
    """The likeliest first; ``about`` is a text or an insight's id. An unknown id gives KeyError."""
    with rules.store.reading() as db:
        own = about if isinstance(about, int) else -1
        text = archive.text(db, about) if isinstance(about, int) else about
        index = index_of(db, rules.index_cache, rules.language)
        echoes = Echoes(index, [text], [own], [today.toordinal()])
        known = {one.id: one for one in archive.archive(db, today, echoes.ids.tolist())}
    return [
        Related(
            number,
            known[number].date,
            value,
            known[number].text,
            tuple(shared(index, text, known[number].text)),
        )
        for number, value in echoes.nearest(0, known, most)
    ]
