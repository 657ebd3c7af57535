"""Why a candidate was picked, in one line for its reader, and why another was not.

A reason is made from what decided: a signal with a weight of 0 is never named. It is written in the
newsletter's language when its issue is composed, and kept as it was written.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from newsletter.domain.model import Candidate, Echo
from newsletter.domain.text import clause, counted, day_month, first_sentence, headline
from newsletter.language.words import Words
from newsletter.ranking.echoes import NAMED_FROM
from newsletter.ranking.state import RankingState

_MOST_SHOWS = 3
_WEEK = 7
_CLAIM = 110


class Reason(NamedTuple):
    """``text`` is empty where there is nothing to say; ``quoted`` is the insight it quotes."""

    text: str = ""
    quoted: int | None = None


def pick_reason(state: RankingState, place: int, echoes: Sequence[Echo]) -> Reason:
    """The strongest that can be said for this pick to this reader. ``echoes``: the nearest first.

    Nothing where nothing can: that it is new to its reader is so of every pick.
    """
    matched = _matched(state, place)
    parts = [_follows(state, matched)] if matched else []
    if state.counts("recurrence"):
        parts.extend(_shows(state.candidate(place), state.day.words))
    named = _read_before(state, echoes) if state.counts("novelty") and not matched else None
    if named:
        parts.append(_you_read(state, named))
    return Reason(" ".join(parts), named.insight_id if named else None)


def _matched(state: RankingState, place: int) -> str:
    """The reader's own phrase, if it may be said that the pick matches it."""
    if not (state.counts("interest") and state.reader.phrases):
        return ""
    return state.day.matcher.said(state.reader.phrases, place)


def _follows(state: RankingState, phrase: str) -> str:
    words = state.day.words
    return words.gettext("You follow %(interest)s.", interest=words.quoted(phrase))


def _shows(candidate: Candidate, words: Words) -> Iterator[str]:
    count, named = len(candidate.shows), words.listed(candidate.shows[:_MOST_SHOWS])
    if count == 2:
        yield words.gettext("Two shows said this: %(shows)s.", shows=named)
    elif count == _MOST_SHOWS:
        yield words.gettext("Three shows said this: %(shows)s.", shows=named)
    elif count > _MOST_SHOWS:
        yield words.gettext(
            "%(count)s shows said this, among them %(shows)s.", count=count, shows=named
        )


def _read_before(state: RankingState, echoes: Sequence[Echo]) -> Echo | None:
    """The nearest that this reader was sent, if it is of the same thread and not blocked."""
    blocked = state.day.editing.blocked
    near = (echo for echo in echoes if echo.heard and echo.insight_id not in blocked)
    nearest = next(near, None)
    return nearest if nearest and nearest.similarity >= NAMED_FROM else None


def _you_read(state: RankingState, echo: Echo) -> str:
    assert echo.heard
    words, day = state.day.words, state.day.date
    sentence = first_sentence(echo.text)
    claim = words.quoted(clause(sentence, _CLAIM) or headline(sentence, _CLAIM))
    if (day - echo.heard).days < _WEEK:
        weekday = words.weekday(echo.heard)
        return words.gettext("You read on %(weekday)s: %(claim)s.", weekday=weekday, claim=claim)
    date = words.day_month(echo.heard)
    return words.gettext("You read on %(date)s: %(claim)s.", date=date, claim=claim)


def runner_up_reason(state: RankingState, place: int, chosen: Sequence[int]) -> str:
    """The rule that kept a candidate out; ``chosen`` are the places of the picks, best first."""
    if state.similarity_to_sent[place] >= state.settings.twin_limit:
        return _restates(state, place)
    if state.unwanted[place]:
        return f"about “{_unwanted(state, place)}”, which this reader does not want"
    if len(chosen) < state.settings.minimum:
        return _too_few(state, place, chosen)
    return _not_picked(state, place, chosen)


def _restates(state: RankingState, place: int) -> str:
    (nearest,) = state.day.echoes.nearest(place, state.reader.heard, 1)
    echo = state.echo(place, *nearest)
    when = f" on {day_month(echo.heard)}" if echo.heard else ""
    return f"restates what was sent{when}: “{headline(echo.text, 60)}”"


def _unwanted(state: RankingState, place: int) -> str:
    return next(
        phrase.text
        for phrase in state.reader.phrases
        if phrase.negative and state.day.matcher.about(phrase.text)[place]
    )


def _too_few(state: RankingState, place: int, chosen: Sequence[int]) -> str:
    """Why there is no issue, or what would stand in it instead of this candidate."""
    if place in chosen:
        needed = state.settings.minimum
        return f"too few are new: {len(chosen)}, and an issue needs {needed} (selection.minimum)"
    twin = chosen[int(state.day.echoes.similarities(place)[list(chosen)].argmax())]
    return f"says the same as “{headline(state.candidate(twin).insight.text, 60)}”"


def _not_picked(state: RankingState, place: int, chosen: Sequence[int]) -> str:
    """Every pick was preferred to it at some step; the weakest says most about why."""
    similarities = state.day.echoes.similarities(place)[list(chosen)]
    if (similarities >= state.settings.twin_limit).any():
        return f"says the same as pick {1 + int(similarities.argmax())}"
    scores = np.where(state.pinned[list(chosen)], np.inf, state.scores[list(chosen)])
    weakest = int(scores.argmin())
    if scores[weakest] == np.inf:
        return "every pick was pinned by the editor"
    if state.scores[place] < scores[weakest]:
        more = _digits(scores[weakest] - state.scores[place])
        return f"scored lower than every pick: pick {1 + weakest} has {more} more"
    return _preferred(state, place, chosen[: len(chosen) - int(scores[::-1].argmin())])


def _preferred(state: RankingState, place: int, chosen: Sequence[int]) -> str:
    """What decided for the last of ``chosen`` when it was picked, though it scored no more."""
    *before, rival = chosen
    room = state.room(before, state.settings.per_brief)
    if room[rival] and not room[place]:
        return f"{counted(state.settings.per_brief, 'pick')} from its brief already"
    similarities = np.array(
        [state.day.echoes.similarities(pick) for pick in before] or [np.zeros(len(room))]
    )
    ours, theirs = state.relevance(similarities.max(axis=0))[[place, rival]]
    rank = f"pick {len(chosen)}"
    level = f"{rank}, which {_tie_break(state, place, rival)}"
    nearest = int(similarities[:, place].argmax())
    same_score = ours == theirs and state.scores[place] == state.scores[rival]
    if same_score or not similarities[nearest, place]:
        return f"level with {level}"
    below = f"below {rank}" if ours < theirs else f"to the level of {level}"
    similarity = _digits(similarities[nearest, place])
    return f"resembles pick {1 + nearest} ({similarity}), and is marked down for it {below}"


def _tie_break(state: RankingState, place: int, rival: int) -> str:
    ours, theirs = (state.candidate(each).insight.date for each in (place, rival))
    return "is newer" if theirs > ours else "came in first"


def _digits(value: float) -> str:
    """Two digits behind the point, or as many as it takes to be more than nothing."""
    digits = next((digits for digits in (2, 4) if round(value, digits)), 6)
    return f"{value:.{digits}f}"
