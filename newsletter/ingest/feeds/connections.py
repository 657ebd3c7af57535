"""Connections to the hosts of feeds: only to public addresses, and only for so long.

A host is resolved once, its addresses are checked, and one of those is connected to: a name that
answers differently the next time (DNS rebinding) gains nothing.
"""

import socket
import ssl
from collections.abc import Callable, Collection, Iterable, Sequence
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
        self, context: ssl.SSLContext, allowed: Iterable[str], seconds: float, resolver: Resolve
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx has no argument for it; httpcore, which it stands on, has.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,
            network_backend=_Backend(frozenset(allowed), monotonic() + seconds, resolver),
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, allowed: frozenset[str], end: float, resolver: Resolve) -> None:
        self.allowed, self.end, self.resolver = allowed, end, resolver
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
                seconds = _left(self.end, _CONNECT_SECONDS)
                return _Timed(self.plain.connect_tcp(address, port, seconds), self.end)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem or FetchFailed(f"the host {host} has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        return allowed_addresses(host, self.resolver(host, port), self.allowed)[:_MOST_ADDRESSES]


class _Timed(httpcore.NetworkStream):
    """A stream that ends in time, however slowly and steadily its bytes drip."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self.stream, self.end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.end, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.end, timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _left(self.end, timeout)
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, seconds), self.end)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)

    def close(self) -> None:
        self.stream.close()


def _left(end: float, most: float | None) -> float:
    left = end - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("out of time")
    return left if most is None else min(left, most)
