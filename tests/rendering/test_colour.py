import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.colour import contrast, legible

colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def test_contrast_as_wcag_tells_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0000ff", "#ffffff") == pytest.approx(8.59, abs=0.005)


@given(colours, colours)
def test_contrast_is_the_same_both_ways(ink: str, paper: str) -> None:
    assert 1 <= contrast(ink, paper) == contrast(paper, ink) <= 21


@given(colours)
@pytest.mark.parametrize("paper", ["#fffdf9", "#1a1917"])
def test_any_accent_can_be_read_and_one_that_could_is_left_alone(paper: str, colour: str) -> None:
    made = legible(colour, paper)
    assert contrast(made, paper) >= 4.5
    assert made == colour or contrast(colour, paper) < 4.5
    assert legible(made, paper) == made


def test_what_no_lightness_reaches_goes_as_far_as_it_can() -> None:
    assert legible("#808080", "#777777", 7) == "#000000"
