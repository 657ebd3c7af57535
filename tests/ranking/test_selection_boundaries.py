"""Where each limit of choosing begins: exactly at it, and the least step beside it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.domain.model import Candidate, Insight, Issue, SelectionSettings
from newsletter.ranking.candidate_report import candidate_report
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import SIGNALS, Day, Reader
from tests.builders import TASTE, TODAY, candidate, unlike

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner, says the repair guild."
RESTATED = "Descale the kettle every month and it boils a litre about forty seconds sooner."
YESTERDAY = TODAY - timedelta(1)
STEP = 1e-6
"""Similarities are rounded to as much."""


def strangers(count: int, start: int = 10) -> list[Candidate]:
    return [candidate(number, unlike(number)) for number in range(start, start + count)]


def day_of(candidates: Sequence[Candidate], *archive: Insight) -> Day:
    return Day(TODAY, candidates, [*archive, *(each.insight for each in candidates)], 14)


def reader(*sent: int, interests: str = "") -> Reader:
    return Reader(interests, dict.fromkeys(sent, YESTERDAY))


def ids(issue: Issue) -> list[int]:
    return [pick.insight_id for pick in issue.picks]


def why(issue: Issue, insight_id: int) -> str:
    (reason,) = [each.why for each in issue.runners_up if each.insight_id == insight_id]
    return reason


@pytest.fixture(scope="module")
def sent_before() -> Day:
    """Insight 2 restates insight 1, which is older than the window."""
    return day_of([candidate(2, RESTATED), *strangers(3)], Insight(1, KETTLE, date(2026, 1, 1)))


@pytest.fixture(scope="module")
def twins() -> Day:
    return day_of([candidate(1, KETTLE), candidate(2, RESTATED), *strangers(3)])


def similarity(day: Day, one: int, other: int) -> float:
    place = [each.insight.id for each in day.candidates].index(one)
    ((_, value),) = day.echoes.nearest(place, {other}, 1)
    return value


def test_what_was_sent_is_left_out_though_no_word_of_it_can_be_compared() -> None:
    """Pictures have no words: what is like nothing is not even like itself."""
    wordless = candidate(1, "🚢🚢🚢")
    day = day_of([wordless, *strangers(3)])
    assert 1 in ids(choose(day, reader(), TASTE))
    issue = choose(day, reader(1), TASTE)
    assert 1 not in {*ids(issue), *(each.insight_id for each in issue.runners_up)}
    assert 1 not in {row.insight_id for row in candidate_report(day, reader(1), TASTE, ())}


def test_at_the_twin_limit_an_insight_restates_what_was_sent(sent_before: Day) -> None:
    limit = similarity(sent_before, 2, 1)
    at, above = (replace(TASTE, twin_limit=value) for value in (limit, limit + STEP))
    assert 2 not in ids(choose(sent_before, reader(1), at))
    assert why(choose(sent_before, reader(1), at), 2).startswith("restates what was sent on 13")
    assert 2 in ids(choose(sent_before, reader(1), above))


def test_at_the_twin_limit_two_candidates_say_the_same(twins: Day) -> None:
    place = [each.insight.id for each in twins.candidates].index(1)
    limit = float(twins.echoes.similarities(place)[place + 1])
    at, above = (replace(TASTE, twin_limit=value) for value in (limit, limit + STEP))
    issue = choose(twins, reader(), at)
    assert len({1, 2} & {*ids(issue)}) == 1
    assert [each.why for each in issue.runners_up] == ["says the same as pick 1"]
    assert {1, 2} <= {*ids(choose(twins, reader(), above))}


def test_the_report_has_the_limits_of_choosing(sent_before: Day, twins: Day) -> None:
    def twin(day: Day, settings: SelectionSettings, *sent: int) -> str:
        picks = choose(day, reader(*sent), settings).picks
        rows = candidate_report(day, reader(*sent), settings, picks)
        (row,) = [row for row in rows if row.insight_id == 2]
        return row.twin

    limit = similarity(sent_before, 2, 1)
    assert twin(sent_before, replace(TASTE, twin_limit=limit), 1) == "restates what was sent"
    assert twin(sent_before, replace(TASTE, twin_limit=limit + STEP), 1) == ""
    place = [each.insight.id for each in twins.candidates].index(1)
    limit = float(twins.echoes.similarities(place)[place + 1])
    assert twin(twins, replace(TASTE, twin_limit=limit)) == "says the same as pick 1"


@pytest.mark.parametrize(("new", "picks"), [(2, 0), (3, 3), (5, 5), (6, 5)])
def test_the_minimum_and_the_count_are_inclusive(new: int, picks: int) -> None:
    issue = choose(day_of(strangers(new)), reader(), TASTE)
    assert len(issue.picks) == picks
    assert len(issue.runners_up) == new - picks


def test_five_runners_up_are_named_the_best_first() -> None:
    fresh = strangers(5)
    older = [candidate(n, unlike(n), TODAY - timedelta(n - 19)) for n in range(20, 27)]
    issue = choose(day_of([*fresh, *older]), reader(), TASTE)
    assert [each.insight_id for each in issue.runners_up] == [20, 21, 22, 23, 24]
    none = choose(day_of([*fresh, *older]), reader(), replace(TASTE, minimum=20, count=20))
    assert len(none.runners_up) == 5
    assert not none.picks


@pytest.mark.parametrize("per_brief", [1, 2, 3])
def test_a_brief_gives_as_many_picks_as_it_may(per_brief: int) -> None:
    crowd = [candidate(n, unlike(n), brief_id=1, brief_count=9) for n in range(10, 15)]
    issue = choose(day_of([*crowd, *strangers(5, start=20)]), reader(), replace(
        TASTE, per_brief=per_brief))  # fmt: skip
    assert len([number for number in ids(issue) if number < 20]) == per_brief


def test_the_limit_per_brief_gives_way_only_for_as_many_as_are_missing() -> None:
    crowd = [candidate(number, unlike(number), brief_id=1) for number in range(10, 16)]
    issue = choose(day_of([*crowd, *strangers(2, start=20)]), reader(), TASTE)
    assert {20, 21} < {*ids(issue)}
    assert len(issue.picks) == 5


def test_three_echoes_are_kept_and_the_two_that_no_reason_quotes_are_related() -> None:
    earlier = [
        Insight(number, f"{KETTLE} {unlike(number)}", date(2026, 1, number))
        for number in range(1, 6)
    ]
    day = day_of([candidate(9, RESTATED), *strangers(3)], *earlier)
    issue = choose(day, reader(1, 2, 3, 4, 5), replace(TASTE, twin_limit=1.0))
    (pick,) = [pick for pick in issue.picks if pick.insight_id == 9]
    assert len(pick.echoes) == 3
    assert str(pick.echoes[0].text).partition(".")[0] in pick.reason
    assert pick.related == pick.echoes[1:3]
    assert [echo.similarity for echo in pick.echoes] == sorted(
        (echo.similarity for echo in pick.echoes), reverse=True
    )
    assert all(echo.heard == YESTERDAY for echo in pick.echoes)


def test_a_pick_holds_all_that_is_known_of_it() -> None:
    day = day_of(strangers(4))
    for rank, pick in enumerate(choose(day, reader(), TASTE).picks, start=1):
        (source,) = [each for each in day.candidates if each.insight.id == pick.insight_id]
        assert (pick.rank, pick.text, pick.citation) == (rank, source.insight.text, source.citation)
        assert set(pick.signals) == set(SIGNALS) - {"votes"}
        assert (pick.signals["novelty"], pick.signals["recurrence"]) == (1.0, 0.0)
        assert (pick.signals["freshness"], pick.signals["interest"]) == (1.0, 0.0)
        weights = TASTE.weights
        weighed = sum(weights[name] * value for name, value in pick.signals.items())
        mean = weighed / sum(weights[name] for name in pick.signals)
        assert pick.score == pytest.approx(mean, abs=1e-6)
    (left,) = choose(day, reader(), replace(TASTE, count=3)).runners_up
    assert left.text == unlike(left.insight_id)
    assert left.signals["novelty"] == 1.0
    assert left.score == pytest.approx(mean, abs=1e-6)


def test_an_empty_day_is_an_empty_issue() -> None:
    day = day_of([])
    assert choose(day, reader(), TASTE) == Issue(TODAY, ())
    assert candidate_report(day, reader(), TASTE, ()) == []


def test_related_are_the_nearest_first_and_none_that_is_hardly_like_it() -> None:
    aged = [
        Insight(1, "A kettle is for sale.", date(2026, 1, 1)),
        Insight(2, "A kettle descaled monthly boils sooner, and lasts.", date(2026, 1, 2)),
        Insight(3, RESTATED, date(2026, 1, 3)),
    ]
    day = day_of([candidate(9, KETTLE), *strangers(3)], *aged)
    loose = replace(TASTE, twin_limit=1.0)
    related = {pick.insight_id: pick.related for pick in choose(day, reader(), loose).picks}
    assert [echo.insight_id for echo in related[9]] == [3, 2]
    alone = day_of([candidate(9, KETTLE), *strangers(3)], aged[0])
    assert all(pick.related == () for pick in choose(alone, reader(), loose).picks)
