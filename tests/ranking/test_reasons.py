"""Reasons say what decided, and nothing where there is nothing: a signal that weighs nothing is
never named."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.domain.model import Candidate, Insight, Issue, Pick, SelectionSettings
from newsletter.language.words import words
from newsletter.ranking.echoes import NAMED_FROM
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import SIGNALS, Day, Reader
from newsletter.ranking.votes import About, Example, about
from tests.builders import TASTE, TODAY, candidate, unlike

SENT = Insight(1, "Kettles on ships boil at a lower heat high in the Andes.", TODAY - timedelta(40))
KIN = candidate(2, "Kettles on ships boil at a lower heat: a jet of steam sheds rings of air.")
SHOWS = ("Slow Boil", "Deck Hands")
OFTEN = replace(candidate(3, unlike(3)), brief_count=5, shows=SHOWS)
NAMED = candidate(4, "Beekeepers split hives in May.", topics=("hives",))
SAID = {
    "interest": "You follow “hives”.",
    "recurrence": "Two shows said this: Slow Boil and Deck Hands.",
    "novelty": "You read on Friday: “Kettles on ships boil at a lower heat high in the Andes”.",
}
SPEAKS_FOR = {"interest": NAMED, "recurrence": OFTEN, "novelty": KIN}
LENIENT = replace(TASTE, twin_limit=1.0)
"""What restates may be picked, so that there is something that was read to name."""


def issue(
    chosen: Candidate,
    settings: SelectionSettings,
    interests: str = "hives",
    ago: int = 1,
    language: str = "en",
    examples: tuple[Example, ...] = (),
) -> Issue:
    others = [candidate(number, unlike(number)) for number in range(10, 12)]
    archive = [SENT, *(each.insight for each in (chosen, *others))]
    day = Day(TODAY, [chosen, *others], archive, settings.window_days, words=words(language))
    sent: dict[int, date] = {SENT.id: TODAY - timedelta(ago)}
    return choose(day, Reader(interests, sent, examples), settings)


def picked(
    chosen: Candidate,
    settings: SelectionSettings,
    interests: str = "hives",
    examples: tuple[Example, ...] = (),
) -> Pick:
    return pick_of(issue(chosen, settings, interests, examples=examples), chosen)


def pick_of(made: Issue, chosen: Candidate) -> Pick:
    (pick,) = [pick for pick in made.picks if pick.insight_id == chosen.insight.id]
    return pick


def weighing(**weights: float) -> SelectionSettings:
    return replace(LENIENT, weights={**TASTE.weights, **weights})


@pytest.mark.parametrize("signal", SAID)
def test_each_signal_is_named_where_it_weighs(signal: str) -> None:
    assert picked(SPEAKS_FOR[signal], LENIENT).reason == SAID[signal]


@pytest.mark.parametrize("signal", SAID)
def test_a_signal_that_weighs_nothing_is_not_named(signal: str) -> None:
    assert picked(SPEAKS_FOR[signal], weighing(**{signal: 0.0})).reason == ""


@pytest.mark.parametrize("signal", SAID)
def test_the_least_weight_is_a_weight(signal: str) -> None:
    assert picked(SPEAKS_FOR[signal], weighing(**{signal: 1e-9})).reason == SAID[signal]


def test_that_it_is_new_is_no_reason() -> None:
    made = issue(NAMED, TASTE, interests="")
    assert [pick.reason for pick in made.picks] == [""] * len(made.picks)


SHIPS = "kettles on ships"
ALL = replace(KIN, brief_count=5, shows=SHOWS)
"""Every signal speaks for it."""


@pytest.mark.parametrize("only", SIGNALS)
def test_what_is_said_comes_from_the_one_signal_that_decided(only: str) -> None:
    settings = replace(LENIENT, weights={**dict.fromkeys(SIGNALS, 0.0), only: 1.0})
    said = {
        **SAID,
        "interest": f"You follow “{SHIPS}”.",
        "votes": "You asked for more of Show 2.",
    }
    liked = (Example(999, True, about("Show 2", ())), Example(998, False, about("", ())))
    assert picked(ALL, settings, SHIPS, liked).reason == said.get(only, "")


@pytest.mark.parametrize(
    ("liked", "reason"),
    [
        (about("Show 4", ()), "You asked for more of Show 4."),
        (about("Another", ("Hives", "Looms")), "You asked for more about “hives”."),
        (about("Another", ("Looms",)), ""),
    ],
)
def test_what_was_asked_for_is_named(liked: About, reason: str) -> None:
    """A topic is named only where the candidate has it itself."""
    examples = (Example(99, True, liked), *(Example(n, False, about("", ())) for n in (97, 98)))
    assert picked(NAMED, TASTE, "", examples).reason == reason
    assert picked(NAMED, weighing(votes=0.0), "", examples).reason == ""


def test_words_like_those_asked_for_are_a_reason_without_a_name() -> None:
    near = replace(NAMED, insight=Insight(4, f"{SENT.text} So do kettles.", TODAY), topics=())
    liked = (Example(SENT.id, True, about("", ())), Example(10, False, about("", ())))
    assert picked(near, weighing(novelty=0.0), "", liked).reason == "You asked for more like this."
    assert picked(near, weighing(novelty=0.0), SHIPS, liked).reason == f"You follow “{SHIPS}”."


def test_an_interest_takes_the_place_of_what_was_read_only_where_it_counts() -> None:
    both = f"You follow “{SHIPS}”. {SAID['recurrence']}"
    assert picked(ALL, LENIENT, SHIPS).reason == both
    without = f"{SAID['recurrence']} {SAID['novelty']}"
    assert picked(ALL, weighing(interest=0.0), SHIPS).reason == without


def test_the_phrase_that_matches_best_is_named() -> None:
    pick = picked(NAMED, TASTE, interests="split kettles, split hives, hives of bees")
    assert pick.reason == "You follow “split hives”."


def test_a_phrase_of_which_half_is_missing_is_not_said() -> None:
    first = unlike(10).split()[0]
    assert picked(NAMED, TASTE, f"split hives {first}").reason == ""
    assert picked(NAMED, TASTE, "hives, bees").reason == "You follow “hives”."


def test_a_word_alone_is_a_mention_and_not_a_theme() -> None:
    """One word of a text that is about something else: marked up, and not said."""
    pick = picked(candidate(4, "Shipyards paint hulls red to hide rust, like hives."), TASTE)
    assert pick.reason == ""
    assert pick.signals["interest"] > 0


@pytest.mark.parametrize(
    ("shows", "said"),
    [
        ((), ""),
        (("A",), ""),
        (("A", "B"), "Two shows said this: A and B."),
        (("A", "B", "C"), "Three shows said this: A, B and C."),
        (("A", "B", "C", "D"), "4 shows said this, among them A, B and C."),
    ],
)
def test_shows_are_named_where_there_are_two(shows: tuple[str, ...], said: str) -> None:
    often = replace(OFTEN, shows=shows)
    assert picked(often, TASTE).reason == said


@pytest.mark.parametrize(
    ("ago", "day"), [(1, "Friday"), (6, "Sunday"), (7, "7 March"), (40, "2 February")]
)
def test_what_was_read_has_its_day(ago: int, day: str) -> None:
    reason = pick_of(issue(KIN, LENIENT, ago=ago), KIN).reason
    assert reason.startswith(f"You read on {day}: “")


def test_what_is_no_restatement_is_not_named() -> None:
    chance = candidate(2, "Kettles on ships whistle high: a jet of steam sheds rings of air.")
    pick = picked(chance, TASTE)
    assert 0 < pick.echoes[0].similarity < NAMED_FROM
    assert (pick.reason, pick.related) == ("", ())


def test_what_the_reason_quotes_is_no_footnote_of_it() -> None:
    quoting = picked(KIN, LENIENT)
    assert SENT.text.rstrip(".") in quoting.reason
    assert quoting.related == ()
    silent = picked(KIN, weighing(novelty=0.0))
    assert [echo.insight_id for echo in silent.related] == [SENT.id]


def test_a_long_claim_is_quoted_up_to_a_clause() -> None:
    long = "Kettles on ships boil at a lower heat, because there the galley lies below the water"
    sent = replace(SENT, text=f"{long} line and the cook has the patience to wait for it.")
    day = Day(TODAY, [KIN], [sent, KIN.insight], 14)
    settings = replace(LENIENT, minimum=1)
    (pick,) = choose(day, Reader("", {SENT.id: TODAY - timedelta(1)}), settings).picks
    assert pick.reason == "You read on Friday: “Kettles on ships boil at a lower heat”."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Sie folgen „hives“."),
        ("fr", "Vous suivez «\u00a0hives\u00a0»."),
        ("es", "Usted sigue «hives»."),
    ],
)
def test_reasons_are_written_in_the_newsletters_language(language: str, said: str) -> None:
    assert pick_of(issue(NAMED, TASTE, language=language), NAMED).reason == said
