"""Quantities in digits and in words are the same; what differs is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.writer.numbers import Quantity, quantities, unsupported


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("twelve hundred people", "1,200 people"),
        ("four hundred and twelve ovens", "412 ovens"),
        ("a hundred twenty-five kilos", "125 kg"),
        ("three and a half thousand trials", "3,500 trials"),
        ("nineteen eighty four", "1984"),
        ("twenty twenty five", "2025"),
        ("three point five million dollars", "$3.5 million"),
        ("five dollars eighty six a ton", "$5.86 a ton"),
        ("two and a half hours", "2.5 hours"),
        ("half of them", "50 percent of them"),
        ("two thirds of it", "67% of it"),
        ("a quarter", "25 %"),
        ("thirty to forty percent", "30\u201340%"),
        ("twice as many", "2 times as many"),
        ("forty-one million records", "41 million records"),
        ("two million three hundred thousand", "2,300,000"),
        ("eighteen per cent", "18%"),
        ("the nineteenth of them at 19th street", "19th street"),
        ("it went from eighty percent to sixteen.", "16 percent"),
        ("a dozen eggs", "12 eggs"),
        ("five hundred k", "500,000"),
        ("eighteen long minutes", "18 minutes"),
    ],
)
def test_the_same_in_words_and_digits(said: str, written: str) -> None:
    assert quantities(written)
    assert not unsupported(written, quantities(said))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("eighteen percent", "28 percent"),
        ("eighteen percent", "18 hours"),
        ("eighteen people", "18 percent"),
        ("eighteen minutes", "18 hours"),
        ("five dollars", "5 euros"),
        ("four hundred", "four thousand"),
        ("twice as many", "three times as many"),
        ("in 1987", "in 1997"),
        ("a third of them", "a quarter of them"),
        ("sixteen cents", "sixty cents"),
        ("3.5 percent", "35 percent"),
        ("many of them", "ninety of them"),
        ("the third one", "3 ones"),
        ("one of them", "one percent of them"),
        ("fifty, sixty people", "5,060 people"),
    ],
)
def test_another_number_or_unit_is_noticed(said: str, written: str) -> None:
    assert unsupported(written, quantities(said))


@pytest.mark.parametrize("text", ["one of them", "the first and the second", "no number", ""])
def test_words_that_are_no_quantities(text: str) -> None:
    assert quantities(text) == []


@given(st.integers(2, 999_999))
def test_every_number_reads_as_itself_with_or_without_commas(number: int) -> None:
    assert quantities(f"about {number} ovens") == [Quantity(float(number))]
    assert quantities(f"about {number:,} ovens") == [Quantity(float(number))]


@given(st.text(alphabet="019.,:$% kmstandhlf-", max_size=60))
def test_whatever_is_written_it_supports_itself(text: str) -> None:
    assert not unsupported(text, quantities(text))


def test_a_number_without_end() -> None:
    assert quantities("9" * 100_000)
