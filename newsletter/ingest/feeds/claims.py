"""Feeds in hand: one that is polled is its scan's, and soon anybody's again if that scan dies."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from newsletter.domain.errors import StoreError
from newsletter.storage import Connection, Store, feeds
from newsletter.storage.feeds import FollowedFeed

log = logging.getLogger("newsletter")

TERM = timedelta(minutes=5)
"""A feed whose scan was killed is due again after it."""
_PROLONGED_EVERY = 60.0  # seconds


class Claims:
    """What is claimed stays so until it is saved, or until the ``with`` ends."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], every: float = _PROLONGED_EVERY
    ) -> None:
        self._store, self._clock, self._every = store, clock, every
        self._until: dict[int, datetime] = {}
        self._lock = Lock()
        self._over = Event()
        self._thread = Thread(target=self._keep, name="claims", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def take(self, feed: FollowedFeed) -> bool:
        """False where another scan was first."""
        until = self._clock() + TERM
        with self._lock:
            with self._store.writing() as db:
                taken = feeds.claim(db, feed, until)
            if taken:
                self._until[feed.id] = until
        return taken

    def save(self, feed: FollowedFeed, also: Callable[[Connection], None]) -> None:
        """The feed and what else came of it; neither where it is not ours any more, or removed."""
        with self._lock, self._store.writing() as db:
            if feeds.save(db, feed, claimed=self._until.pop(feed.id)):
                also(db)

    def _keep(self) -> None:
        while not self._over.wait(self._every):
            try:
                self._prolong()
            except StoreError as error:
                log.warning("the feeds in hand could not be claimed for longer: %s", error)

    def _prolong(self) -> None:
        with self._lock:
            until = self._clock() + TERM
            with self._store.writing() as db:
                for feed_id, before in self._until.items():
                    feeds.prolong(db, feed_id, before, until)
            self._until = dict.fromkeys(self._until, until)
