"""Warm-up: so many on each day from its start on, and no limit when it is over."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.warm_up import Quotas, WarmUp

START = date(2026, 12, 1)
GMAIL = WarmUp(("gmail.com", "googlemail.com"), START, (2, 3))
ALL = WarmUp((), START, (4, 9))


def test_it_grows_and_ends() -> None:
    days = [START + timedelta(days=day) for day in (-1, 0, 1, 2)]
    assert [GMAIL.limit(day) for day in days] == [None, 2, 3, None]
    assert GMAIL.last_day == START + timedelta(days=1)


@given(st.lists(st.sampled_from(["gmail.com", "googlemail.com", "example.org"]), max_size=20))
def test_no_group_gets_more_than_its_day_has(domains: list[str]) -> None:
    quotas = Quotas([GMAIL, ALL], START, {"all": 1})
    went = []
    for domain in domains:
        if quotas.allow(domain):
            quotas.take(domain)
            went.append(domain)
    assert len(went) <= 3
    assert sum(domain != "example.org" for domain in went) <= 2
    assert quotas.all_full is (len(went) == 3)
    assert quotas.taken.get("all", 0) == len(went)
    refused = [domain for domain in domains if domain not in quotas.full]
    assert quotas.all_full or all(map(quotas.allow, refused))
