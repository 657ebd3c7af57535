from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.sections import Weights
from newsletter.domain.model import Candidate, Editing, Insight
from newsletter.ranking.signals import SIGNALS, Day, Reader, score, signals
from tests.builders import TODAY, candidate, unlike


def a_day(*candidates: Candidate, window_days: int = 14) -> Day:
    return Day(TODAY, candidates, [one.insight for one in candidates], window_days)


def reader(interests: str = "", **heard: date) -> Reader:
    return Reader(interests, {int(key[1:]): when for key, when in heard.items()})


def test_every_signal_has_a_weight_in_the_configuration() -> None:
    assert set(SIGNALS) == set(Weights.__struct_fields__)


def test_candidates_stand_newest_first_then_by_id() -> None:
    day = a_day(
        candidate(3, "c"), candidate(1, "a", TODAY - timedelta(1)), candidate(2, "b"),
    )  # fmt: skip
    assert [one.insight.id for one in day.candidates] == [2, 3, 1]


def test_novelty_is_against_what_this_reader_was_sent() -> None:
    told, again = "A kettle boils sooner when clean.", "A clean kettle boils sooner."
    day = a_day(candidate(1, told), candidate(2, again), candidate(3, unlike(3)))
    assert SIGNALS["novelty"](day, reader()).tolist() == [1, 1, 1]
    heard = SIGNALS["novelty"](day, reader(i1=TODAY))
    assert heard[0] == pytest.approx(0, abs=0.01)
    assert heard[1] < 0.3
    assert heard[2] == pytest.approx(1, abs=0.01)


def test_heard_insights_that_the_archive_lost_are_passed_over() -> None:
    assert SIGNALS["novelty"](a_day(candidate(1, "a")), reader(i99=TODAY)).tolist() == [1]


def test_recurrence_grows_with_the_briefs() -> None:
    day = a_day(*(candidate(n, unlike(n), brief_count=n) for n in (1, 2, 4)))
    assert SIGNALS["recurrence"](day, reader()).tolist() == [0, 0.5, 0.75]


def test_freshness_halves_every_week() -> None:
    day = a_day(*(candidate(n, unlike(n), TODAY - timedelta(days)) for n, days in ((1, 0), (2, 7))))
    assert SIGNALS["freshness"](day, reader()).tolist() == [1, 0.5]


def test_interest_is_the_best_match_with_any_phrase() -> None:
    day = a_day(
        candidate(1, "The chip supply chain runs on one ferry."),
        candidate(2, "A supply of kettles."),
        candidate(3, "Sleeping late is no sin.", topics=("sleep science",)),
        candidate(4, unlike(4)),
    )
    interest = SIGNALS["interest"](day, reader("chip supply chains, sleep science,, "))
    assert interest[0] > interest[2] > 0.5
    assert interest[1] < 0.5
    assert interest[3] < 0.2


def test_interests_of_no_word_match_nothing() -> None:
    day = a_day(candidate(1, unlike(1)))
    for interests in ("", " , ", "!!!", "not ferries"):
        assert SIGNALS["interest"](day, reader(interests)).tolist() == [0]


def test_nobody_with_interests_costs_nothing() -> None:
    day = a_day(candidate(1, unlike(1)))
    signals(day, reader())
    assert "matcher" not in vars(day)


def test_the_score_is_the_weighted_mean() -> None:
    values = {"novelty": np.array([1.0, 0.0]), "freshness": np.array([0.0, 1.0])}
    assert score(values, {"novelty": 3, "freshness": 1}).tolist() == [0.75, 0.25]


def test_every_signal_lies_between_nought_and_one() -> None:
    day = a_day(
        *(candidate(n, unlike(n), TODAY - timedelta(n), brief_count=n) for n in range(1, 9))
    )
    for values in signals(day, reader("granite", i2=TODAY)).values():
        assert values.shape == (8,)
        assert ((values >= 0) & (values <= 1)).all()


@given(st.frozensets(st.integers(0, 12)), st.lists(st.integers(0, 12)))
def test_what_was_sent_is_told_from_what_was_not(sent: frozenset[int], asked: list[int]) -> None:
    known = Reader("", dict.fromkeys(sent, TODAY)).was_sent(np.array(asked, dtype=np.int64))
    assert known.tolist() == [number in sent for number in asked]


def test_aged_is_what_is_older_than_the_window_and_not_blocked() -> None:
    texts = [(number, TODAY - timedelta(days)) for number, days in enumerate((0, 13, 14, 15, 400))]
    archive = [Insight(number, unlike(number), on) for number, on in texts]
    assert Day(TODAY, [], archive, 14).aged == {2, 3, 4}
    blocked = Editing(blocked=frozenset({0, 3}))
    assert Day(TODAY, [], archive, 14, editing=blocked).aged == {2, 4}
