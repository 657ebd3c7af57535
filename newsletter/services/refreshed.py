"""A value that takes a while to make, kept until what it is made from has changed."""

from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from newsletter.services.error_log import log_error

T = TypeVar("T")

_AT_ONCE = 0.05
"""Seconds. What was made in less is made again while its reader waits."""
_LEAST_AGE = 60.0
_MOST_AGE = 600.0


class Refreshed(Generic[T]):
    """``make`` gets the value before, None at first; it is called by one thread at a time.

    A value that took long is made again beside its readers, who get the one before until then, and
    at most once a minute; every ten minutes, for what ``version`` does not tell.
    """

    def __init__(self, make: Callable[[T | None], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._value: T | None = None
        self._version: object = None
        self._made_at = self._took = 0.0

    def get(self, version: object) -> T:
        value = self._value
        if value is None or (self._took < _AT_ONCE and self._is_old(version)):
            with self._lock:
                return self._current(version)
        age = monotonic() - self._made_at
        if age > _LEAST_AGE and self._is_old(version) and self._lock.acquire(blocking=False):
            Thread(target=self._renew, args=(version,), daemon=True).start()
        return value

    def _is_old(self, version: object) -> bool:
        return version != self._version or monotonic() - self._made_at > _MOST_AGE

    def _current(self, version: object) -> T:
        if self._value is None or self._is_old(version):
            began = monotonic()
            self._value = self._make(self._value)
            self._version, self._made_at = version, monotonic()
            self._took = self._made_at - began
        return self._value

    def _renew(self, version: object) -> None:
        """The lock is held, and released here; the value before stays where this fails."""
        try:
            self._current(version)
        except Exception as error:
            log_error(error)
            self._made_at = monotonic()
        finally:
            self._lock.release()
