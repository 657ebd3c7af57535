"""Reasons say what decided: a signal that weighs nothing is never named."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.domain.model import Candidate, Insight, Pick, SelectionSettings
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import SIGNALS, Day, Reader
from tests.builders import TASTE, TODAY, candidate, unlike

SENT = Insight(1, "Kettles on ships boil at a lower heat high in the Andes.", TODAY - timedelta(40))
KIN = candidate(2, "Kettles on ships whistle high: a jet of steam sheds rings of air.")
OFTEN = replace(candidate(3, unlike(3)), brief_count=5, this_week=4)
NAMED = candidate(4, "Beekeepers split hives in May.", topics=("hives",))
SAID = {
    "interest": "Matches “hives”.",
    "recurrence": "Said in 4 briefs this week.",
    "novelty": "New to you. The closest you have read: "
    "“Kettles on ships boil at a lower heat high in the Andes” on 13 March.",
}
SPEAKS_FOR = {"interest": NAMED, "recurrence": OFTEN, "novelty": KIN}


def picked(one: Candidate, settings: SelectionSettings, interests: str = "hives") -> Pick:
    others = [candidate(number, unlike(number)) for number in range(10, 12)]
    archive = [SENT, *(each.insight for each in (one, *others))]
    day = Day(TODAY, [one, *others], archive, settings.window_days)
    sent: dict[int, date] = {SENT.id: TODAY - timedelta(1)}
    issue = choose(day, Reader(interests, sent), settings)
    (pick,) = [pick for pick in issue.picks if pick.insight_id == one.insight.id]
    return pick


def weighing(**weights: float) -> SelectionSettings:
    return replace(TASTE, weights={**TASTE.weights, **weights})


@pytest.mark.parametrize("signal", SAID)
def test_each_signal_is_named_where_it_weighs(signal: str) -> None:
    assert picked(SPEAKS_FOR[signal], TASTE).reason == SAID[signal]


@pytest.mark.parametrize("signal", SAID)
def test_a_signal_that_weighs_nothing_is_not_named(signal: str) -> None:
    settings = weighing(**{signal: 0.0})
    assert picked(SPEAKS_FOR[signal], settings).reason == "New to you."


@pytest.mark.parametrize("signal", SAID)
def test_the_least_weight_is_a_weight(signal: str) -> None:
    assert picked(SPEAKS_FOR[signal], weighing(**{signal: 1e-9})).reason == SAID[signal]


SHIPS = "kettles on ships"
ALL = replace(KIN, brief_count=5, this_week=4)
"""Every signal speaks for it."""


@pytest.mark.parametrize("only", SIGNALS)
def test_what_is_said_comes_from_the_one_signal_that_decided(only: str) -> None:
    settings = replace(TASTE, weights={**dict.fromkeys(SIGNALS, 0.0), only: 1.0})
    said = {**SAID, "interest": f"Matches “{SHIPS}”."}
    assert picked(ALL, settings, SHIPS).reason == said.get(only, "New to you.")


def test_an_interest_takes_the_place_of_the_closest_only_where_it_counts() -> None:
    both = f"Matches “{SHIPS}”. {SAID['recurrence']}"
    assert picked(ALL, TASTE, SHIPS).reason == both
    without = f"{SAID['recurrence']} {SAID['novelty']}"
    assert picked(ALL, weighing(interest=0.0), SHIPS).reason == without


def test_the_phrase_that_matches_best_is_named() -> None:
    pick = picked(NAMED, TASTE, interests="split kettles, split hives, hives of bees")
    assert pick.reason == "Matches “split hives”."


def test_a_phrase_of_which_half_is_missing_is_not_said() -> None:
    first = unlike(10).split()[0]
    assert picked(NAMED, TASTE, f"split hives {first}").reason == "New to you."
    assert picked(NAMED, TASTE, "hives, bees").reason == "Matches “hives”."


def test_a_word_alone_is_a_mention_and_not_a_theme() -> None:
    """One word of a text that is about something else: marked up, and not said."""
    pick = picked(candidate(4, "Shipyards paint hulls red to hide rust, like hives."), TASTE)
    assert pick.reason == "New to you."
    assert pick.signals["interest"] > 0
