"""Slots keep the pace, whoever asks for them and whatever the clocks do."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.rate_limits import (
    AHEAD,
    ALL,
    FREE,
    HORIZON,
    SOON_ALONE,
    RateLimiter,
    RateLimits,
)
from tests.builders import NOON

DOMAINS = ("alpha.example", "beta.example", "gamma.example")
SECOND = timedelta(seconds=1)
RATES = st.sampled_from([0.0, 0.3, 1.0, 3.0, 7.0, 40.0, 333.3, 10_000.0])
PACES = st.builds(RateLimits, RATES, RATES, st.dictionaries(st.sampled_from(DOMAINS[:2]), RATES))
CLAIMS = st.lists(
    st.tuples(st.floats(-0.9, 2), st.lists(st.sampled_from(DOMAINS), max_size=20)), max_size=30
)
"""(seconds since the claim before, the domains of the rows): clocks of senders differ a little."""


def given_out(
    pace: RateLimits, claims: list[tuple[float, list[str]]]
) -> list[tuple[str, datetime, datetime]]:
    """(domain, now, slot), each claim a book of its own as the database hands it on."""
    given_slots, last, now, latest = [], dict[str, datetime](), NOON, NOON
    for gone, rows in claims:
        now = max(now + SECOND * gone, latest - HORIZON)
        latest = max(latest, now)
        book = RateLimiter(pace, now, last)
        given_slots += [(domain, now, slot) for domain in rows if (slot := book.take(domain))]
        last = book.last
    return given_slots


@given(PACES, CLAIMS)
def test_in_any_time_there_are_at_most_so_many_and_one(
    pace: RateLimits, claims: list[tuple[float, list[str]]]
) -> None:
    """Two of a name are never nearer than its gap: that says it of every window."""
    claimed = given_out(pace, claims)
    for name in (ALL, *DOMAINS):
        slots = sorted(slot for domain, _, slot in claimed if name in (ALL, domain))
        rate = pace.rate(name)
        for first, second in pairwise(slots):
            assert (second - first) * rate >= SECOND * bool(rate)


@given(PACES, CLAIMS)
def test_no_slot_has_passed_or_lies_behind_the_horizon(
    pace: RateLimits, claims: list[tuple[float, list[str]]]
) -> None:
    assert all(now <= slot <= now + HORIZON for _, now, slot in given_out(pace, claims))


@given(PACES, st.floats(-1e5, 1e5), st.sampled_from(DOMAINS))
def test_a_clock_that_jumped_holds_nobody_back_for_long(
    pace: RateLimits, jumped: float, domain: str
) -> None:
    last = dict.fromkeys((ALL, *DOMAINS), NOON + SECOND * jumped)
    book = RateLimiter(pace, NOON, last)
    gap = max(pace.gap(ALL), pace.gap(domain))
    assert max(book.next(ALL), book.next(domain)) <= NOON + AHEAD + gap
    assert RateLimiter(pace, NOON + AHEAD + gap, book.last).take(domain) is not None


@given(PACES, CLAIMS, st.sampled_from(DOMAINS))
def test_what_is_not_full_has_a_slot_and_soonest_says_when_the_rest_may(
    pace: RateLimits, claims: list[tuple[float, list[str]]], domain: str
) -> None:
    """Of one domain alone: of several, the soonest is of one of them."""
    claims = [(gone, [domain] * len(rows)) for gone, rows in claims]
    slots = [slot for _, _, slot in given_out(pace, claims)]
    last = {name: slots[-1] for name in (ALL, domain) if slots and pace.gap(name)}
    book = RateLimiter(pace, max([NOON, *last.values()]) - HORIZON, last)
    soonest = book.soonest()
    if RateLimiter(pace, book.now, last).take(domain) is None:
        assert soonest > book.now
        assert RateLimiter(pace, soonest, last).take(domain) is not None
    else:
        assert domain not in book.full()
        assert soonest <= book.now


def test_a_changed_rate_holds_at_once() -> None:
    book = RateLimiter(RateLimits(per_second=0.01), NOON, {})
    assert book.take("alpha.example") == NOON
    assert (
        RateLimiter(RateLimits(per_second=50), NOON, book.last).take("alpha.example")
        == NOON + SECOND / 50
    )
    assert RateLimiter(FREE, NOON, book.last).take("alpha.example") == NOON
    slower = RateLimiter(RateLimits(per_second=0.5), NOON, book.last)
    assert slower.take("alpha.example") is None
    assert slower.next(ALL) == NOON + 2 * SECOND


def test_idle_time_saves_nothing_up() -> None:
    book = RateLimiter(RateLimits(per_second=10), NOON, {ALL: NOON - timedelta(days=1)})
    slots = [book.take("alpha.example") for _ in range(3)]
    assert slots == [NOON, NOON + SECOND / 10, NOON + SECOND / 5]


def test_a_named_domain_has_its_own_rate_and_may_have_none() -> None:
    pace = RateLimits(per_domain=1, domains={"alpha.example": 100.0, "beta.example": 0.0})
    book = RateLimiter(pace, NOON, {})
    ahead = [NOON + number * SECOND / 100 for number in range(11)]
    assert ahead[-1] == NOON + SOON_ALONE
    assert [book.take("alpha.example") for _ in range(12)] == [*ahead, None]
    assert [book.take("beta.example") for _ in range(3)] == [NOON] * 3
    assert [book.take("gamma.example") for _ in range(2)] == [NOON, None]
    assert book.full() == ["alpha.example", "gamma.example"]


def test_others_go_in_the_time_that_a_slow_domain_takes() -> None:
    book = RateLimiter(RateLimits(per_second=10, domains={"alpha.example": 5.0}), NOON, {})
    rows = ["alpha.example"] * 3 + ["beta.example", "alpha.example", "beta.example"]
    slots = [book.take(domain) for domain in rows]
    tenths = [slot and round((slot - NOON) / (SECOND / 10)) for slot in slots]
    assert tenths == [0, None, None, 1, 2, 3]
