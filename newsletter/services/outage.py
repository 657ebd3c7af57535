"""The database cannot be reached: told once, then once a minute, and once when it is back."""

import logging
from typing import Any

from newsletter.services.clock import steady

log = logging.getLogger("newsletter")

_AGAIN = 60.0  # seconds


class Outage(logging.Filter):
    """On the log of a pool of connections, which tells of each try of each connection, several a
    second."""

    def __init__(self) -> None:
        super().__init__()
        self._told: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if isinstance(error, Exception):
            self.tell(error)
        return not isinstance(error, Exception)

    def tell(self, error: BaseException) -> None:
        now = steady().seconds
        if self._told is None or now - self._told >= _AGAIN:
            self._told = now
            reason = " ".join(str(error).split())  # the driver writes several lines
            log.warning("the database: %s; what is due waits until it is back", reason)

    async def end(self, _connection: Any) -> None:
        """There is a new connection."""
        if self._told is not None:
            self._told = None
            log.warning("the database is back")
