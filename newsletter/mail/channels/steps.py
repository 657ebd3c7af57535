"""Handing over in steps: who waits for a server's answer says so, and others go on meanwhile."""

import select
import time
from collections.abc import Collection, Generator
from math import inf
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Wait(NamedTuple):
    """Nothing can be done before the descriptor can be read; ``until`` (on the monotonic clock) is
    the end of all patience."""

    descriptor: int
    until: float

    @classmethod
    def of(cls, descriptor: int, seconds: float) -> "Wait":
        return cls(descriptor, time.monotonic() + seconds)


Steps = Generator[Wait, None, T]
"""Yields what it waits for; to be resumed when that is there."""


def ready(waits: Collection[Wait], seconds: float) -> dict[int, bool]:
    """By its descriptor, who can go on: True where it can be read, False where patience is over.

    Nobody, where it takes longer than so many seconds.
    """
    poll = select.poll()
    for one in waits:
        poll.register(one.descriptor, select.POLLIN)
    left = min(one.until for one in waits) - time.monotonic()
    found = poll.poll(max(0.0, min(left, seconds)) * 1000)
    if found:
        return dict.fromkeys((descriptor for descriptor, _ in found), True)
    now = time.monotonic()
    return {one.descriptor: False for one in waits if one.until <= now}


def resume(steps: Steps[T], *, there: bool) -> Wait:
    """On to the next wait; StopIteration with the result at the end. What is not there in time is
    a TimeoutError to who waited."""
    return next(steps) if there else steps.throw(TimeoutError("timed out"))


def run(steps: Steps[T]) -> T:
    """All of them, one after the other."""
    there = True
    while True:
        try:
            wait = resume(steps, there=there)
        except StopIteration as end:
            result: T = end.value
            return result
        there = ready([wait], inf)[wait.descriptor]
