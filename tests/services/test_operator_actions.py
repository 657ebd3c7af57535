"""What the operator decides, and what is refused."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.domain.errors import UsageError
from newsletter.services import operator_actions
from newsletter.storage import Store
from tests.builders import NOON, TODAY
from tests.conftest import new_store

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path)
    yield made
    made.close()


def test_a_pause_ends_once(store: Store) -> None:
    operator_actions.pause(store, NOON)
    assert operator_actions.resume(store)
    assert not operator_actions.resume(store)


@pytest.mark.parametrize(
    ("hour", "day", "over"),
    [
        (12, TODAY, False),
        (11, TODAY - DAY, False),  # it is still that day twelve hours behind UTC
        (12, TODAY - DAY, True),
        (12, TODAY + DAY, False),
    ],
)
def test_a_date_that_is_over_everywhere_is_not_cancelled(
    store: Store, hour: int, day: date, *, over: bool
) -> None:
    now = NOON.replace(hour=hour)
    if over:
        with pytest.raises(UsageError, match="is over in every time zone"):
            operator_actions.cancel(store, day, now)
        with pytest.raises(UsageError, match="was not cancelled"):
            operator_actions.take_back_cancel(store, day)
    else:
        done = operator_actions.cancel(store, day, now)
        assert (done.waited, done.sending) == (0, 0)
        assert operator_actions.take_back_cancel(store, day) == 0


def test_nothing_unknown_is_nothing_to_resolve(store: Store) -> None:
    assert operator_actions.resolve(store, "sent", NOON).count == 0
    with pytest.raises(UsageError, match="nobody is subscribed as"):
        operator_actions.resolve(store, "sent", NOON, ["nobody@letters.example"])
