"""Public pages as they were made, until what they are made from changes."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from threading import Lock
from time import monotonic
from urllib.parse import quote, unquote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.web.pages import public, tag_of

_MOST_BYTES = 64_000_000
_OVERHEAD = 1_000
_FRESH_SECONDS = 1.0
_THREADS = 4
"""Of those that wait for the database: however many ask for public pages, forms have theirs."""
_KEPT_FOR = timedelta(minutes=10)
"""For what the version does not tell, such as the name of a podcast that was corrected."""


@dataclass(frozen=True, slots=True)
class Page:
    """``path`` is its right address, to which others are sent; "" where any will do."""

    body: bytes
    media_type: str = "text/html"
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    page: Page
    version: object
    made_at: datetime
    tag: str
    modified: datetime


class PageCache:
    """Up to 64 MB of pages, those longest unasked for go first. ``version`` is asked once a second.

    A page was modified when it first was as it is, as far as this process has seen.
    """

    def __init__(
        self,
        version: Callable[[], object],
        clock: Callable[[], datetime],
        root: str = "",
        *,
        indexed: bool = True,
    ) -> None:
        self._version, self._clock, self._root, self._indexed = version, clock, root, indexed
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._keys: dict[str, str] = {}
        self._newest: object = None
        self._asked_at = -inf
        self._bytes = 0
        self._lock = Lock()
        self._threads = CapacityLimiter(_THREADS)

    def route(self, path: str, answer: Callable[[Request], Response]) -> Route:
        """``answer`` runs in a thread; a page that is known needs none, nor the database."""

        async def respond(request: Request) -> Response:
            if kept := self._known(request):
                return self._sent(request, kept)
            return await run_sync(answer, request, limiter=self._threads)

        return Route(path, respond, methods=["GET"])

    def unkept(self, path: str, answer: Callable[[Request], Response]) -> Route:
        """The same for what is not kept here."""

        async def respond(request: Request) -> Response:
            return await run_sync(answer, request, limiter=self._threads)

        return Route(path, respond, methods=["GET"])

    def _known(self, request: Request) -> _Kept | None:
        """By its right address."""
        if monotonic() - self._asked_at > _FRESH_SECONDS:
            return None
        query = request.scope["query_string"].decode("latin-1")
        address = quote(request.scope["path"], errors="replace") + ("?" + query if query else "")
        kept = self._kept.get(self._keys.get(address, ""))
        if kept is None or self._is_old(kept, self._newest, self._clock()):
            return None
        return kept

    def _is_old(self, kept: _Kept, version: object, now: datetime) -> bool:
        return kept.version != version or now - kept.made_at > _KEPT_FOR

    def _ask_version(self) -> object:
        if monotonic() - self._asked_at > _FRESH_SECONDS:
            self._newest, self._asked_at = self._version(), monotonic()
        return self._newest

    def answer(self, request: Request, key: str, make: Callable[[], Page | None]) -> Response:
        """Raises HTTPException 404 where there is nothing to make."""
        version, now = self._ask_version(), self._clock()
        kept = self._kept.get(key)
        if kept is None or self._is_old(kept, version, now):
            page = make()
            if page is None:
                raise HTTPException(404)
            kept = self._keep(key, page, version, now, kept)
        else:
            self._touch(key)
        page = kept.page
        if page.path and unquote(page.path) != request.scope["path"]:
            return RedirectResponse(self._root + page.path, 301)
        return self._sent(request, kept)

    def _sent(self, request: Request, kept: _Kept) -> Response:
        page = kept.page
        about = page.media_type, kept.modified, page.headers
        return public(request, page.body, *about, indexed=self._indexed, tag=kept.tag)

    def _keep(
        self, key: str, page: Page, version: object, now: datetime, before: _Kept | None
    ) -> _Kept:
        tag = tag_of(page.body)
        modified = before.modified if before and before.tag == tag else now
        kept = _Kept(page, version, now, tag, modified)
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._keys[page.path or key] = key
            self._bytes += _size(kept)
            while self._bytes > _MOST_BYTES:
                self._drop(next(iter(self._kept)))
        return kept

    def _drop(self, key: str) -> None:
        if old := self._kept.pop(key, None):
            self._bytes -= _size(old)
            self._keys.pop(old.page.path or key, None)

    def _touch(self, key: str) -> None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)


def _size(kept: _Kept) -> int:
    return len(kept.page.body) + _OVERHEAD
