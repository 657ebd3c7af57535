"""Server-sent events: the parts of a page that changed, for as long as somebody looks at it.

Each look is made in a thread, for all who watch at once. A stream ends when its session does, and
when the server is stopped.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from threading import Lock

from anyio import sleep
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from newsletter.domain.errors import NewsletterError
from newsletter.services.error_log import log_error
from newsletter.web.app import ends
from newsletter.web.desk.frame import Visit

EVERY = 2.0
"""Seconds between two looks."""
MOST = 24
"""Streams at a time: each takes a thread now and then."""
MOST_OF_ONE = 6
"""Of one user, so that nobody takes them all: a browser opens no more to one server."""
_STEP = 0.25
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Look = Callable[[], Mapping[str, str]]


class Streams:
    """Those that are open in this process, by user."""

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()
        self._lock = Lock()

    def open(self, visit: Visit, look: Look) -> Response:
        """``look`` gives the HTML of each part by its name."""
        user = visit.user.id
        if not self._taken(user):
            text = "too many pages are watched already: reload this one to see what changed\n"
            return PlainTextResponse(text, 503, {"Retry-After": "60"})
        return _Stream(_events(visit, look), lambda: self._leave(user))

    def _taken(self, user: int) -> bool:
        """Counted at once: many may ask in one moment."""
        with self._lock:
            if self._open.total() >= MOST or self._open[user] >= MOST_OF_ONE:
                return False
            self._open[user] += 1
            return True

    def _leave(self, user: int) -> None:
        with self._lock:
            self._open[user] -= 1


class _Stream(StreamingResponse):
    """``end`` is called when it ends, also where it never began."""

    def __init__(self, events: AsyncIterator[str], end: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


async def _events(visit: Visit, look: Look) -> AsyncIterator[str]:
    """The first has all parts, each later one those that changed since."""
    known: Mapping[str, str] = {}
    yield "retry: 5000\n\n"
    while not ends(visit.request.scope):
        holds, parts = await run_in_threadpool(_looked, visit, look)
        if not holds:
            yield _event("end", {})
            return
        changed = {name: part for name, part in parts.items() if known.get(name) != part}
        yield _event("parts", changed) if changed else ": nothing new\n\n"
        known = {**known, **parts}
        await _pause(visit)


def _looked(visit: Visit, look: Look) -> tuple[bool, Mapping[str, str]]:
    """Whether they may still look, and what there is; nothing while the database cannot answer."""
    try:
        return (True, look()) if visit.still_holds() else (False, {})
    except NewsletterError as error:
        log_error(error)
        return True, {}


def _event(name: str, value: Mapping[str, str]) -> str:
    """JSON has no line breaks of its own, which would end an event."""
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"


async def _pause(visit: Visit) -> None:
    left = EVERY
    while left > 0 and not ends(visit.request.scope):
        await sleep(_STEP)
        left -= _STEP
