"""The workbench: a page for authors of templates, on this machine alone. It changes nothing.

Answers GET, and only under its own loopback name: a page elsewhere that points a name of its own to
127.0.0.1 (DNS rebinding) is refused by its Host.
"""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.rendering.renderer import Renderer
from newsletter.resources import resource

Query = Mapping[str, str]
Answer = Callable[[Request], Coroutine[Any, Any, Response]]

HOST = "127.0.0.1"
_TEMPLATE = Path(__file__).with_name("workbench.html")
_SCRIPT = Path(__file__).with_name("workbench.js")
_VIEWS_SCRIPT = Path(__file__).parent / "desk" / "views.js"
_VIEWS = "desk/views.html"
_COMMON = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAME = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
"""The policy of a message shown in a frame of ours: nothing runs or is fetched."""


def render_page(values: Mapping[str, Any]) -> str:
    """Our own template beside this file; operators cannot replace it."""
    paths = {_TEMPLATE.name: _TEMPLATE, _VIEWS: resource("templates") / _VIEWS}
    sources = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
    return Renderer(sources).render(_TEMPLATE.name, **values)


def app(
    page: Callable[[Query], str],
    frame: Callable[[Query], str],
    version: Callable[[], str],
    port: int,
) -> ASGIApp:
    """``page`` and ``frame`` make HTML for a query; ``version`` changes when the HTML would.

    They run in threads, and show errors on the page instead of raising them.
    """

    async def bench(request: Request) -> Response:
        return HTMLResponse(
            await run_in_threadpool(page, request.query_params), headers=_csp(_PAGE)
        )

    async def message(request: Request) -> Response:
        html = await run_in_threadpool(frame, request.query_params)
        return HTMLResponse(html, headers=_csp(FRAME))

    async def now(_: Request) -> Response:
        return PlainTextResponse(await run_in_threadpool(version))

    paths = {"/": bench, "/message": message, "/version": now}
    paths |= {f"/{path.name}": _script(path) for path in (_SCRIPT, _VIEWS_SCRIPT)}
    routes = [Route(path, answer, methods=["GET"]) for path, answer in paths.items()]
    return _own_host_only(Starlette(routes=routes), port)


def _script(path: Path) -> Answer:
    async def script(_: Request) -> Response:
        return Response(path.read_bytes(), media_type="text/javascript")

    return script


def _csp(policy: str) -> dict[str, str]:
    return {"Content-Security-Policy": policy}


def _own_host_only(inner: ASGIApp, port: int) -> ASGIApp:
    own = {f"{HOST}:{port}", f"localhost:{port}"}
    headers = [(name.lower().encode(), value.encode()) for name, value in _COMMON.items()]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        if Headers(scope=scope).get("host") in own:
            await inner(scope, receive, with_headers)
        else:
            answer = PlainTextResponse("this is not the host you asked for\n", 421)
            await answer(scope, receive, with_headers)

    return guarded
