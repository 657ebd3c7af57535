"""Connections to the hosts of feeds: only to public addresses, and only for so long.

A host is resolved once, its addresses are checked, and one of those is connected to: a name that
answers differently the next time (DNS rebinding) gains nothing.
"""

import socket
import ssl
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpcore
import httpx

from newsletter.domain.errors import NewsletterError
from newsletter.ingest.feeds.addresses import is_public

Resolve = Callable[[str, int], Sequence[str]]
"""From a host and a port to the addresses that the DNS names."""

_MOST_ADDRESSES = 4
_CONNECT_SECONDS = 10.0
_TURN_SECONDS = 0.2
"""So long nobody asks whether the program is to end."""


class FetchFailed(NewsletterError):
    """What cannot be had. ``lasting``: the same request would have the same answer.

    ``status`` is the server's, 0 for none and behind a redirect that is only for now;
    ``retry_after`` its header.
    """

    def __init__(
        self, reason: str, *, lasting: bool = False, status: int = 0, retry_after: str = ""
    ) -> None:
        super().__init__(reason)
        self.lasting, self.status, self.retry_after = lasting, status, retry_after


class Stopped(Exception):
    """The program is to end: the answer is not waited for any more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long an answer is waited for: until ``end``, and not once ``stop`` says so."""

    end: float
    stop: Callable[[], bool]

    def left(self, most: float | None) -> float:
        """In seconds. Raises Stopped, and ReadTimeout where nothing is left."""
        if self.stop():
            raise Stopped
        left = self.end - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("out of time")
        return left if most is None else min(left, most)


def resolve(host: str, port: int) -> Sequence[str]:
    """By this machine's resolver. Raises FetchFailed."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        problem = getattr(error, "strerror", "") or error
        raise FetchFailed(f"the host {host} cannot be found: {problem}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in answers))


def allowed_addresses(host: str, found: Sequence[str], allowed: Collection[str]) -> Sequence[str]:
    """Those that may be connected to. Raises FetchFailed where none of them may."""
    if host.rstrip(".").lower() in allowed:
        return found
    public = [address for address in found if is_public(address)]
    if found and not public:
        raise FetchFailed(
            f"{host} is at {found[0]}, which is no public address: if it is yours and to be"
            f' read, write "{host}" into sources.allow_hosts',
            lasting=True,
        )
    return public


class Transport(httpx.HTTPTransport):
    """For one request: httpx's own, but connected as this module promises."""

    def __init__(
        self, context: ssl.SSLContext, allowed: Iterable[str], patience: Patience, resolver: Resolve
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx has no argument for it; httpcore, which it stands on, has.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,
            network_backend=_Backend(frozenset(allowed), patience, resolver),
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, allowed: frozenset[str], patience: Patience, resolver: Resolve) -> None:
        self.allowed, self.patience, self.resolver = allowed, patience, resolver
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        problem: Exception | None = None
        for address in self._addresses(host, port):
            try:
                seconds = self.patience.left(_CONNECT_SECONDS)
                return _Timed(self.plain.connect_tcp(address, port, seconds), self.patience)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem or FetchFailed(f"the host {host} has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        return allowed_addresses(host, self.resolver(host, port), self.allowed)[:_MOST_ADDRESSES]


class _Timed(httpcore.NetworkStream):
    """A stream that ends in time, however slowly and steadily its bytes drip."""

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self.stream, self.patience = stream, patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """``timeout`` never ends before our patience does, which is asked again and again."""
        while True:
            seconds = self.patience.left(_TURN_SECONDS)
            with suppress(httpcore.ReadTimeout):
                return self.stream.read(max_bytes, seconds)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.patience.left(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self.patience.left(timeout)
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, seconds), self.patience)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)

    def close(self) -> None:
        self.stream.close()
