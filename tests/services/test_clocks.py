"""``doctor`` compares this machine's clock with that of the database's server."""

from datetime import timedelta

import pytest

from newsletter.services import delivery_checks
from newsletter.storage import Store, leases
from tests.builders import NOON


@pytest.mark.parametrize(
    ("off", "verdict", "finding"),
    [
        (timedelta(0), "ok", "as the database's"),
        (timedelta(minutes=15), "warn", " ahead of the database's"),
        (-timedelta(minutes=15), "warn", " behind the database's"),
    ],
)
@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_clock_that_differs_is_warned_of(
    store: Store, off: timedelta, verdict: str, finding: str
) -> None:
    with store.reading() as db:
        there = leases.server_time(db)
    assert there
    (result,) = delivery_checks.clock(store, there + off)
    assert (result.verdict, finding in result.finding) == (verdict, True)


def test_a_file_has_no_other_clock(sqlite: Store) -> None:
    assert not list(delivery_checks.clock(sqlite, NOON))
