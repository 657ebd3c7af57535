"""A value that takes long to make, for all who ask: made once, and not all the time."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from newsletter.services.error_log import log_error

T = TypeVar("T")

_SHARE = 10
"""It is made for at most a tenth of the time."""
_AT_ONCE = 0.05
"""Seconds. A new version that is made in less is made while its reader waits."""
_LONGEST_WAIT = 3600.0


class Shared(Generic[T]):
    """``make`` is called by one thread at a time, and not again within ``seconds``, or ten times as
    long as it took. Where it fails, the value before stays."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._lock = Lock()
        self._value: T | None = None
        self._version: object = None
        self._coming: Future[None] | None = None
        self._made_at = self._took = 0.0

    def get(self, patience: float, version: object = None) -> T | None:
        """The newest, or the one before where that takes longer than ``patience`` seconds; None
        where there is none yet. Another ``version`` is made before ``seconds`` are over. Raises
        what ``make`` raised while the caller waited."""
        until = monotonic() + patience
        self._await(until, version)
        if self._is_old(version):  # something was changed while it was made
            self._await(until, version)
        return self._value

    def of(self, version: object) -> T:
        """The value of this version, or the one before where making it takes long. Only the first
        is waited for, however long that takes."""
        value = self.get(_AT_ONCE, version)
        while value is None:
            value = self.get(_LONGEST_WAIT, version)
        return value

    def forget(self) -> None:
        """Something was changed: whoever asks next gets a new one."""
        self._made_at = float("-inf")

    def _await(self, until: float, version: object) -> None:
        with self._lock:
            if self._coming is None and self._is_old(version):
                self._coming = Future()
                Thread(target=self._work, args=(self._coming, version), daemon=True).start()
            coming = self._coming
        left = until - monotonic()
        if coming and left > 0 and (self._value is None or self._took < left):
            wait([coming], left)
            if coming.done():
                coming.result()

    def _is_old(self, version: object) -> bool:
        if self._value is None:
            return True
        age, least = monotonic() - self._made_at, _SHARE * self._took
        is_new_version = version != self._version and (self._took < _AT_ONCE or age > least)
        return is_new_version or age > max(self._seconds, least)

    def _work(self, coming: "Future[None]", version: object) -> None:
        began = self._made_at = monotonic()  # what is forgotten from now on is made once more
        failure = None
        try:
            value = self._make()
        except Exception as error:
            failure = error
        with self._lock:
            self._took = monotonic() - began
            self._coming = None
            if failure is None:
                self._value, self._version = value, version
        if failure is None:
            coming.set_result(None)
            return
        if self._value is not None:  # perhaps nobody waits for it
            log_error(failure)
        coming.set_exception(failure)
