"""Fetching over HTTP as a polite feed reader does: conditional, bounded, one at a time per host."""

import ssl
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Protocol

import httpx

from newsletter.domain.urls import host_of, resolved, web_address, without_user
from newsletter.ingest.feeds.connections import (
    FetchFailed,
    Patience,
    Resolve,
    Stopped,
    Transport,
    resolve,
)

_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.8"
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_TEMPORARY = (408, 425, 429)
_PIECE = 64 * 1024


@dataclass(frozen=True)
class FetchLimits:
    """``max_bytes`` counts what is unpacked; ``seconds`` is for all of it, redirects included.

    ``allow_hosts`` may be on private networks. ``user_agent`` names the operator.
    """

    user_agent: str
    max_bytes: int = 10_000_000
    seconds: float = 30.0
    redirects: int = 5
    allow_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fetched:
    """``body`` is None where nothing changed (304). ``url`` is where it was in the end, without the
    user and password that it was asked for with.

    ``moved`` is where it is from now on, by redirects that are permanent; empty where it stays.
    """

    url: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: str = ""

    @property
    def charset(self) -> str:
        """As the server says it; empty where it does not."""
        _, _, rest = self.headers.get("content-type", "").lower().partition("charset=")
        return rest.partition(";")[0].strip(" \"'")

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetches(Protocol):
    """What a scan fetches with: a ``Fetcher``, or the demo's samples."""

    def get(self, url: str, etag: str = "", last_modified: str = "", /) -> Fetched: ...


class Clocked:
    """For one feed: ``seconds`` is what its servers have taken, and the wait for their turn."""

    def __init__(self, fetcher: Fetches) -> None:
        self.fetcher, self.seconds = fetcher, 0.0

    def get(self, url: str, etag: str = "", last_modified: str = "", /) -> Fetched:
        start = monotonic()
        try:
            return self.fetcher.get(url, etag, last_modified)
        finally:
            self.seconds += monotonic() - start


class Fetcher:
    """Shared by all threads of a scan: to each host there is one connection at a time."""

    def __init__(
        self,
        limits: FetchLimits,
        resolver: Resolve = resolve,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.limits = limits
        self.resolver = resolver
        self.stop = stop
        self._context = ssl.create_default_context()
        self._hosts: defaultdict[str, Lock] = defaultdict(Lock)
        self._guard = Lock()

    def get(self, url: str, etag: str = "", last_modified: str = "") -> Fetched:
        """Follows redirects; each is checked like the first. Raises FetchFailed, and Stopped as
        soon as ``stop`` says so."""
        headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        asked = {name: value for name, value in headers.items() if value}
        spent, moved, permanent = 0.0, "", True
        for _ in range(self.limits.redirects + 1):
            with self._turn(url):
                start = monotonic()
                try:
                    answer = self._request(url, asked, self.limits.seconds - spent)
                except FetchFailed as error:
                    # Gone is where it was led to for now, and not what was asked for.
                    error.status = error.status if permanent else 0
                    raise
                spent += monotonic() - start
            if isinstance(answer, Fetched):
                return Fetched(answer.url, answer.body, answer.headers, moved)
            status, target = answer
            permanent = permanent and status in _PERMANENT and not _less_safe(url, target)
            moved = target if permanent else moved
            url = target
        raise FetchFailed(f"it redirects more than {self.limits.redirects} times")

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        with self._guard:
            host = self._hosts[host_of(url)]
        with host:
            if self.stop():
                raise Stopped
            yield

    def _request(
        self, url: str, asked: Mapping[str, str], seconds: float
    ) -> Fetched | tuple[int, str]:
        """What came, or the status and target of a redirect."""
        headers = {
            "User-Agent": self.limits.user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **asked,
        }
        try:
            with (
                self._client(seconds) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                return self._answer(url, response, asked=bool(asked))
        except httpx.TimeoutException as error:
            raise FetchFailed(f"no whole answer within {self.limits.seconds:g} seconds") from error
        except httpx.HTTPError as error:
            raise FetchFailed(f"the connection failed: {error}") from error
        except (httpx.InvalidURL, UnicodeError) as error:  # idna refuses a host by the latter
            raise FetchFailed(f"its address cannot be used: {error}", lasting=True) from error

    def _client(self, seconds: float) -> httpx.Client:
        """Anew for each request: it keeps no cookies, and sends no password to another host."""
        limits = self.limits
        patience = Patience(monotonic() + seconds, self.stop)
        transport = Transport(self._context, limits.allow_hosts, patience, self.resolver)
        return httpx.Client(
            transport=transport, trust_env=False, follow_redirects=False, timeout=limits.seconds
        )

    def _answer(
        self, url: str, response: httpx.Response, *, asked: bool
    ) -> Fetched | tuple[int, str]:
        status, headers = response.status_code, dict(response.headers)
        if status in _REDIRECTS and "location" in headers:
            return status, _target(url, headers["location"])
        if status == 304 and asked:
            return Fetched(without_user(url), None, headers)
        if status not in (200, 203):
            raise FetchFailed(
                f"the server answered {status} {response.reason_phrase}".rstrip(),
                lasting=400 <= status < 500 and status not in _TEMPORARY,
                status=status,
                retry_after=headers.get("retry-after", ""),
            )
        return Fetched(without_user(url), self._body(response, headers), headers)

    def _body(self, response: httpx.Response, headers: Mapping[str, str]) -> bytes:
        most = self.limits.max_bytes
        size = headers.get("content-length", "")
        if size.isascii() and size.isdigit() and int(size[:18]) > most:
            raise _too_large(most)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        pieces = response.iter_raw(_PIECE)
        if encoding in ("gzip", "x-gzip"):
            pieces = _unpacked(pieces, most)
        elif encoding not in ("identity", ""):
            raise FetchFailed(f"it is packed as {encoding:.40}, which was not asked for")
        body = bytearray()
        for piece in pieces:
            body += piece
            if len(body) > most:
                raise _too_large(most)
        return bytes(body)


def _unpacked(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """gzip, a piece at a time: a bomb is noticed when it is as large as is allowed."""
    unpacker = zlib.decompressobj(wbits=31)
    for packed in pieces:
        rest = packed
        while rest:
            if unpacker.eof:  # another member follows
                unpacker = zlib.decompressobj(wbits=31)
            try:
                yield unpacker.decompress(rest, most + 1)
            except zlib.error as error:
                raise FetchFailed(f"its gzip is broken: {error}") from error
            rest = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof:
        raise FetchFailed("its gzip ends too early")


def _target(url: str, location: str) -> str:
    target = web_address(resolved(url, location))
    if not target:
        raise FetchFailed(f"it redirects to {location!r:.200}, which is no address on the web")
    return target


def _less_safe(url: str, target: str) -> bool:
    """From https to plain http: followed, but not for ever."""
    return url.startswith("https:") and target.startswith("http:")


def _too_large(most: int) -> FetchFailed:
    return FetchFailed(f"it is larger than {most:,} bytes (sources.max_bytes)", lasting=True)
