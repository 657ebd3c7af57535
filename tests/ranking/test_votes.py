"""What votes teach: bounded, forgotten when they are taken back, and never most of an issue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Candidate, Citation, Editing, Insight, Vote, VoteKind
from newsletter.ranking.limits import most_favoured
from newsletter.ranking.selection import choice_of, choose
from newsletter.ranking.signals import Day, Reader, signals
from newsletter.ranking.state import ranking_state
from newsletter.ranking.votes import FAVOURED_FROM, Example, about, seen
from tests.builders import NOON, TASTE, TODAY, candidate, unlike

SHOWS = ("Slow Boil", "Deck Hands", "Grid Lines")
TOPICS = ("hives", "looms", "tides")
SENT = [Insight(number, unlike(number), TODAY - timedelta(5)) for number in range(1, 9)]


def said(number: int, show: str, topics: Sequence[str] = (), text: str = "") -> Candidate:
    made = candidate(number, text or unlike(number), topics=tuple(topics))
    return replace(made, citation=Citation(podcast=show))


def day_of(candidates: Sequence[Candidate], editing: Editing | None = None) -> Day:
    archive = [*SENT, *(each.insight for each in candidates)]
    return Day(TODAY, candidates, archive, TASTE.window_days, editing=editing or Editing())


def learned(candidates: Sequence[Candidate], *examples: Example) -> dict[int, float]:
    day = day_of(candidates)
    values = signals(day, Reader("", {}, examples))["votes"].tolist()
    return dict(zip(day.echoes.own.tolist(), values, strict=True))


def example(number: int, liked: bool, show: str = "", topics: Sequence[str] = ()) -> Example:  # noqa: FBT001
    return Example(number, liked, about(show, topics))


OTHERS = tuple(example(number, False, "Deck Hands", ("looms",)) for number in (5, 6, 7, 8))


def test_a_show_a_topic_and_words_each_speak_for_what_is_like_a_vote() -> None:
    for liked, near in (
        (example(1, True, "SLOW  boil"), said(20, "Slow Boil")),
        (example(1, True, "", ("Hives",)), said(20, "Grid Lines", ("hives",))),
        (example(1, True), said(20, "Grid Lines", text=f"{SENT[0].text} And more of it.")),
    ):
        values = learned([near, said(21, "Grid Lines"), said(22, "Deck Hands")], liked, *OTHERS)
        assert values[20] >= FAVOURED_FROM
        assert values[20] > values[21] >= values[22]
        assert abs(values[21] - 0.5) < 0.05, "votes say nothing of it"


def test_a_share_grows_with_what_is_seen_and_shrinks_with_what_is_passed_over() -> None:
    near = said(20, "Slow Boil")
    likes = [example(number, True, "Slow Boil") for number in (1, 2, 3, 4)]
    grown = [learned([near], *likes[:count], *OTHERS)[20] for count in (1, 2, 3)]
    assert grown == sorted(set(grown))
    passed = [example(number, False, "Slow Boil") for number in (2, 3, 4)]
    fallen = [learned([near], likes[0], *passed[:count], *OTHERS)[20] for count in (0, 1, 2)]
    assert fallen == sorted(set(fallen), reverse=True)


def test_who_never_asked_for_more_has_no_such_signal_and_the_same_scores() -> None:
    day = day_of([said(number, SHOWS[number % 3]) for number in range(20, 30)])
    assert "votes" not in signals(day, Reader("", {}))
    with_weight, without = (
        choose(day, Reader("", {}), replace(TASTE, weights={**TASTE.weights, "votes": weight}))
        for weight in (0.5, 0.0)
    )
    assert with_weight == without
    assert "learner" not in vars(day), "nothing was worked out for nobody"


def vote(number: int, kind: VoteKind, hours: int = 0) -> Vote:
    return Vote(number, kind, NOON + timedelta(hours=hours))


MONDAY, TUESDAY = TODAY - timedelta(5), TODAY - timedelta(4)
HEARD = {1: MONDAY, 2: MONDAY, 3: MONDAY, 4: TUESDAY, 5: TUESDAY}


@pytest.mark.parametrize(
    ("votes", "told"),
    [
        ([], {}),
        ([vote(1, "knew")], {}),
        ([vote(1, "more")], {1: True, 2: False, 3: False}),
        ([vote(1, "more"), vote(2, "knew")], {1: True, 3: False}),
        ([vote(9, "more")], {9: True}),
    ],
)
def test_what_stood_beside_a_vote_was_passed_over(votes: list[Vote], told: dict[int, bool]) -> None:
    assert seen(votes, HEARD) == told


def test_only_the_latest_votes_count() -> None:
    votes = [vote(number, "more", number) for number in range(1, 400)]
    assert seen(votes, {}) == dict.fromkeys(range(200, 400), True)


def test_an_insight_that_is_in_no_index_and_of_no_show_says_nothing() -> None:
    values = learned([said(20, ""), said(21, "Slow Boil")], example(999, True), example(998, False))
    assert set(values.values()) == {0.5}


@st.composite
def days(draw: st.DrawFn) -> tuple[Day, Reader]:
    shows, topics = st.sampled_from(SHOWS), st.lists(st.sampled_from(TOPICS), max_size=2)
    candidates = [
        said(number, draw(shows), draw(topics))
        for number in range(20, 20 + draw(st.integers(1, 14)))
    ]
    examples = tuple(
        example(each.id, draw(st.booleans()), draw(shows), draw(topics)) for each in SENT
    )
    pinned = draw(st.lists(st.sampled_from(candidates), max_size=2, unique=True))
    editing = Editing(pinned=tuple(each.insight.id for each in pinned))
    heard: dict[int, date] = {each.id: TODAY - timedelta(5) for each in SENT}
    return day_of(candidates, editing), Reader(
        draw(st.sampled_from(["", "hives"])), heard, examples
    )


@given(days(), st.integers(1, 6), st.floats(0.1, 1000))
def test_two_of_five_stay_outside_of_what_votes_favour(
    made: tuple[Day, Reader], count: int, weight: float
) -> None:
    """More are favoured only where nothing else may be sent: nobody gets fewer for having voted."""
    day, reader = made
    weights = {**TASTE.weights, "votes": weight}
    settings = replace(TASTE, count=count, minimum=1, weights=weights)
    state = ranking_state(day, reader, settings)
    chosen = list(choice_of(state).chosen)
    favoured = state.favoured[chosen].sum() - (state.favoured & state.pinned).sum()
    if favoured > most_favoured(settings):
        for place in np.flatnonzero(state.worthy & ~state.favoured).tolist():
            twins = state.day.echoes.similarities(place)[chosen] >= settings.twin_limit
            assert place in chosen or twins.any()
    assert len(chosen) == min(count, int((state.worthy | state.pinned).sum()))


@given(days())
def test_the_signal_is_a_share_and_the_same_again(made: tuple[Day, Reader]) -> None:
    day, reader = made
    values = signals(day, reader)["votes"]
    assert ((values > 0) & (values < 1)).all()
    again = day_of(day.candidates)
    assert (signals(again, reader)["votes"] == values).all()
    assert choose(day, reader, TASTE) == choose(day, reader, TASTE)


def test_what_votes_favour_is_named_and_what_keeps_it_out_is_told() -> None:
    """Older ones of other shows score less, and two of them are picked all the same."""
    favoured = [said(number, f"Show {number % 3}") for number in range(20, 26)]
    others = [
        replace(each, insight=replace(each.insight, date=TODAY - timedelta(9)))
        for each in (said(number, f"Show {number}") for number in range(30, 33))
    ]
    liked = tuple(example(number, True, f"Show {number % 3}") for number in range(100, 106))
    heavy = replace(TASTE, weights={**TASTE.weights, "votes": 5.0})
    made = choose(day_of([*favoured, *others]), Reader("", {}, (*liked, *OTHERS)), heavy)
    assert sum(pick.signals["votes"] >= FAVOURED_FROM for pick in made.picks) == 3
    reasons = [pick.reason for pick in made.picks]
    assert [reason.startswith("You asked for more of Show ") for reason in reasons].count(True) == 3
    assert reasons.count("") == 2
    told = {left.why for left in made.runners_up}
    assert "3 picks of what its reader's votes favour already" in told
