"""Why a candidate was picked, in one line for its reader, and why another was not.

A reason is made from what decided: a signal with a weight of 0 is never named. It is written in the
reader's language when its issue is composed, and kept as it was written.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from newsletter.domain.model import Candidate, Echo
from newsletter.domain.text import clause, day_month, first_sentence, headline
from newsletter.language.words import Words
from newsletter.ranking.echoes import NAMED_FROM
from newsletter.ranking.limits import Before, limit_name
from newsletter.ranking.state import RankingState
from newsletter.ranking.variety import (
    BARE,
    ECHOING,
    SAME_BRIEF,
    SAME_SHOW,
    SHOWN_LATELY,
    THEME_FROM,
    UNSOURCED,
)

_MOST_SHOWS = 3
_WEEK = 7
_CLAIM = 110


class Reason(NamedTuple):
    """``text`` is empty where there is nothing to say; ``quoted`` is the insight it quotes."""

    text: str = ""
    quoted: int | None = None


class Choice(NamedTuple):
    """The places of the picks, ``chosen`` as they were picked, each after one of the ``steps``,
    and ``ranked`` as they are sent."""

    steps: Sequence[Before]
    chosen: Sequence[int]
    ranked: Sequence[int]

    def name(self, place: int) -> str:
        return f"pick {1 + self.ranked.index(place)}"


def pick_reason(state: RankingState, place: int, echoes: Sequence[Echo]) -> Reason:
    """The strongest that can be said for this pick to this reader. ``echoes``: the nearest first.

    Nothing where nothing can: that it is new to its reader is so of every pick.
    """
    matched = _matched(state, place)
    parts = [_follows(state, matched)] if matched else list(_asked_for(state, place))
    if state.counts("recurrence"):
        parts.extend(_shows(state.candidate(place), state.words))
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
    words = state.words
    return words.gettext("You follow %(interest)s.", interest=words.quoted(phrase))


def _asked_for(state: RankingState, place: int) -> Iterator[str]:
    """What this reader's votes favour it for."""
    if not state.favoured[place]:
        return
    words, candidate = state.words, state.candidate(place)
    strongest = state.lifts.strongest(place)
    topic = state.day.learner.topic(state.reader.examples, place)
    if strongest == "show":
        yield words.gettext("You asked for more of %(show)s.", show=candidate.citation.podcast)
    elif strongest == "topic" and topic:
        yield words.gettext("You asked for more about %(topic)s.", topic=words.quoted(topic))
    else:
        yield words.gettext("You asked for more like this.")


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
    words, day = state.words, state.day.date
    sentence = first_sentence(echo.text)
    claim = words.quoted(clause(sentence, _CLAIM) or headline(sentence, _CLAIM))
    if (day - echo.heard).days < _WEEK:
        weekday = words.weekday(echo.heard)
        return words.gettext("You read on %(weekday)s: %(claim)s.", weekday=weekday, claim=claim)
    date = words.day_month(echo.heard)
    return words.gettext("You read on %(date)s: %(claim)s.", date=date, claim=claim)


def runner_up_reason(state: RankingState, place: int, choice: Choice) -> str:
    """The rule that kept a candidate out."""
    if state.similarity_to_sent[place] >= state.settings.twin_limit:
        return _restates(state, place)
    if state.unwanted[place]:
        return f"about “{_unwanted(state, place)}”, which this reader does not want"
    if len(choice.chosen) < state.settings.minimum:
        return _too_few(state, place, choice.chosen)
    return _not_picked(state, place, choice)


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


def _not_picked(state: RankingState, place: int, choice: Choice) -> str:
    """Every pick was preferred to it at some step; the weakest says most about why."""
    chosen = list(choice.chosen)
    similarities = state.day.echoes.similarities(place)[chosen]
    if (similarities >= state.settings.twin_limit).any():
        return f"says the same as {choice.name(chosen[int(similarities.argmax())])}"
    scores = np.where(state.pinned[chosen], np.inf, state.scores[chosen])
    lowest = scores.min()
    if lowest == np.inf:
        return "every pick was pinned by the editor"
    if state.scores[place] < lowest:
        more, weakest = _digits(lowest - state.scores[place]), chosen[int(scores.argmin())]
        return f"scored lower than every pick: {choice.name(weakest)} has {more} more"
    last = len(chosen) - 1 - int(scores[::-1].argmin())
    return _preferred(state, place, choice, last)


def _preferred(state: RankingState, place: int, choice: Choice, number: int) -> str:
    """What decided for the pick of this number, though it scored no more."""
    before, rival = choice.steps[number], choice.chosen[number]
    waited = before.waited_for
    if waited is not None and waited[rival] and not waited[place]:
        phrase = next(phrase for phrase, match in before.due.items() if match[rival])
        name = choice.name(rival)
        return f"{name} is on “{phrase}”, of which its reader had nothing in the last two days"
    full = before.full
    if full[place] > full[rival]:
        return limit_name(int(full[place]), state.settings)
    return _marked_down(state, place, choice, number)


def _marked_down(state: RankingState, place: int, choice: Choice, number: int) -> str:
    before, rival = choice.steps[number], choice.chosen[number]
    ours, theirs = before.relevance[[place, rival]]
    level = f"{choice.name(rival)}, which {_tie_break(state, place, rival)}"
    resemblance = float(before.nearest[place])
    same_score = ours == theirs and state.scores[place] == state.scores[rival]
    causes = list(_causes(state, place, rival, before))
    if same_score or not (resemblance or causes):
        return f"level with {level}"
    if resemblance >= THEME_FROM or not causes:  # less would be noise beside another cause
        similar = state.day.echoes.similarities(place)
        nearest = max(before.chosen, key=lambda pick: float(similar[pick]))
        causes.append(f"resembles {choice.name(nearest)} ({_digits(resemblance)})")
    below = f"below {choice.name(rival)}" if ours < theirs else f"to the level of {level}"
    return f"{' and '.join(causes)}, and is marked down for it {below}"


def _causes(state: RankingState, place: int, rival: int, before: Before) -> Iterator[str]:
    """What its score is marked down for, and the rival's is not."""
    variety = state.day.variety
    for cause, marked in (
        (BARE, variety.bare),
        (UNSOURCED, variety.unsourced),
        (SHOWN_LATELY, state.shown_lately),
        (ECHOING, state.echoing),
    ):
        if marked[place] and not marked[rival]:
            yield cause
    if before.same_show[place] and not before.same_show[rival]:
        yield SAME_SHOW if before.show[place] else SAME_BRIEF


def _tie_break(state: RankingState, place: int, rival: int) -> str:
    ours, theirs = (state.candidate(each).insight.date for each in (place, rival))
    return "is newer" if theirs > ours else "came in first"


def _digits(value: float) -> str:
    """Two digits behind the point, or as many as it takes to be more than nothing."""
    digits = next((digits for digits in (2, 4) if round(value, digits)), 6)
    return f"{value:.{digits}f}"
