"""Grounded or out: each rule by itself, and all together on the labelled claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.grounding import SETS, SUBTLE_SETS, measures, passages, subtle, told_apart
from newsletter.domain.episode import Episode, Segment
from newsletter.ingest.writer.form import fault_of_form
from newsletter.ingest.writer.grounding import RULES, Support, fault, restates

FAULTS = ("length", "markup", "instruction", "repetition", "first person", "about itself")
SAID = (
    "We measured 412 ovens with Paul Keller, and the old stone ones lost eighteen percent of their"
    " heat overnight. They don't cool down quickly, it's the mass.",
    "The steel ones lost nearly half. Nobody could taste it. More bakers buy them every year.",
)
EPISODE = Episode(
    "g", "Ovens that remember", "Crumb and Crust", speakers=("Mara Lind", "Joost Bos")
)


def support(*said: str, speaker: str = "Mara Lind", episode: Episode = EPISODE) -> Support:
    return Support([Segment(0, 9, text, speaker) for text in said or SAID], episode)


@pytest.mark.parametrize(
    "claim",
    [
        "Old stone ovens lost 18 percent of their heat overnight.",
        "Mara Lind and Paul Keller measured 412 ovens overnight.",
        "Keller's measurements of ovens: steel ones lost nearly half of their heat.",
        "Nobody could taste a difference between stone and steel ovens.",
        "Stone ovens don't cool down quickly, and the mass of the old ones is why.",
        "On Crumb and Crust it was said that stone ovens lost heat overnight.",
        'They "don\u2019t cool down quickly", the old stone ovens, overnight.',
    ],
)
def test_what_was_said_stays(claim: str) -> None:
    assert fault(claim, support()) == ""


@pytest.mark.parametrize(
    ("claim", "rule"),
    [
        ("Old stone ovens lost 80 percent of their heat overnight.", "number"),
        ("Old stone ovens lost eighteen degrees of their heat overnight.", "number"),
        ("Old stone ovens lost 18 percent of their heat in three nights.", "number"),
        ("Bakers with Peter Keller measured ovens that lost heat overnight.", "name"),
        ("Hofmann measured ovens: the old stone ones lost their heat overnight.", "name"),
        ("Old stone ovens in Vienna lost their heat overnight.", "name"),
        ("Joost Bos measured the old stone ovens, which lost heat overnight.", "name"),
        ("NASA measured the old stone ovens, which lost heat overnight.", "name"),
        (
            "Stone ovens lost heat overnight, and bakers call it \u201ca cold shame\u201d.",
            "quotation",
        ),
        ("Less bakers buy steel ovens every year. Stone ones lost heat overnight.", "opposite"),
        ("Old stone ovens cool down quickly, it is the mass.", "negation"),
        ("The old stone ovens did not lose heat overnight.", "negation"),
        ("Whales sing in dialects that spread from one sea to the next.", "similarity"),
        (
            "Old stone ovens lost heat overnight, the steel ones lost nearly half,"
            " and cheap chimneys leak smoky vapours.",
            "part",
        ),
    ],
)
def test_what_was_not_said_is_out_by_its_rule(claim: str, rule: str) -> None:
    assert fault(claim, support()) == rule


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("All bakers cool ovens overnight.", "Some bakers cool ovens overnight."),
        ("Bakers always cool stone ovens.", "Bakers usually cool stone ovens."),
        (
            "Keller proved that stone ovens cool overnight.",
            "Keller thinks stone ovens cool overnight.",
        ),
        ("Bakers must cool stone ovens overnight.", "Bakers can cool stone ovens overnight."),
    ],
)
def test_a_claim_is_no_stronger_than_what_was_said(claim: str, said: str) -> None:
    named = Episode("g", "Keller on ovens", "Crumb and Crust")
    assert fault(claim, support(said, episode=named)) == "overstated"
    assert fault(claim, support(claim, episode=named)) == ""


def test_a_cause_that_nobody_named() -> None:
    said = support("The old ovens lost heat overnight. The baker slept in the warm kitchen.")
    claim = "The old ovens lost heat overnight because the baker slept in the warm kitchen."
    assert fault(claim, said) == "cause"
    said = support("The baker slept in the kitchen, so the old ovens lost heat overnight.")
    assert fault("The old ovens lost heat overnight because the baker slept.", said) == ""


def test_only_the_segments_that_are_named_count() -> None:
    claim = "Old stone ovens lost 18 percent of their heat overnight."
    assert fault(claim, support(SAID[0])) == ""
    assert fault(claim, support(SAID[1])) == "number"


def test_without_speakers_in_the_transcript_those_of_the_episode_count() -> None:
    claim = "Joost Bos says that old stone ovens lost heat overnight."
    assert fault(claim, support()) == "name"
    assert fault(claim, support(speaker="")) == ""


def test_names_as_a_machine_heard_them() -> None:
    """Transcripts without capitals, other endings, and dots."""
    said = support("in germany the u.s. ovens of lindbergh lose their heat overnight")
    assert fault("The German and US ovens of Lindbergh lose their heat overnight.", said) == ""
    assert fault("The Danish ovens of Lindbergh lose their heat overnight.", said) == "name"


@pytest.mark.parametrize("claim", ["", ".", "The and of.", "\u4e2d\u6587", "?" * 600, '"' * 599])
def test_what_says_nothing_is_out(claim: str) -> None:
    assert fault(claim, support())


def test_the_same_in_about_the_same_words() -> None:
    text = "Old stone ovens lost only eighteen percent of their heat overnight."
    assert restates(text, "Overnight, the old stone ovens lost eighteen percent of the heat.")
    assert not restates(text, "Kelp forests came back once otters were protected from hunters.")


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [("chosen on", 0.99, 0.95), ("mended on", 0.93, 0.95), ("judged on", 0.94, 0.75)],
)
def test_the_labelled_claims_are_told_apart_as_stated(
    name: str, precision: float, recall: float
) -> None:
    """docs/decisions/0027-grounded-or-out.md states the figures."""
    found = measures(passages()[SETS[name]])
    assert found["precision"] >= precision
    assert found["recall"] >= recall
    assert found["number"] == found["name"] == found["cause"] == found["unrelated"] == 1.0


@pytest.mark.parametrize(("name", "kept", "dropped"), [("made on", 29, 17), ("judged on", 25, 22)])
def test_of_claims_that_are_nearly_right_most_are_out(name: str, kept: int, dropped: int) -> None:
    """docs/decisions/0055-whole-quotes.md states the figures."""
    found = told_apart(subtle()[SUBTLE_SETS[name]])
    assert found[0] >= kept
    assert found[1] >= dropped


PIECES = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            "not never Keller U.S. \u201c \" 18 % percent half a hundred and point $ don't"
            " \u2019 because Less more . , ; : \u2014 overnight ovens \u00df \u0130 and".split()
        ),
    ),
    max_size=40,
).map(" ".join)


@given(claim=PIECES, said=PIECES)
def test_whatever_is_claimed_of_whatever_was_said_there_is_a_verdict(claim: str, said: str) -> None:
    assert fault(claim, support(said)) in {"", *RULES}
    assert fault_of_form(claim) in {"", *FAULTS}


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=4))
def test_what_was_said_word_for_word_is_grounded(said: list[str]) -> None:
    """The rules may be strict with other words; with the same ones they have nothing to say."""
    assert fault(said[0], support(*said)) == ""
