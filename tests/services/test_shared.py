from threading import Event

import pytest

from newsletter.domain.errors import StoreError
from newsletter.services.shared import Shared

PATIENCE = 60


def test_it_is_made_once_for_all_who_ask() -> None:
    made: list[int] = []
    shared = Shared(lambda: made.append(1) or len(made), 60)  # type: ignore[func-returns-value]
    assert [shared.get(PATIENCE) for _ in range(3)] == [1, 1, 1]
    shared.forget()
    assert [shared.get(PATIENCE) for _ in range(2)] == [2, 2]


def test_nobody_waits_longer_than_their_patience() -> None:
    go_on, made = Event(), Event()

    def make() -> str:
        assert go_on.wait(PATIENCE)
        made.set()
        return "it"

    shared = Shared(make, 60)
    assert shared.get(0.01) is None
    go_on.set()
    assert made.wait(PATIENCE)
    assert shared.get(PATIENCE) == "it"


def test_what_was_forgotten_while_it_was_made_is_made_again() -> None:
    begun, go_on = Event(), Event()
    made: list[int] = []

    def make() -> int:
        made.append(1)
        begun.set()
        assert go_on.wait(PATIENCE)
        return len(made)

    shared = Shared(make, 60)
    assert shared.get(0.0) is None
    assert begun.wait(PATIENCE)
    shared.forget()
    go_on.set()
    assert shared.get(PATIENCE) == 2


def test_who_asks_gets_the_error_and_the_next_one_a_new_try() -> None:
    answers = iter([StoreError("the disk is on fire"), None])

    def make() -> str:
        if error := next(answers):
            raise error
        return "it"

    shared = Shared(make, 0)
    with pytest.raises(StoreError, match="on fire"):
        shared.get(PATIENCE)
    shared.forget()
    assert shared.get(PATIENCE) == "it"
