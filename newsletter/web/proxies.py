"""Whom a site believes, and the names that the desk answers to."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import cast

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::[0-9]*)?")
_REFUSED = (
    "the desk does not answer to this name: use its address; of a web server before it, name the"
    " address in desk.trusted_proxies\n"
)


def behind(proxies: Sequence[str], application: ASGIApp) -> ASGIApp:
    """Only of ``proxies`` (addresses and networks) is it believed whom they ask for, which
    X-Forwarded-For says, and whether by TLS."""
    return cast("ASGIApp", _believing(proxies, application)) if proxies else application


def by_own_name(own: str, proxies: Sequence[str], application: ASGIApp) -> ASGIApp:
    """For who asks by an address, a name of this network, or ``own``; ``proxies`` may use any name.

    A page elsewhere can have its own name lead to this machine (DNS rebinding), and its browser
    then lets it read the answers: they ask by that name.
    """
    trusted = _believing(proxies, application).trusted_hosts

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope["client"][0] if scope.get("client") else None
        host = Headers(scope=scope).get("host", "")
        if peer in trusted or is_own(host, own):
            await application(scope, receive, send)
        else:
            await PlainTextResponse(_REFUSED, 421)(scope, receive, send)

    return answer


def is_own(host: str, own: str) -> bool:
    """Of a Host header. Nobody can give a name without a dot to their own server."""
    match = _HOST.fullmatch(host.lower())
    if not match:
        return False
    name = match[1].removesuffix(".")
    return "." not in name or name == own.lower() or name.endswith(".localhost") or _is_ip(name)


def _is_ip(name: str) -> bool:
    try:
        return bool(ip_address(name.strip("[]")))
    except ValueError:
        return False


def _believing(proxies: Sequence[str], application: ASGIApp) -> ProxyHeadersMiddleware:
    return ProxyHeadersMiddleware(application, list(proxies))  # type: ignore[arg-type]
