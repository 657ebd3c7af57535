"""How far back a look at the clock goes."""

from datetime import timedelta

from newsletter.composing.readers import DUE, Looks
from tests.builders import NOON


def test_the_first_look_is_whole_and_then_one_an_hour() -> None:
    looks = Looks()
    minutes = [0, 1, 59, 60, 61, 119, 121]
    whole = [looks.readers(NOON + timedelta(minutes=at)) == DUE for at in minutes]
    assert whole == [True, False, False, True, False, False, True]


def test_a_clock_that_jumped_back_is_looked_at_whole() -> None:
    looks = Looks()
    looks.readers(NOON)
    assert looks.readers(NOON - timedelta(minutes=5)) == DUE
