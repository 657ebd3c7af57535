import socket
import time
from collections.abc import Iterator

import pytest

from newsletter.mail.channels.steps import Steps, Wait, ready, resume, run

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    made = [socket.socketpair() for _ in range(3)]
    yield made
    for pair in made:
        for end in pair:
            end.close()


def waits(pairs: list[Pair], seconds: float = 60) -> list[Wait]:
    return [Wait.of(mine.fileno(), seconds) for mine, _ in pairs]


def asking(pair: Pair, seconds: float = 60) -> Steps[str]:
    yield Wait.of(pair[0].fileno(), seconds)
    return pair[0].recv(99).decode()


def test_who_has_an_answer_goes_on(pairs: list[Pair]) -> None:
    for pair in pairs[1:]:
        pair[1].send(b"250 Ok")
    assert ready(waits(pairs), 60) == {pairs[1][0].fileno(): True, pairs[2][0].fileno(): True}


def test_the_end_of_a_connection_is_an_answer_as_well(pairs: list[Pair]) -> None:
    pairs[0][1].close()
    assert ready(waits(pairs), 60) == {pairs[0][0].fileno(): True}


def test_nobody_goes_on_before_there_is_something_to_do(pairs: list[Pair]) -> None:
    began = time.monotonic()
    assert ready(waits(pairs), 0.05) == {}
    assert time.monotonic() - began >= 0.05


def test_whose_patience_is_over_goes_on_without(pairs: list[Pair]) -> None:
    late, *others = waits(pairs)
    late = late._replace(until=time.monotonic() + 0.05)
    assert ready([late, *others], 60) == {late.descriptor: False}


def test_an_answer_that_came_with_the_end_of_patience_is_heard(pairs: list[Pair]) -> None:
    pairs[0][1].send(b"250 Ok")
    (over,) = waits(pairs[:1], -1)
    assert ready([over], 60) == {over.descriptor: True}


def test_steps_are_resumed_with_an_answer_or_a_timeout(pairs: list[Pair]) -> None:
    steps = asking(pairs[0])
    assert resume(steps, there=True).descriptor == pairs[0][0].fileno()
    with pytest.raises(TimeoutError, match="timed out"):
        resume(steps, there=False)


def test_all_steps_one_after_the_other(pairs: list[Pair]) -> None:
    pairs[0][1].send(b"250 Ok")
    assert run(asking(pairs[0])) == "250 Ok"
    with pytest.raises(TimeoutError):
        run(asking(pairs[1], 0.02))
