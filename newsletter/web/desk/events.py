"""Server-sent events: the parts of a page that changed, for as long as somebody looks at it.

Each look is made in a thread, for all who watch at once. A stream ends when its session does, and
when the server is stopped.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping

from anyio import sleep
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from newsletter.domain.errors import NewsletterError
from newsletter.services.error_log import log_error
from newsletter.web.app import ends
from newsletter.web.desk.frame import Visit

EVERY = 2.0
"""Seconds between two looks."""
MOST = 24
"""Streams at a time: each takes a thread now and then."""
_STEP = 0.25
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Look = Callable[[], Mapping[str, str]]


class Streams:
    """Those that are open in this process."""

    def __init__(self) -> None:
        self.count = 0

    def open(self, visit: Visit, look: Look) -> Response:
        """``look`` gives the HTML of each part by its name."""
        if self.count >= MOST:
            text = f"{MOST} pages are watched already: load this one anew to see what changed\n"
            return PlainTextResponse(text, 503, {"Retry-After": "60"})
        events = self._counted(_events(visit, look))
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    async def _counted(self, events: AsyncIterator[str]) -> AsyncIterator[str]:
        self.count += 1
        try:
            async for event in events:
                yield event
        finally:
            self.count -= 1


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
