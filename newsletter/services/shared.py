"""A value that takes long to make, for all who ask: made once, and not all the time."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

_SHARE = 10
"""It is made for at most a tenth of the time."""


class Shared(Generic[T]):
    """``make`` is called by one thread at a time, and not again within ``seconds``, or ten times as
    long as it took."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._lock = Lock()
        self._made: Future[T] | None = None
        self._coming: Future[T] | None = None
        self._made_at = self._took = 0.0

    def get(self, patience: float) -> T | None:
        """The newest, or the one before where that takes longer than ``patience`` seconds; None
        where there is none yet. Raises what ``make`` raised."""
        until = monotonic() + patience
        self._await(until)
        if self._is_old():  # something was changed while it was made
            self._await(until)
        value = self._made
        return value.result() if value else None

    def forget(self) -> None:
        """Something was changed: whoever asks next gets a new one."""
        self._made_at = float("-inf")

    def _await(self, until: float) -> None:
        with self._lock:
            if self._coming is None and self._is_old():
                self._coming = Future()
                Thread(target=self._work, args=(self._coming,), daemon=True).start()
            coming = self._coming
        left = until - monotonic()
        if coming and left > 0 and (self._made is None or self._took < left):
            wait([coming], left)

    def _is_old(self) -> bool:
        age = monotonic() - self._made_at
        return self._made is None or age > max(self._seconds, _SHARE * self._took)

    def _work(self, coming: "Future[T]") -> None:
        began = self._made_at = monotonic()  # what is forgotten from now on is made once more
        value, failure = None, None
        try:
            value = self._make()
        except Exception as error:
            failure = error
        with self._lock:
            self._took = monotonic() - began
            self._made, self._coming = coming, None
        if failure:
            coming.set_exception(failure)
        else:
            coming.set_result(value)  # type: ignore[arg-type]
