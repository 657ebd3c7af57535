"""What the editor pinned is picked first, and what is blocked is named to nobody."""

from dataclasses import replace
from datetime import timedelta

from newsletter.domain.model import Editing, Insight, Issue
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader
from tests.builders import TASTE, TODAY, candidate, unlike

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
RESTATED = "Descale the kettle every month and it boils a litre about forty seconds sooner."


def made(editing: Editing, *heard: int, count: int = 9, aged: tuple[Insight, ...] = ()) -> Issue:
    candidates = [candidate(number, unlike(number)) for number in range(10, 10 + count)]
    candidates.append(candidate(2, RESTATED))
    archive = [Insight(1, KETTLE, TODAY - timedelta(40)), *(each.insight for each in candidates)]
    day = Day(TODAY, candidates, archive, TASTE.window_days, editing=editing)
    return choose(day, Reader("", dict.fromkeys(heard, TODAY - timedelta(1))), TASTE)


def ids(issue: Issue) -> list[int]:
    return [pick.insight_id for pick in issue.picks]


def test_pinned_ones_lead_in_their_order_and_the_rest_is_chosen_as_ever() -> None:
    plain = ids(made(Editing()))
    pinned = made(Editing(pinned=(18, 2)))
    assert ids(pinned)[:2] == [18, 2]
    assert ids(pinned)[2:] == [each for each in plain if each not in (18, 2)][:3]
    assert [pick.pinned for pick in pinned.picks] == [True, True, False, False, False]


def test_only_what_is_pinned_is_moved_to_the_top() -> None:
    plain = ids(made(Editing()))
    for pinned in (11, 14, 18):
        rest = [each for each in plain if each != pinned]
        assert ids(made(Editing(pinned=(pinned,)))) == [pinned, *rest][:5]


def test_no_limit_keeps_a_pinned_one_out_but_having_been_sent_it_does() -> None:
    assert 2 not in ids(made(Editing(), 1)), "it restates what was sent"
    restated = made(Editing(pinned=(2,)), 1)
    assert ids(restated)[0] == 2
    assert restated.picks[0].reason.startswith("You read on Friday: “A kettle descaled monthly")
    assert 2 not in ids(made(Editing(pinned=(2,)), 2))


def test_pinned_ones_count_and_never_exceed_the_count() -> None:
    few = made(Editing(pinned=(10,)), count=2)
    assert len(few.picks) == TASTE.minimum
    many = made(Editing(pinned=(10, 11, 12, 13, 14, 15, 16)))
    assert ids(many) == [10, 11, 12, 13, 14]
    assert {each.why for each in many.runners_up} == {"every pick was pinned by the editor"}


def test_a_runner_up_is_compared_with_what_was_chosen_and_not_with_what_was_pinned() -> None:
    low = replace(candidate(18, unlike(18)).insight, date=TODAY - timedelta(13))
    for each in made(Editing(pinned=(low.id,))).runners_up:
        assert "pick 1 has" not in each.why


def test_what_is_blocked_is_quoted_and_related_nowhere() -> None:
    quoting = made(Editing(pinned=(2,)), 1).picks[0]
    assert quoting.reason
    silent = made(Editing(pinned=(2,), blocked=frozenset({1})), 1).picks[0]
    assert (silent.reason, silent.related) == ("", ())
    unread = made(Editing(pinned=(2,))).picks[0]
    assert [echo.insight_id for echo in unread.related] == [1]
    hidden = made(Editing(pinned=(2,), blocked=frozenset({1}))).picks[0]
    assert hidden.related == ()


def test_picks_in_the_editors_order_exchange_their_ranks_and_the_others_keep_theirs() -> None:
    first, second, third, fourth, fifth = ids(made(Editing()))
    ordered = made(Editing(order=(fifth, 99, second)))
    assert ids(ordered) == [first, fifth, third, fourth, second]
    assert [pick.rank for pick in ordered.picks] == [1, 2, 3, 4, 5]
    assert ids(made(Editing(pinned=(18,), order=(first, 18))))[:2] == [first, 18]
    assert ids(made(Editing(order=()))) == [first, second, third, fourth, fifth]
