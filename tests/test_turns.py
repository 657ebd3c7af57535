"""Of several threads one works; the others wait, and come in the order in which they asked."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from newsletter.turns import Turn, after_others, waiting

_PATIENCE = 60


def started(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def wanted(turn: Turn, times: int) -> None:
    """Until so many threads ask for it."""
    pause = threading.Event()
    while len(turn.waiters) < times:
        pause.wait(0.001)


def test_while_one_waits_another_works() -> None:
    turn, done = Turn(), threading.Event()

    def other() -> None:
        with turn.working():
            done.set()

    with turn.working():
        thread = started(other)
        wanted(turn, 1)
        assert not done.is_set()
        with waiting(), waiting():
            assert done.wait(_PATIENCE)
        assert not turn.waiters
    thread.join(_PATIENCE)


def test_it_goes_to_who_has_waited_longest_and_then_comes_back() -> None:
    turn = Turn()
    order: list[str] = []
    threads = []

    def other(name: str) -> None:
        with turn.working():
            order.append(name)

    with turn.working():
        for number, name in enumerate("abc", start=1):
            threads.append(started(partial(other, name)))
            wanted(turn, number)
        after_others()
        order.append("first again")
    for thread in threads:
        thread.join(_PATIENCE)
    assert order == ["a", "b", "c", "first again"]


def test_who_has_no_turn_waits_as_ever() -> None:
    turn = Turn()
    turn.take()  # as another would
    with waiting():
        after_others()


def test_an_error_gives_it_back() -> None:
    turn = Turn()
    with pytest.raises(ZeroDivisionError), turn.working(), waiting():
        raise ZeroDivisionError
    with turn.working():
        pass
