"""Five that are not alike: themes, shows, interests that wait, who leads, and what is thin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.model import LEADS_BELOW, Candidate, Citation, Editing, Insight, Issue
from newsletter.ranking.candidate_report import candidate_report
from newsletter.ranking.limits import theme_of
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader
from newsletter.ranking.state import ranking_state
from newsletter.ranking.variety import (
    BARE,
    ECHOING,
    MARKDOWN,
    SAME_BRIEF,
    SHOWN_LATELY,
    THEME_FROM,
    UNSOURCED,
)
from tests.builders import TASTE, TODAY, candidate, unlike

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner, says the repair guild."
AKIN = "Kettles lose to stoves in villages, where a litre is boiled over wood for nothing."
LONG_AGO = TODAY - timedelta(60)


def day_of(
    candidates: Sequence[Candidate], *archive: Insight, editing: Editing | None = None
) -> Day:
    known = [*archive, *(each.insight for each in candidates)]
    return Day(TODAY, candidates, known, TASTE.window_days, editing=editing or Editing())


def about(word: str, number: int) -> str:
    """A text of its own about something: no twin of the others."""
    return f"{unlike(number)} {unlike(number + 50)} {unlike(number + 100)} A {word} in {number}."


def issue(*candidates: Candidate, interests: str = "", **heard: int) -> Issue:
    """``heard``: "i7=2" is insight 7, sent two days ago."""
    dates = {int(key[1:]): TODAY - timedelta(ago) for key, ago in heard.items()}
    return choose(day_of(candidates), Reader(interests, dates), TASTE)


def strangers(count: int, start: int = 10, **about: object) -> list[Candidate]:
    return [candidate(number, unlike(number), **about) for number in range(start, start + count)]  # type: ignore[arg-type]


def older(candidates: Sequence[Candidate], days: int = 9) -> list[Candidate]:
    return [
        replace(each, insight=replace(each.insight, date=TODAY - timedelta(days)))
        for each in candidates
    ]


def ids(made: Issue) -> list[int]:
    return [pick.insight_id for pick in made.picks]


def why(made: Issue) -> dict[int, str]:
    return {each.insight_id: each.why for each in made.runners_up}


class TestThemes:
    def test_no_more_than_two_share_a_topic(self) -> None:
        energy = strangers(4, topics=("Energy",))
        made = issue(*energy, *older(strangers(4, start=20)))
        assert len([number for number in ids(made) if number < 20]) == 2
        assert why(made)[12] == why(made)[13] == "2 picks on its theme already"

    def test_a_topic_is_the_same_however_it_is_spelt(self) -> None:
        energy = [
            *strangers(2, topics=("Energy",)),
            *strangers(2, start=12, topics=("tides", "ENERGY ")),
        ]
        assert len({*ids(issue(*energy, *older(strangers(4, start=20))))} & {10, 11, 12, 13}) == 2

    def test_no_more_than_two_follow_one_of_several_interests(self) -> None:
        hives = [candidate(n, about("hives", n)) for n in range(10, 14)]
        several = issue(*hives, *strangers(4, start=20), interests="hives, lighthouses")
        assert len([number for number in ids(several) if number < 20]) == 2
        assert "2 picks on its theme already" in why(several).values()

    def test_a_reader_of_one_interest_has_as_many_as_there_are(self) -> None:
        hives = [candidate(n, about("hives", n), topics=("bees",)) for n in range(10, 16)]
        made = issue(*hives, *strangers(4, start=20), interests="hives")
        assert len([number for number in ids(made) if number < 20]) == 5

    def test_words_in_common_are_a_theme_below_the_twin_limit(self) -> None:
        texts = [
            "Old kettles lose half of their heat to the room, a lab found.",
            "Kettles lose their heat to cold rooms in winter, mostly by the lid.",
        ]
        day = day_of([candidate(1, texts[0]), candidate(2, texts[1]), *strangers(3)])
        place = [each.insight.id for each in day.candidates].index(1)
        similar = day.echoes.similarities(place)
        mates = day.variety.theme(place)
        assert mates.tolist() == (similar >= THEME_FROM).tolist()

    def test_the_limit_gives_way_rather_than_sending_fewer(self) -> None:
        assert len(ids(issue(*strangers(6, topics=("energy",))))) == 5
        made = issue(*strangers(6, topics=("energy",)), *older(strangers(1, start=20), 13))
        assert 20 in ids(made), "only for as many as are missing"


class TestShows:
    @staticmethod
    def of(show: str, numbers: range) -> list[Candidate]:
        about = Citation(podcast=show)
        return [replace(candidate(n, unlike(n)), citation=about) for n in numbers]

    def test_no_more_from_one_show_than_from_one_brief(self) -> None:
        made = issue(*self.of("Slow Boil", range(10, 14)), *older(strangers(4, start=20)))
        assert len([number for number in ids(made) if number < 20]) == TASTE.per_brief
        assert why(made)[12] == "2 picks from its show already"

    def test_what_names_no_show_is_from_its_brief(self) -> None:
        """Nor is a likeness named that is none, beside what counts."""
        noted = [candidate(n, unlike(n), brief_id=1) for n in range(10, 12)]
        noted = [replace(each, citation=Citation(episode="Notes")) for each in noted]
        made = issue(*noted, *strangers(4, start=20), i30=1)
        assert why(made)[11] == f"{SAME_BRIEF}, and is marked down for it below pick 5"

    def test_what_names_no_show_is_of_none(self) -> None:
        unnamed = self.of("", range(10, 15))
        made = issue(*unnamed, *older(self.of("A", range(20, 22))))
        assert len({*ids(made)} & {*range(10, 15)}) == 5

    def test_shows_rotate(self) -> None:
        """The last issue's shows come after others that are as good."""
        seen, again = self.of("Slow Boil", range(10, 12))
        made = issue(seen, again, *strangers(5, start=20), i10=1)
        assert 11 not in ids(made)
        assert why(made)[11] == f"{SHOWN_LATELY}, and is marked down for it below pick 5"
        before = issue(seen, again, *strangers(6, start=20), i10=5, i25=1)
        assert 11 in ids(before), "only the last issue's"


class TestThin:
    SOURCED = Citation(podcast="Slow Boil")

    @pytest.mark.parametrize(
        ("text", "bare"),
        [
            ("One bare sentence.", True),
            ("One without an end", True),
            ("Two. They are enough.", False),
            ("In the U.S. it is 3.5 times as much.", True),
            ("A question? And its answer.", False),
        ],
    )
    def test_one_sentence_is_bare(self, text: str, bare: bool) -> None:  # noqa: FBT001
        assert day_of([candidate(1, text)]).variety.bare.tolist() == [bare]

    def test_what_is_thin_comes_after_what_is_as_good(self) -> None:
        whole = [candidate(n, f"{unlike(n)} {unlike(n + 50)}") for n in range(10, 15)]
        made = issue(*whole, candidate(1, unlike(1)))
        assert why(made) == {1: "level with pick 5, which came in first"} or why(made)[
            1
        ].startswith(BARE)
        assert 1 not in ids(made)

    @pytest.mark.parametrize(
        ("citation", "unsourced"),
        [
            (Citation(), True),
            (Citation(speaker="Ada"), True),
            (Citation(podcast="A"), False),
            (Citation(episode="1"), False),
            (Citation(url="https://a.example/"), False),
        ],
    )
    def test_what_says_nowhere_where_it_was_said(self, citation: Citation, unsourced: bool) -> None:  # noqa: FBT001
        given_ = replace(candidate(1, unlike(1)), citation=citation)
        assert day_of([given_]).variety.unsourced.tolist() == [unsourced]
        made = issue(given_, *strangers(5))
        assert (1 not in ids(made)) is unsourced
        if unsourced:
            assert why(made)[1] == f"{UNSOURCED}, and is marked down for it below pick 5"

    def test_the_mark_down_is_bounded_and_leaves_the_score(self) -> None:
        poor = replace(candidate(1, unlike(1)), citation=Citation())
        day = day_of([poor, *strangers(2)])
        state = ranking_state(day, Reader("", {}), TASTE)
        assert np.ptp(state.worth) <= 3 * MARKDOWN
        assert len(set(state.scores.tolist())) == 1


class TestDueInterests:
    """Each is heard within three days when there is something."""

    OLD_HIVES = older([candidate(30, about("hives", 30))], 13)
    OFTEN = tuple(candidate(n, about("bridges", n), brief_count=9) for n in range(40, 47))

    def test_what_is_due_has_a_place_whatever_scores_more(self) -> None:
        weak = replace(TASTE, weights={**TASTE.weights, "interest": 0.001})
        crowd = [*self.OFTEN, *(replace(each, brief_count=9) for each in strangers(5))]
        day = day_of([*self.OLD_HIVES, *crowd])
        made = choose(day, Reader("bridges, hives", {}), weak)
        assert 30 in ids(made)
        assert ids(made)[0] != 30, "it has a place, not the first"

    @pytest.mark.parametrize(("ago", "served"), [(1, False), (2, False), (3, True), (9, True)])
    def test_it_is_due_after_two_days_without(self, ago: int, served: bool) -> None:  # noqa: FBT001
        weak = replace(TASTE, weights={**TASTE.weights, "interest": 0.001})
        seen = older([candidate(31, about("hives", 31))], 10)
        crowd = [replace(each, brief_count=9) for each in strangers(9)]
        day = day_of([*self.OLD_HIVES, *seen, *self.OFTEN, *crowd])
        heard = {31: TODAY - timedelta(ago)}
        made = choose(day, Reader("bridges, hives", heard), weak)
        assert (30 in ids(made)) is served

    def test_why_another_was_not_picked_is_told(self) -> None:
        crowd = [replace(each, brief_count=9) for each in strangers(9)]
        made = issue(*self.OLD_HIVES, *crowd, interests="hives")
        due = 1 + ids(made).index(30)
        waited = f"pick {due} is on “hives”, of which its reader had nothing in the last two days"
        assert waited in why(made).values() or made.picks[due - 1].score > max(
            left.score for left in made.runners_up
        )

    def test_more_phrases_than_places_have_their_turns(self) -> None:
        words = "harps", "tides", "quilts", "wolves", "spires", "ferns", "bells"
        some = [
            candidate(10 * at + n, about(word, 10 * at + n))
            for at, word in enumerate(words, start=1)
            for n in range(3)
        ]
        heard: dict[int, date] = {}
        served: set[str] = set()
        for ago in (2, 1, 0):
            now = Day(TODAY - timedelta(ago), some, [each.insight for each in some], 14)
            made = choose(now, Reader(", ".join(words), dict(heard)), TASTE)
            heard |= dict.fromkeys(ids(made), now.date)
            served |= {words[number // 10 - 1] for number in ids(made)}
        assert served == {*words}


class TestWhatMayRestate:
    """Between half of the twin limit and the limit: below, what merely resembles."""

    SENT = Insight(1, KETTLE, LONG_AGO)
    DOUBTFUL = candidate(2, "Kettles in villages lose to stoves: a litre boils sooner over wood.")
    ECHO = candidate(2, AKIN)

    def made(self, *some: Candidate, interests: str = "", weight: float = 9.0) -> Issue:
        often = [replace(each, brief_count=9) if each.insight.id == 2 else each for each in some]
        taste = replace(TASTE, weights={**TASTE.weights, "recurrence": weight})
        heard = {1: TODAY - timedelta(3)}
        return choose(day_of(often, self.SENT), Reader(interests, heard), taste)

    @staticmethod
    def resemblance(issue: Issue) -> float:
        told = {each.insight_id: each.signals for each in issue.picks}
        told |= {each.insight_id: each.signals for each in issue.runners_up}
        return 1 - told[2]["novelty"]

    def test_it_gives_way_whatever_its_score(self) -> None:
        made = self.made(self.DOUBTFUL, *strangers(5))
        assert TASTE.twin_limit / 2 <= self.resemblance(made) < TASTE.twin_limit
        assert 2 not in ids(made)
        assert "may restate what was sent or another pick (0.1, half of" in why(made)[2]

    def test_it_is_sent_rather_than_fewer(self) -> None:
        assert set(ids(self.made(self.DOUBTFUL, *strangers(4)))) == {2, 10, 11, 12, 13}

    def test_no_interest_that_waits_asks_for_it(self) -> None:
        made = self.made(self.DOUBTFUL, *strangers(5), interests="kettles")
        assert 2 not in ids(made)

    def test_of_two_that_may_restate_each_other_one_gives_way(self) -> None:
        made = issue(candidate(1, KETTLE), self.ECHO, *older(strangers(4)))
        assert set(ids(made)) == {1, 10, 11, 12, 13}
        assert "may restate what was sent or another pick" in why(made)[2]

    def test_what_only_resembles_is_marked_down(self) -> None:
        made = self.made(self.ECHO, *strangers(5), weight=0.1)
        assert LEADS_BELOW <= self.resemblance(made) < TASTE.twin_limit / 2
        assert made.runners_up[0].insight_id == 2
        assert made.runners_up[0].score > made.picks[-1].score
        assert why(made)[2].startswith(f"{ECHOING}, and is marked down for it below")


class TestTheLead:
    SENT = Insight(1, "Kettles on ships boil at a lower heat high in the Andes.", LONG_AGO)
    KIN = candidate(2, "Kettles on ships boil high up: a jet of steam sheds rings of air.")
    OFTEN = replace(KIN, brief_count=9)

    def made(self, *others: Candidate, editing: Editing | None = None) -> Issue:
        lenient = replace(TASTE, twin_limit=1.0, weights={**TASTE.weights, "recurrence": 9.0})
        day = day_of([self.OFTEN, *others], self.SENT, editing=editing)
        return choose(day, Reader("", {1: TODAY - timedelta(3)}), lenient)

    def test_what_has_an_echo_leads_no_issue(self) -> None:
        made = self.made(*strangers(4))
        assert made.picks[1].insight_id == 2, "it is next"
        assert made.picks[1].echoes[0].similarity >= LEADS_BELOW
        assert made.picks[1].score > made.picks[0].score

    def test_the_editor_may_have_it_lead(self) -> None:
        assert self.made(*strangers(4), editing=Editing(pinned=(2,))).picks[0].insight_id == 2

    def test_where_all_have_one_the_best_leads(self) -> None:
        kin = [
            replace(self.OFTEN, insight=Insight(n, f"{self.KIN.insight.text} {unlike(n)}", TODAY))
            for n in (3, 4, 5)
        ]
        made = self.made(*kin)
        assert all(not pick.may_lead for pick in made.picks)
        assert ids(made)[0] == max(made.picks, key=lambda pick: pick.score).insight_id


def test_every_rule_is_told_in_the_report() -> None:
    day = day_of([*strangers(4, topics=("energy",)), *older(strangers(4, start=20))])
    reader = Reader("", {})
    picks = choose(day, reader, TASTE).picks
    rows = {row.insight_id: row for row in candidate_report(day, reader, TASTE, picks)}
    assert rows[12].why == rows[13].why == "2 picks on its theme already"
    assert all(bool(row.why) is not bool(row.rank) for row in rows.values())


SENTENCES = [KETTLE, AKIN, *(unlike(number) for number in range(16))]
TOPICS = (), (), ("energy",), ("sleep",), ("sleep", "energy")


ENERGY = ("energy",)


@example(
    [(0, ENERGY, 0, 0), (1, (), 0, 1), *((n, ENERGY if n > 3 else (), 0, 0) for n in (2, 3, 4, 5))],
    {},
    "kettle",
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(range(len(SENTENCES))),
            st.sampled_from(TOPICS),
            st.integers(0, 4),
            st.integers(0, 13),
        ),
        unique_by=lambda each: each[0],
        max_size=16,
    ),
    st.dictionaries(st.sampled_from(range(len(SENTENCES))), st.integers(1, 9), max_size=6),
    st.sampled_from(["", "granite, harbour", "kettle"]),
)
def test_promises_hold_for_any_five(
    given_: list[tuple[int, tuple[str, ...], int, int]], sent: dict[int, int], interests: str
) -> None:
    some = [
        candidate(n, SENTENCES[n], TODAY - timedelta(ago), brief_id=brief, topics=topics)
        for n, topics, brief, ago in given_
    ]
    archive = [Insight(n, SENTENCES[n], TODAY - timedelta(13)) for n in sent]
    day = Day(TODAY, some, [*archive, *(each.insight for each in some)], 14)
    reader = Reader(interests, {n: TODAY - timedelta(ago) for n, ago in sent.items()})
    made = choose(day, reader, TASTE)
    if not made.picks:
        return
    state = ranking_state(day, reader, TASTE)
    numbers = [each.insight.id for each in day.candidates]
    picks = [numbers.index(pick.insight_id) for pick in made.picks]
    twins = np.stack([day.echoes.similarities(place) >= TASTE.twin_limit for place in picks])

    # Five whenever five are worthy and no twins; whoever is left out then is a twin.
    left = state.worthy & ~twins.any(axis=0)
    assert len(picks) == TASTE.count or not left.any()

    # Nobody who has an echo leads while another of the picks has none.
    assert made.picks[0].may_lead or not any(pick.may_lead for pick in made.picks)

    # Three are on one theme only where everything that is left would be a third as well, or may
    # restate something.
    mates = np.stack([theme_of(state, place) for place in picks])
    if (mates[:, picks].sum(axis=1) > 2).any():
        crowded = mates.sum(axis=0) >= 2
        own = mates[:, picks].sum(axis=1) >= 2
        crowded |= mates[own].any(axis=0)
        nearest = np.stack([day.echoes.similarities(place) for place in picks]).max(axis=0)
        doubtful = state.doubtful | (nearest >= state.doubt_from)
        assert (crowded | doubtful)[left].all()
    assert all(a.rank + 1 == b.rank for a, b in pairwise(made.picks))
