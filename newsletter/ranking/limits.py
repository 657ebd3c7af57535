"""The limits that keep five picks from being alike, and the interests that are due.

They give way rather than sending fewer: first the one for shows, then the one for briefs, the one
for themes, the one for what may be a restatement, and last the one that keeps part of an issue
outside of what votes favour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import SelectionSettings
from newsletter.domain.text import counted
from newsletter.ranking.signals import Array
from newsletter.ranking.state import RankingState
from newsletter.ranking.variety import MARKDOWN, Mask

Counts = npt.NDArray[np.int64]

_PER_THEME = 2
_FAVOURED, _DOUBTFUL, _THEME, _BRIEF, _SHOW = 5, 4, 3, 2, 1


@dataclass(frozen=True, eq=False)
class Before:
    """What the candidates have in common with the picks before the next one.

    ``nearest`` is the similarity to the nearest pick; ``theme``, ``brief`` and ``show`` count the
    picks that are on the same, ``crowded`` marks the theme of a pick that shares it with another.
    ``due`` are the phrases that the reader waits for and no pick matches, and what would.
    """

    state: RankingState
    chosen: tuple[int, ...]
    nearest: Array
    theme: Counts
    crowded: Mask
    brief: Counts
    show: Counts
    due: dict[str, Mask]

    def and_then(self, place: int) -> "Before":
        day, mates = self.state.day, theme_of(self.state, place)
        paired = [theme_of(self.state, pick) for pick in self.chosen if mates[pick]]
        crowded = np.logical_or.reduce([self.crowded, mates, *paired]) if paired else self.crowded
        return Before(
            self.state,
            (*self.chosen, place),
            np.maximum(self.nearest, day.echoes.similarities(place)),
            self.theme + mates,
            crowded,
            self.brief + day.variety.same_brief[place],
            self.show + day.variety.same_show[place],
            {phrase: match for phrase, match in self.due.items() if not match[place]},
        )

    @cached_property
    def relevance(self) -> Array:
        """The scores marked down, also for what the picks before have. Rounded so that two equal
        candidates tie on every machine."""
        diversity = self.state.settings.diversity
        repetition = (1 - diversity) * MARKDOWN * self.same_show
        return np.asarray((self.state.worth - repetition - diversity * self.nearest).round(6))

    @cached_property
    def same_show(self) -> Mask:
        """Which candidates come from the show or the brief of a pick."""
        return np.asarray(self.show + self.brief > 0)

    @cached_property
    def waited_for(self) -> Mask | None:
        """What is due, makes no theme too common and restates nothing; the rest waits till then."""
        if not self.due:
            return None
        return np.asarray(np.logical_or.reduce(list(self.due.values())) & (self.full < _THEME))

    @cached_property
    def full(self) -> Counts:
        """For each candidate the limit that keeps it out and gives way last; 0 for none."""
        most, full = self.state.settings.per_brief, np.zeros(len(self.nearest), np.int64)
        full[self.show >= most] = _SHOW
        full[self.brief >= most] = _BRIEF
        full[self.crowded | (self.theme >= _PER_THEME)] = _THEME
        full[self.state.doubtful | (self.nearest >= self.state.doubt_from)] = _DOUBTFUL
        if self._favoured >= most_favoured(self.state.settings):
            full[self.state.favoured] = _FAVOURED
        return full

    @property
    def _favoured(self) -> int:
        return int(self.state.favoured[list(self.chosen)].sum())


def most_favoured(settings: SelectionSettings) -> int:
    """How many picks may be of what votes favour: three of five."""
    return settings.count * 3 // 5


def limit_name(limit: int, settings: SelectionSettings) -> str:
    per_brief, favoured = settings.per_brief, most_favoured(settings)
    return {
        _FAVOURED: f"{counted(favoured, 'pick')} of what its reader's votes favour already",
        _DOUBTFUL: "it may restate what was sent or another pick"
        f" ({settings.twin_limit / 2:g}, half of selection.twin_limit, or more)",
        _THEME: f"{counted(_PER_THEME, 'pick')} on its theme already",
        _BRIEF: f"{counted(per_brief, 'pick')} from its brief already",
        _SHOW: f"{counted(per_brief, 'pick')} from its show already",
    }[limit]


def before_any(state: RankingState) -> Before:
    count = len(state.scores)
    none, nowhere = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    return Before(state, (), np.zeros(count), none, nowhere, none, none, state.overdue)


def next_pick(before: Before, left: Mask) -> int:
    """The best of those ``left``: what is due first, then what the limits let in, then the most
    relevant."""
    preferred = before.relevance - 10 * before.full
    if before.waited_for is not None:
        preferred += 100 * before.waited_for
    return int(np.where(left, preferred, -np.inf).argmax())


def by_relevance(state: RankingState, ranked: Sequence[int], left: Sequence[int]) -> list[int]:
    """``ranked``, then those ``left`` as they would be picked if there were no more."""
    ranked, left = list(ranked), sorted(left)
    while left:
        ranked.append(max(left, key=lambda place: _relevance(state, place, ranked)))
        left.remove(ranked[-1])
    return ranked


def _relevance(state: RankingState, place: int, ranked: Sequence[int]) -> float:
    """As ``Before.relevance``, for one: five are sorted sooner without arrays of all."""
    diversity, variety = state.settings.diversity, state.day.variety
    is_repetition = any(
        variety.same_show[place, at] or variety.same_brief[place, at] for at in ranked
    )
    nearest = max((state.day.echoes.similarities(at).item(place) for at in ranked), default=0)
    markdown = (1 - diversity) * MARKDOWN * is_repetition + diversity * nearest
    return round(state.worth.item(place) - markdown, 6)


def theme_of(state: RankingState, place: int) -> Mask:
    """Which candidates are on one theme with this: what shares a phrase of the reader is as well.

    To a reader of one interest, what matches it is not one theme.
    """
    mates = state.day.variety.theme(place)
    shared = [match for match in state.matches.values() if match[place]]
    if not shared:
        return mates
    if len(state.matches) == 1:
        mates = mates & ~shared[0]
        mates[place] = True
        return mates
    return np.asarray(np.logical_or.reduce([mates, *shared]))
