"""Answers a request of the API: whose it is, what it asks, the action, its answer.

The order is that of what a stranger may learn: without a token nothing but 401.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.domain.errors import (
    BriefRejected,
    NewsletterError,
    NotFound,
    StoreError,
    UsageError,
)
from newsletter.services import api_tokens, audit
from newsletter.services.api_tokens import Caller
from newsletter.services.error_log import log_error
from newsletter.storage import api_answers
from newsletter.web.api.endpoint import Call, Endpoint, Nothing, Parts
from newsletter.web.api.endpoints import ENDPOINTS
from newsletter.web.api.openapi import document
from newsletter.web.api.problem import Refused
from newsletter.web.forms import body as read_body

ROOT = "/api/v1"
_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
_A_MINUTE = 600
"""Requests of one token, in each process."""
_MOST = 64 * 1024
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def routes(parts: Parts) -> list[BaseRoute]:
    limiter = MovingWindowRateLimiter(MemoryStorage())
    published = msgspec.json.encode(document(ENDPOINTS, ROOT))

    def openapi(_: Request) -> Response:
        return Response(published, media_type="application/json")

    by_path: dict[str, dict[str, _Handler]] = {}
    for endpoint in ENDPOINTS:
        methods = by_path.setdefault(endpoint.path, {})
        methods[endpoint.method] = _Handler(endpoint, parts, limiter)
    return [
        Route(f"{ROOT}/openapi.json", openapi, methods=["GET"]),
        *(_route(path, handlers) for path, handlers in by_path.items()),
        Route(ROOT + "/{rest:path}", _missing, methods=_METHODS),
    ]


def _missing(_: Request) -> Response:
    return Refused(404, f"there is no such path: {ROOT}/openapi.json has all").response


def _route(path: str, handlers: "Mapping[str, _Handler]") -> Route:
    """One for all methods of a path: a wrong method is told the right ones."""

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in handlers:
            allowed = ", ".join(handlers)
            return Refused(405, f"this path answers {allowed}", {"Allow": allowed}).response
        return await handlers[method].answer(request)

    return Route(ROOT + path, answer, methods=_METHODS)


@dataclass(frozen=True)
class _Handler:
    endpoint: Endpoint
    parts: Parts
    limiter: MovingWindowRateLimiter

    async def answer(self, request: Request) -> Response:
        most = self.parts.max_bytes if self.endpoint.raw else _MOST
        try:
            caller = await run_in_threadpool(self._caller, request)
            raw = await read_body(request, most) if self.endpoint.body else b""
            return await run_in_threadpool(self._answer, request, caller, raw)
        except Refused as refused:
            return refused.response
        except HTTPException as error:
            return Refused(error.status_code, f"a body has at most {most:,} octets").response

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        try:
            caller = bearer and api_tokens.caller(self.parts.store, bearer, self.parts.clock())
        except StoreError as error:
            raise _unavailable(error) from error
        if not caller:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, "send Authorization: Bearer and a token in force", challenge)
        if self.endpoint.scope not in caller.scopes:
            raise Refused(403, f"this token lacks the scope {self.endpoint.scope}")
        if not self.limiter.hit(RateLimitItemPerMinute(_A_MINUTE), str(caller.token_id)):
            retry = {"Retry-After": "60"}
            raise Refused(429, f"more than {_A_MINUTE} requests in a minute", retry)
        return caller

    def _answer(self, request: Request, caller: Caller, raw: bytes) -> Response:
        call = self._call(request, caller, raw)
        key = request.headers.get("idempotency-key")
        try:
            if key is not None and self.endpoint.changes:
                return self._once(call, key, request.url.path)
            return self._do(call)
        except NotFound as error:
            raise Refused(404, str(error)) from error
        except (UsageError, BriefRejected) as error:
            raise Refused(422, str(error)) from error
        except NewsletterError as error:
            raise _unavailable(error) from error

    def _call(self, request: Request, caller: Caller, raw: bytes) -> Call:
        endpoint = self.endpoint
        try:
            path = msgspec.convert(request.path_params, _struct(endpoint), strict=False)
            query = msgspec.convert(_once_each(request), endpoint.query, strict=False)
        except msgspec.ValidationError as error:
            raise Refused(400, str(error)) from error
        body = None if endpoint.raw or not endpoint.body else _decoded(raw, endpoint.body)
        return Call(self.parts, caller, msgspec.structs.asdict(path), query, body, raw)

    def _do(self, call: Call) -> Response:
        answer = self.endpoint.action(call)
        if self.endpoint.changes:
            who, action = call.caller.name, self.endpoint.changes
            audit.record(call.store, call.now, "api", who, action, call.about)
        return _response(self.endpoint.status, msgspec.json.encode(answer))

    def _once(self, call: Call, key: str, path: str) -> Response:
        """The answer that the same request got, or that of doing it now."""
        if not _KEY.fullmatch(key):
            raise Refused(400, "an Idempotency-Key has 1 to 255 letters, digits and signs of ASCII")
        hashed = hashlib.sha256(key.encode()).hexdigest()
        asked = hashlib.sha256(f"{self.endpoint.method} {path}\n".encode() + call.raw).hexdigest()
        token = call.caller.token_id
        with call.store.writing() as db:
            before = api_answers.begin(db, token, hashed, asked, call.now)
        if before:
            return _replayed(before, asked)
        try:
            response = self._do(call)
        except BaseException:
            with call.store.writing() as db:
                api_answers.forget(db, token, hashed)
            raise
        with call.store.writing() as db:
            api_answers.finish(db, token, hashed, response.status_code, bytes(response.body))
        return response


def _replayed(before: api_answers.Answer, asked: str) -> Response:
    if before.request != asked:
        raise Refused(409, "this Idempotency-Key was used for another request")
    if before.status is None or before.body is None:
        raise Refused(409, "this request is still being processed: ask again in a moment")
    return _response(before.status, before.body)


def _response(status: int, content: bytes) -> Response:
    return Response(content, status, media_type="application/json")


def _unavailable(error: NewsletterError) -> Refused:
    log_error(error)
    return Refused(503, "the newsletter cannot answer just now", {"Retry-After": "60"})


def _struct(endpoint: Endpoint) -> type[msgspec.Struct]:
    return msgspec.defstruct("Path", list(endpoint.path_types.items()))


def _once_each(request: Request) -> Mapping[str, str]:
    names = [name for name, _ in request.query_params.multi_items()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Refused(400, f"{', '.join(sorted(twice))}: given more than once")
    return dict(request.query_params)


def _decoded(raw: bytes, type_: type[msgspec.Struct]) -> Any:
    try:
        return msgspec.json.decode(raw or (b"{}" if type_ is Nothing else b""), type=type_)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, str(error)) from error
