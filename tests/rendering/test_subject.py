from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Citation, Pick
from newsletter.language.words import words
from newsletter.rendering.subject import subject_and_preheader
from tests.golden import PICKS, pick

DAY = date(2024, 3, 14)
LONG = "Bakers in towns with two rivers sell their last loaves at noon to whoever walks by"
TODAY = "Thursday, 14 March 2024"


def made(*texts: str, language: str = "en") -> tuple[str, str]:
    picks = [pick(rank, text) for rank, text in enumerate(texts, start=1)]
    return subject_and_preheader(picks, "The Five", DAY, words(language))


@pytest.mark.parametrize(
    ("texts", "subject"),
    [
        (("Bread dates itself. More.", "Locks are locked."), "Bread dates itself"),
        ((f"{LONG}.", "Locks are locked."), "Locks are locked"),
        (("Whales fertilise the sea they feed in: they dive for krill and rise again to rest.",),
         "Whales fertilise the sea they feed in"),
        (("Bus stops that lie close together are slow, because nobody who plans one rides.",),
         "Bus stops that lie close together are slow"),
        (("When a captain knows the berth, she slows down, so the harbour saves on its cranes.",),
         "When a captain knows the berth, she slows down, so the harbour saves on its cranes"),
        (("They were wrong.", "Locks are locked."), "Locks are locked"),
        (("They were wrong.", f"{LONG}."), "They were wrong"),
        ((f"{LONG} and whoever walks past the weir as well.",), f"The Five · {TODAY}"),
        ((), f"The Five · {TODAY}"),
    ],
)  # fmt: skip
def test_the_subject_is_the_best_short_claim(texts: tuple[str, ...], subject: str) -> None:
    assert made(*texts)[0] == subject


def test_the_preheader_is_the_next_claim_and_may_be_longer() -> None:
    too_long = f"{LONG} and whoever walks past the weir as well."
    assert made("Bread dates itself.", too_long, "Locks are locked.")[1] == "Locks are locked"
    assert made("Bread dates itself.", f"{LONG}.")[1] == LONG
    assert made("Bread dates itself.")[1] == ""


def test_a_quote_is_a_quote_in_the_subject_as_well() -> None:
    said = pick(1, "I wait for nobody. Ask my cat.", citation=Citation(origin="quote"))
    assert subject_and_preheader([said], "The Five", DAY, words())[0] == "“I wait for nobody”"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_any_text_gives_a_subject_that_is_no_torn_phrase(texts: list[str]) -> None:
    subject, preheader = made(*texts)
    assert subject
    assert not (subject.endswith("…") and not any("…" in text for text in texts))
    assert len(preheader) <= 2 * 90


def test_two_days_that_share_no_insight_share_no_subject() -> None:
    """Nobody is sent an insight twice, so a reader's subjects are different every day."""
    days: list[list[Pick]] = [list(PICKS[:2]), list(PICKS[2:4]), [replace(PICKS[4], rank=1)]]
    subjects = [subject_and_preheader(day, "The Five", DAY, words())[0] for day in days]
    assert len({*subjects}) == len(subjects)
