"""The limits that keep five picks from being alike, and the interests that are due.

They give way rather than sending fewer: first the one for shows, then the one for briefs, and the
one for themes last.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from newsletter.domain.text import counted
from newsletter.ranking.state import RankingState
from newsletter.ranking.variety import Mask

_PER_THEME = 2


def due(state: RankingState, chosen: Sequence[int]) -> dict[str, Mask]:
    """The phrases that the reader has waited for and no pick matches, and what would be a pick on
    each and make no theme too common: one that must wait for that is due tomorrow."""
    places, fresh = list(chosen), _fresh_theme(state, chosen)
    return {
        phrase: match & fresh for phrase, match in state.overdue.items() if not match[places].any()
    }


def limits(state: RankingState, chosen: Sequence[int]) -> dict[str, Mask]:
    """What each limit lets in beside ``chosen``, by what is said of the others; the one that gives
    way last is first."""
    most, variety = state.settings.per_brief, state.day.variety
    return {
        f"{counted(_PER_THEME, 'pick')} on its theme already": _fresh_theme(state, chosen),
        f"{counted(most, 'pick')} from its brief already": _room(state.day.briefs, chosen, most),
        f"{counted(most, 'pick')} from its show already": _room(variety.shows, chosen, most),
    }


def allowed(state: RankingState, chosen: Sequence[int], left: Mask) -> Mask:
    """Which of those ``left`` may be picked next: what is due, as far as the limits let it in."""
    waited = [left & match for match in due(state, chosen).values()]
    pool: Mask = np.logical_or.reduce(waited) if waited else left
    pool = pool if pool.any() else left
    kept = list(limits(state, chosen).values())
    while kept:
        within: Mask = pool & np.logical_and.reduce(kept)
        if within.any():
            return within
        kept.pop()
    return pool


def _room(groups: npt.NDArray[np.int64], chosen: Sequence[int], most: int) -> Mask:
    """Which candidates are of a group that has fewer than ``most`` picks."""
    room = np.ones(len(groups), np.bool_)
    picked = groups[list(chosen)].tolist()
    for group in set(picked):
        if picked.count(group) >= most:
            room &= groups != group
    return room


def _fresh_theme(state: RankingState, chosen: Sequence[int]) -> Mask:
    """Which candidates would make no pick one of more than two on a theme."""
    themes = [theme(state, place) for place in chosen]
    others = np.sum(themes, axis=0) if themes else np.zeros(len(state.scores), np.intp)
    fresh = np.asarray(others < _PER_THEME)
    for place, mates in zip(chosen, themes, strict=True):
        if others[place] >= _PER_THEME:  # itself and another
            fresh &= ~mates
    return fresh


def theme(state: RankingState, place: int) -> Mask:
    """Which candidates are on one theme with this: what shares a phrase of the reader is as well.

    To a reader of one interest, what matches it is not one theme.
    """
    mates = state.day.variety.theme(place)
    shared = [match for match in state.matches.values() if match[place]]
    if shared and len(state.matches) == 1:
        mates = mates & ~shared[0]
        mates[place] = True
        return mates
    return np.asarray(np.logical_or.reduce([mates, *shared]))
