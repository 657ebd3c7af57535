"""The five picks: never the same twice, never a twin, never a footnote of tomorrow."""

import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Candidate, Insight, Issue, SelectionSettings
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader
from tests.builders import TASTE, TODAY, candidate, unlike

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner, says the repair guild."
AKIN = "Kettles in villages lose to stoves, where a litre of tea is boiled sooner over wood."
RESTATED = "Descale the kettle every month and it boils a litre about forty seconds sooner."


def pick(*candidates: Candidate, heard: dict[int, int] | None = None,
         taste: SelectionSettings = TASTE,
         archive: tuple[Insight, ...] = (), interests: str = "") -> Issue:  # fmt: skip
    """``heard`` maps an insight's id to how many days ago it was sent."""
    known = [*archive, *(one.insight for one in candidates)]
    dates = {key: TODAY - timedelta(days) for key, days in (heard or {}).items()}
    return choose(Day(TODAY, candidates, known, taste.window_days), Reader(interests, dates), taste)


def strangers(count: int, start: int = 10) -> list[Candidate]:
    return [candidate(number, unlike(number)) for number in range(start, start + count)]


def ids(issue: Issue) -> list[int]:
    return [one.insight_id for one in issue.picks]


def test_five_are_picked_and_ranked() -> None:
    issue = pick(*strangers(9))
    assert [one.rank for one in issue.picks] == [1, 2, 3, 4, 5]
    assert len(set(ids(issue))) == 5
    assert issue.date == TODAY


def test_what_was_sent_is_never_sent_again() -> None:
    issue = pick(*strangers(7), heard={10: 1, 11: 1, 12: 9})
    assert set(ids(issue)) == {13, 14, 15, 16}


def test_a_restatement_of_what_was_sent_is_left_out_and_told() -> None:
    old = Insight(1, KETTLE, TODAY - timedelta(30))
    issue = pick(candidate(2, RESTATED), *strangers(5), heard={1: 3}, archive=(old,))
    assert 2 not in ids(issue)
    (why,) = [one.why for one in issue.runners_up if one.insight_id == 2]
    assert why.startswith("restates what was sent on 11 March: “A kettle descaled")


def test_two_fresh_twins_are_not_picked_together() -> None:
    issue = pick(candidate(1, KETTLE), candidate(2, RESTATED), *strangers(3))
    assert len({1, 2} & set(ids(issue))) == 1
    assert "says the same as pick" in next(one.why for one in issue.runners_up)


def test_the_limit_per_brief_gives_way_rather_than_sending_fewer() -> None:
    crowd = [candidate(number, unlike(number), brief_id=1) for number in range(10, 16)]
    issue = pick(*crowd, *strangers(3, start=20))
    assert len([one for one in ids(issue) if one < 20]) == 2
    assert len(ids(pick(*crowd))) == 5


def test_why_not_names_the_rule_that_kept_it_out() -> None:
    crowd = [candidate(number, unlike(number), brief_id=1) for number in range(10, 14)]
    weaker = [candidate(n, unlike(n), TODAY - timedelta(9), brief_id=n) for n in range(20, 24)]
    why = {one.insight_id: one.why for one in pick(*crowd, *weaker).runners_up}
    assert why[12] == why[13] == "2 picks from its brief already"
    assert why[23] == "level with pick 5, which came in first"


def reasons(issue: Issue) -> dict[int, str]:
    return {one.insight_id: one.why for one in issue.runners_up}


def test_what_scored_lower_is_told_by_how_much() -> None:
    older = candidate(20, unlike(20), TODAY - timedelta(1))
    near = candidate(21, unlike(21), TODAY)
    issue = pick(*strangers(5), older, near, taste=replace(TASTE, count=6))
    lowest = min(one.score for one in issue.picks)
    (left,) = issue.runners_up
    assert left.why == f"scored lower than every pick: pick 1 has {lowest - left.score:.2f} more"
    faint = replace(TASTE, count=6, weights={**TASTE.weights, "freshness": 0.001})
    (left,) = pick(*strangers(5), older, near, taste=faint).runners_up
    assert left.why == "scored lower than every pick: pick 1 has 0.000045 more"


def test_ties_are_told_by_what_broke_them() -> None:
    undated = replace(TASTE, weights={**TASTE.weights, "freshness": 0.0})
    older = candidate(9, unlike(9), TODAY - timedelta(2))
    assert reasons(pick(*strangers(5), older, taste=undated)) == {
        9: "level with pick 5, which is newer"
    }
    assert reasons(pick(*strangers(6))) == {15: "level with pick 5, which came in first"}


def test_the_mark_down_for_resembling_a_pick_is_told() -> None:
    loose = replace(TASTE, twin_limit=1.0, count=3)
    some = candidate(1, KETTLE), candidate(2, AKIN), *strangers(2)
    (why,) = reasons(pick(*some, taste=loose)).values()
    assert re.fullmatch(
        r"resembles pick 1 \(0\.\d\d\), and is marked down for it below pick 3", why
    )
    level = replace(loose, diversity=0.0)
    assert reasons(pick(*some, taste=level)) == {11: "level with pick 3, which came in first"}
    often = replace(strangers(4)[3], brief_count=5)
    only = replace(loose, diversity=1.0)
    (why,) = reasons(pick(*strangers(3), often, taste=only)).values()
    assert why == "level with pick 3, which came in first", "the score does not count"


def test_without_picks_nothing_is_said_of_any() -> None:
    issue = pick(*strangers(2))
    assert set(reasons(issue)) == {10, 11}
    assert set(reasons(issue).values()) == {
        "too few are new: 2, and an issue needs 3 (selection.minimum)"
    }
    twins = pick(candidate(1, KETTLE), candidate(2, RESTATED), candidate(3, unlike(3)))
    assert twins.picks == ()
    assert reasons(twins)[2].startswith("says the same as “A kettle descaled monthly")
    old = Insight(1, KETTLE, TODAY - timedelta(30))
    few = pick(candidate(2, RESTATED), heard={1: 3}, archive=(old,))
    assert reasons(few)[2].startswith("restates what was sent on 11 March")


def test_too_few_worthy_ones_are_no_issue() -> None:
    assert pick(*strangers(2)).picks == ()
    assert len(pick(*strangers(3)).picks) == 3
    assert pick().picks == ()
    assert pick(*strangers(5), heard={10: 1, 11: 1, 12: 1}).picks == ()


def test_interests_lift_what_they_name() -> None:
    hives = candidate(99, "Beekeepers split hives in May, before the bees swarm.")
    issue = pick(*strangers(9), hives, interests="split hives")
    assert ids(issue)[0] == 99
    assert issue.picks[0].reason == "You follow “split hives”."


def test_what_a_reader_does_not_want_is_never_picked() -> None:
    hives = candidate(99, "Beekeepers split hives in May.", brief_count=9)
    issue = pick(*strangers(3), hives, interests="bees, not hives")
    assert 99 not in ids(issue)
    assert reasons(issue)[99] == "about “hives”, which this reader does not want"
    assert pick(*strangers(2), hives, interests="not hives").picks == ()


def test_related_are_old_or_were_read_and_never_candidates() -> None:
    aged = Insight(
        1, "Old kettles descaled monthly boil sooner than new ones.", TODAY - timedelta(60)
    )
    fresh_kin = candidate(3, "New kettles, descaled monthly or not, cost more than old ones.")
    main = candidate(2, "Descaled kettles cost a village less fuel than new stoves do.")
    loose = replace(TASTE, twin_limit=1.0)
    issue = pick(main, fresh_kin, *strangers(3), archive=(aged,), taste=loose)
    related = {one.insight_id for chosen in issue.picks for one in chosen.related}
    assert related <= {1}
    assert 1 in related


def test_ties_break_the_same_way_whatever_the_order() -> None:
    some = strangers(8)
    assert ids(pick(*some)) == ids(pick(*reversed(some)))


SENTENCES = [KETTLE, RESTATED, *(unlike(number) for number in range(12))]


@given(
    st.lists(st.sampled_from(range(len(SENTENCES))), unique=True, max_size=14),
    st.sets(st.sampled_from(range(len(SENTENCES))), max_size=6),
    st.integers(1, 4),
)
def test_promises_hold_for_any_day(numbers: list[int], heard: set[int], per_brief: int) -> None:
    some = [candidate(n, SENTENCES[n], brief_id=n % 3) for n in numbers]
    archive = [Insight(n, SENTENCES[n], TODAY) for n in {*numbers, *heard}]
    day = Day(TODAY, some, archive, TASTE.window_days)
    reader = Reader("", dict.fromkeys(heard, TODAY - timedelta(1)))
    issue = choose(day, reader, replace(TASTE, per_brief=per_brief))
    chosen = [one.insight_id for one in issue.picks]
    assert not chosen or TASTE.minimum <= len(chosen) <= TASTE.count
    assert len(set(chosen)) == len(chosen)
    assert not set(chosen) & heard
    places = [[one.insight.id for one in day.candidates].index(number) for number in chosen]
    for place in places:
        twins = np.flatnonzero(day.echoes.similarities(place) >= TASTE.twin_limit).tolist()
        assert {*twins} & {*places} == {place}
    assert (day.echoes.highest(reader.ids)[places] < TASTE.twin_limit).all()
