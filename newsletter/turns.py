"""Of the threads that send, one works at a time; the others wait for a server.

Python runs one thread at a time anyway, and lets its lock go at each call to the system. Where four
threads have work to do, each such call (a byte for the journal, a step of a statement) gives the
lock to another thread, and to have it back takes longer than the call. Who has the turn has no
other thread to give it to.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local


class Turn:
    """A lock that goes to who has waited longest."""

    def __init__(self) -> None:
        self._guard, self._taken = Lock(), False
        self.waiters: deque[Lock] = deque()

    @contextmanager
    def working(self) -> Iterator[None]:
        """This thread's turn, but for where it waits."""
        self.take()
        _mine.turn = self
        try:
            yield
        finally:
            _mine.turn = None
            self.give()

    def take(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = Lock()
            mine.acquire()
            self.waiters.append(mine)
        mine.acquire()  # until ``give`` lets it go

    def give(self) -> None:
        with self._guard:
            if self.waiters:
                self.waiters.popleft().release()
            else:
                self._taken = False


class _Mine(local):
    turn: Turn | None = None


_mine = _Mine()


@contextmanager
def waiting() -> Iterator[None]:
    """Others may work meanwhile: for a network, a disk, or a lock of the database. Does nothing
    where this thread has no turn."""
    turn = _mine.turn
    if turn is None:
        yield
        return
    _mine.turn = None
    turn.give()
    try:
        yield
    finally:
        turn.take()
        _mine.turn = turn


def after_others() -> None:
    """Whoever wants to work does so first. What this thread waits for may be there then, and to
    find it so costs less than to be woken."""
    if _mine.turn is not None and _mine.turn.waiters:
        with waiting():
            pass
