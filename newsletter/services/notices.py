"""Notices: sent in turns, their links opened, and those that are stuck told."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.notices import NoticeReport, deliver_notices
from newsletter.domain.errors import Paused, SenderRefused
from newsletter.domain.notices import Notice, Purpose, asked
from newsletter.domain.tokens import linked
from newsletter.services.error_log import log_error
from newsletter.storage import Connection, notices
from newsletter.storage.notices import ask

__all__ = ["NoticeJob", "NoticeThread", "Purpose", "ask", "opened"]

log = logging.getLogger("newsletter")

_EVERY = 30.0
"""Seconds between two turns that nobody asked for: of what has to be tried again."""
_END_SECONDS = 10.0
_HOLD = timedelta(minutes=10)
"""A server that turned our credentials down is not asked every half minute."""


def opened(
    db: Connection, secret: bytes, purpose: Purpose, token: str, now: datetime
) -> Notice | None:
    """The notice whose link holds this token; None for every other text, and after its time.

    Whether its reader may still do what it is for is for the caller to say.
    """
    numbers = linked(secret, purpose.value, token, now)
    if numbers is None or len(numbers) != 2:
        return None
    notice = notices.find(db, numbers[0])
    if notice is None or notice.purpose is not purpose or asked(notice.asked_at) != numbers[1]:
        return None
    return notice


@dataclass
class NoticeJob:
    """One turn: sends what waits. What ends it again and again is logged once."""

    context: DeliveryContext
    sender: Callable[[Notice], str]
    clock: Callable[[], datetime]
    last_stop: str = ""
    hold_until: datetime | None = None

    def __call__(self) -> NoticeReport:
        """Raises SchemaChanged where another program has migrated the database."""
        now = self.clock()
        # A hold that ends too far ahead was written by a clock that ran ahead.
        if self.hold_until is not None and now < self.hold_until <= now + _HOLD:
            return NoticeReport()
        self.context.store.verify()
        report = deliver_notices(self.context, self.sender, self.clock)
        if report.outcomes:
            counts = (f"{count} {state}" for state, count in sorted(report.outcomes.items()))
            log.info("notices: %s", ", ".join(counts))
        stop = str(report.stopped or "")
        if stop and stop != self.last_stop:
            level = logging.INFO if isinstance(report.stopped, Paused) else logging.ERROR
            log.log(level, "notices wait: %s", stop)
        self.last_stop = stop
        self.hold_until = now + _HOLD if isinstance(report.stopped, SenderRefused) else None
        return report


@dataclass
class NoticeThread:
    """Takes a turn at once when it is woken, and now and then by itself, until it is stopped."""

    turn: Callable[[], Any]
    every: float = _EVERY
    _wake: Event = field(default_factory=Event)
    _ended: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        self._thread = Thread(target=self._work, name="notices", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """Waits for the message in flight, but not for long: a server may be silent for minutes."""
        self._ended.set()
        self._wake.set()
        if self._thread:
            self._thread.join(_END_SECONDS)

    @property
    def stopped(self) -> bool:
        return self._ended.is_set()

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                self.turn()
            except Exception as error:
                log_error(error)
            self._wake.wait(self.every)
