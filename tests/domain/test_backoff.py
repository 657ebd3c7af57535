"""Exponential, with a jitter that is the same whenever it is asked."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.backoff import wait

FIRST, LONGEST = timedelta(minutes=5), timedelta(hours=2)
WHO = st.text(min_size=1)


@given(st.integers(0, 10_000), WHO)
def test_it_doubles_up_to_two_hours_and_adds_at_most_a_quarter(refusals: int, key: str) -> None:
    plain = FIRST
    for _ in range(min(refusals, 20)):
        plain = min(plain * 2, LONGEST)
    assert plain <= wait(refusals, key) <= plain * 5 / 4
    assert wait(refusals, key) == wait(refusals, key)


@given(st.integers(0, 3), WHO)
def test_the_next_is_longer(refusals: int, key: str) -> None:
    assert wait(refusals + 1, key) > wait(refusals, key)


def test_those_who_were_refused_together_are_spread() -> None:
    waits = sorted(wait(0, f"reader{number}@example.org") for number in range(1000))
    assert waits[100] < FIRST * 1.05
    assert waits[900] > FIRST * 1.2
    assert len(set(waits)) > 990
