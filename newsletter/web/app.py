"""The web application, and the server that runs it. A page is a route, a template and a service."""

import resource
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.patience import Impatient

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_GRACE_SECONDS = 10
_RUNNING = "newsletter.server"
_CONNECTIONS = 16_384
_DIGITS = 10
_LARGEST = 2**31 - 1


class _Number(IntegerConvertor):
    """An ``int`` in a path. No row has a number of ten digits or more: such a one is the largest,
    which is nobody's. Python reads no 5,000 digits."""

    def convert(self, value: str) -> int:
        return int(value) if len(value) < _DIGITS else _LARGEST


register_url_convertor("int", _Number())


def app(routes: Sequence[BaseRoute], handlers: Mapping[Any, Any] | None = None) -> ASGIApp:
    """The pages of ``newsletter serve``; each module beside this one adds its routes.

    ``handlers`` answer in the place of a page, by status or exception.
    """
    inner = Starlette(routes=routes, exception_handlers=handlers)
    inner.router.redirect_slashes = False
    return _with_headers(inner)


def _with_headers(inner: ASGIApp) -> ASGIApp:
    """Adds the headers of a personal page to every answer, Starlette's own 404 and 500 too; those
    that a page sets itself stay."""
    headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                names = {name for name, _ in own}
                missing = [header for header in headers if header[0] not in names]
                message["headers"] = [*own, *missing]
            await send(message)

        await inner(scope, receive, with_headers)

    return answer


def server(application: ASGIApp) -> uvicorn.Server:
    """Without an access log: its paths would hold tokens."""
    config = uvicorn.Config(
        application,
        access_log=False,
        http=Impatient,
        proxy_headers=False,  # each site has its own proxies
        lifespan="off",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws="none",
    )
    running = uvicorn.Server(config)
    config.app = _telling(application, running)
    return running


def ends(scope: Scope) -> bool:
    """Whether the server is being stopped: an answer that goes on for long should end then."""
    running = scope.get(_RUNNING)
    return running is not None and bool(running.should_exit)


def _telling(application: ASGIApp, running: uvicorn.Server) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, _RUNNING: running}, receive, send)

    return answer


def listening(host: str, port: int) -> socket.socket:
    """Port 0 is any free port. Raises OSError if there is no such address, or it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:  # the text repeats the address, as a tuple
        raise OSError(error.errno, str(error.strerror).partition(" (")[0]) from error
    # The connections inherit it. asyncio sets it itself, but not on those of a socket that it was
    # given: the body of each answer would wait 40 ms for the client to acknowledge the head.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def serve(sites: Sequence[tuple[ASGIApp, socket.socket]]) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests that have begun.

    Each application answers on its own socket. The sockets are closed.
    """
    _allow_connections()
    sockets = [bound for _, bound in sites]
    ports = {bound.getsockname()[1]: application for application, bound in sites}
    # uvicorn raises the signal again after it has stopped
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with suppress(KeyboardInterrupt):
            server(_by_port(ports)).run(sockets=sockets)
    finally:
        signal.signal(signal.SIGTERM, before)
        for bound in sockets:
            bound.close()


def _by_port(applications: Mapping[int, ASGIApp]) -> ASGIApp:
    """By the port that a request arrived at, which is the socket's own: no header changes it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await applications[scope["server"][1]](scope, receive, send)

    return answer


def _allow_connections() -> None:
    """As many as the machine lets us have: the usual limit of a thousand files is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
