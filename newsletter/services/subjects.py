"""The shows and topics of the archive, and the insights of each: read once, kept as numbers."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.domain.slug import slug
from newsletter.storage.public_archive import Place


@dataclass(slots=True)
class Subject:
    """A show or a topic. Names of the same slug are one; ``ids`` has the newest insight first."""

    slug: str
    names: Counter[str] = field(default_factory=Counter)
    ids: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def name(self) -> str:
        """As it is written most often."""
        return self.names.most_common(1)[0][0]

    def add(self, name: str, insight_id: int) -> None:
        self.names[name] += 1
        if not self.ids or self.ids[-1] != insight_id:
            self.ids.append(insight_id)


@dataclass(frozen=True, slots=True)
class Subjects:
    """By slug: shows in the order of their names, topics with the most insights first."""

    shows: Mapping[str, Subject]
    topics: Mapping[str, Subject]


def subjects(places: Iterable[Place], hidden: frozenset[int]) -> Subjects:
    """``places`` come with those of an insight together; ``hidden`` insights are left out."""
    shows: dict[str, Subject] = {}
    topics: dict[str, Subject] = {}
    slugs: dict[str, str] = {}
    for place in places:
        if place.insight_id not in hidden:
            _add(shows, slugs, place.podcast, place.insight_id)
            for topic in place.topics:
                _add(topics, slugs, topic, place.insight_id)
    return Subjects(
        shows=_sorted(shows, lambda subject: (subject.name.casefold(), subject.slug)),
        topics=_sorted(topics, lambda subject: (-len(subject.ids), subject.slug)),
    )


def _add(by_slug: dict[str, Subject], slugs: dict[str, str], name: str, insight_id: int) -> None:
    key = slugs.get(name)
    if key is None:
        key = slugs[name] = slug(name)
    if key:  # a name without letters has no address
        by_slug.setdefault(key, Subject(key)).add(name, insight_id)


def _sorted(by_slug: dict[str, Subject], order: Callable[[Subject], Any]) -> dict[str, Subject]:
    return {subject.slug: subject for subject in sorted(by_slug.values(), key=order)}
