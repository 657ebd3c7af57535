"""Dates as note apps and people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.parsers.dates import any_day, is_day


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05", "2026/3/5", "2026-03-05T23:30:00-05:00", "Mar 5, 2026", "March 5th, 2026",
        "5 March 2026", "Thu, 05 Mar 2026 10:00:00 GMT", "5. März 2026", "05.03.2026",
        "5 mars 2026", "5 de marzo de 2026", "5 marzo 2026", "2026年3月5日",
        "on 5th of March 2026 at 7:42 PM",
    ],
)  # fmt: skip
def test_a_date_is_read(text: str) -> None:
    assert any_day(text) == date(2026, 3, 5)


@pytest.mark.parametrize("text", ["", "2026", "3/4/2026", "2026-02-30", "Friday", "5 Foo 2026"])
def test_what_is_no_date_or_may_be_two_is_none(text: str) -> None:
    assert any_day(text) is None


def test_the_order_of_numbers_may_show() -> None:
    assert any_day("31/03/2026") == any_day("3/31/2026") == date(2026, 3, 31)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_iso_date(day: date) -> None:
    assert any_day(day.isoformat()) == day


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    any_day(text)


@pytest.mark.parametrize(
    "text",
    ["2026-03-14", "2026_03_14", "20260314", "14.03.2026", "March 14th, 2026",
     "Friday, 14 March 2026",     "Samstag, 14. März 2026", "2026-03-14 Saturday"],
)  # fmt: skip
def test_a_day_and_nothing_else(text: str) -> None:
    assert is_day(text)


@pytest.mark.parametrize("text", ["2026-03-14 Bread", "Your brief, 14 March 2026", "Bread", "2026"])
def test_more_than_a_day(text: str) -> None:
    assert not is_day(text)
