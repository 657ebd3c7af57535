"""The web side: Starlette around callables. For now one path, for leaving (RFC 8058)."""

import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, get_args

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

State = Literal["ask", "done", "unknown"]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_GRACE_SECONDS = 10
_TROUBLE = "This cannot be answered just now. Please try again in a few minutes.\n"


def app(
    known: Callable[[str], bool], leave: Callable[[str], bool], page: Callable[[State], str]
) -> ASGIApp:
    """``/u/{token}``: GET asks and changes nothing, POST leaves, however often, whatever its body.

    ``known`` and ``leave`` tell whether a token is somebody's, and run in a thread pool; what they
    raise is theirs to log, and answered 503. ``page`` renders the three pages once, now: every
    wrong token is answered 404 with the same bytes.
    """
    pages = {state: page(state) for state in get_args(State)}

    def ask(request: Request) -> Response:
        return answer(known, request.path_params["token"], "ask")

    def done(request: Request) -> Response:
        return answer(leave, request.path_params["token"], "done")

    def answer(asked: Callable[[str], bool], token: str, state: State) -> Response:
        try:
            found = asked(token)
        except Exception:
            return PlainTextResponse(_TROUBLE, 503, {"Retry-After": "60"})
        return HTMLResponse(pages[state if found else "unknown"], 200 if found else 404)

    routes = [Route("/u/{token}", ask, methods=["GET"])]
    routes += [Route("/u/{token}", done, methods=["POST"])]
    inner = Starlette(routes=routes)
    inner.router.redirect_slashes = False
    return _guarded(inner)


def _guarded(inner: ASGIApp) -> ASGIApp:
    """Every answer bears the headers, the 404s and 500s of others, too."""
    headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await inner(scope, receive, with_headers)

    return guarded


def server(application: ASGIApp) -> uvicorn.Server:
    """Without an access log: tokens stand in the paths."""
    config = uvicorn.Config(
        application,
        access_log=False,
        lifespan="off",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws="none",
    )
    return uvicorn.Server(config)


def listening(host: str, port: int) -> socket.socket:
    """0 is any free port. OSError: no such address, or it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:  # it names the address once more, as a tuple
        raise OSError(error.errno, str(error.strerror).partition(" (")[0]) from error


def serve(application: ASGIApp, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, and finish what is in hand."""
    with bound:
        # uvicorn raises the signal once more when it has stopped, for whoever waits behind it
        before = signal.signal(signal.SIGTERM, lambda *_: None)
        with suppress(KeyboardInterrupt):
            server(application).run(sockets=[bound])
        signal.signal(signal.SIGTERM, before)
