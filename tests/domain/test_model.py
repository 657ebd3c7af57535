"""The identity of a text: what a reader cannot tell apart is one insight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import normalise
from tests.ingest.parsers import parse

PLAIN = 'The tide doesn\'t wait, and "soon" is a word for harbours.'


@pytest.mark.parametrize(
    "unseen",
    "\u00ad \u034f \u200b \u200c \u200d \u200e \u200f \u2060 \ufeff \ufe00 \ufe0f \U000e0101".split(
        " "
    ),
)
def test_what_nobody_sees_makes_no_other_insight(unseen: str) -> None:
    assert normalise(PLAIN.replace("d", f"d{unseen}")) == normalise(PLAIN)
    assert normalise(f"{unseen}{PLAIN}{unseen}") == normalise(PLAIN)


@pytest.mark.parametrize("quote", "‘’ʼ′`´")
def test_quotes_are_alike(quote: str) -> None:
    assert normalise(PLAIN.replace("'", quote)) == normalise(PLAIN)


@pytest.mark.parametrize("pair", ["“”", "„“", "«»", "»«", "″″"])
def test_double_quotes_are_alike(pair: str) -> None:
    assert normalise(PLAIN.replace('"soon"', f"{pair[0]}soon{pair[1]}")) == normalise(PLAIN)


@pytest.mark.parametrize("end", ["", "...", "…", " …", ".…"])
def test_closing_stops_do_not_matter(end: str) -> None:
    assert normalise(PLAIN.rstrip(".") + end) == normalise(PLAIN)
    assert normalise("Wait… no.") == normalise("Wait... no.")


def test_what_is_seen_matters() -> None:
    assert len({normalise(text) for text in (PLAIN, PLAIN[:-1] + "?", "3.5 tons", "35 tons")}) == 4


@given(st.text(max_size=40))
def test_the_order_of_unseen_letters_and_accents_does_not_matter(text: str) -> None:
    assert normalise("\u200b".join(text)) == normalise(text)


def test_joiners_stay_in_what_is_shown_and_breaks_do_not() -> None:
    kept = "A \U0001f469\u200d\U0001f33e sows what \u0645\u06cc\u200c\u062f\u0627\u0646\u0645 means"
    text = f"{kept} in har\u00advests\ufeff of\u2060 au\u200btumn."
    shown = parse("a.txt", text.encode()).mentions[0].text
    assert shown == f"{kept} in harvests of autumn."
