"""The addresses that providers call: read with a limit, checked, stored, and only then answered.

200: stored, or nothing to store. 403: not from who it says. 400: unreadable. 503: not stored, so
that the provider tries again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.services.error_log import log_error
from newsletter.services.returns import Intake
from newsletter.web.forms import body
from newsletter.web.hooks import (
    Event,
    Headers,
    Malformed,
    Unsigned,
    generic,
    mailgun,
    postmark,
    sendgrid,
    ses,
)

MOST = 1_000_000
"""Octets of a call."""


@dataclass(frozen=True)
class Keys:
    """What proves each provider's calls; empty: its address answers 404. ``secret`` is ours."""

    secret: bytes
    fetch: ses.Fetch
    ses_topics: Sequence[str] = ()
    postmark: str = ""
    sendgrid: EllipticCurvePublicKey | None = None
    mailgun: str = ""
    token: str = ""


Take = Callable[[bytes, Headers, datetime], None]


def routes(keys: Keys, intake: Intake, clock: Callable[[], datetime]) -> list[Route]:
    hooks = _Hooks(keys, intake)
    takes: dict[str, tuple[object, Take]] = {
        "ses": (keys.ses_topics, hooks.ses),
        "postmark": (keys.postmark, hooks.postmark),
        "sendgrid": (keys.sendgrid, hooks.sendgrid),
        "mailgun": (keys.mailgun, hooks.mailgun),
        "generic": (keys.token, hooks.generic),
    }
    return [_route(f"/hooks/{name}", take, clock) for name, (on, take) in takes.items() if on]


def _route(path: str, take: Take, clock: Callable[[], datetime]) -> Route:
    async def answer(request: Request) -> Response:
        content = await body(request, MOST)
        return await run_in_threadpool(_answer, take, content, request.headers, clock())

    return Route(path, answer, methods=["POST"])


def _answer(take: Take, content: bytes, headers: Headers, now: datetime) -> Response:
    try:
        take(content, headers, now)
    except Unsigned:
        return PlainTextResponse("not signed\n", 403)
    except Malformed:
        return PlainTextResponse("unreadable\n", 400)
    except Exception as error:
        log_error(error)
        return PlainTextResponse("not stored\n", 503, {"Retry-After": "60"})
    return PlainTextResponse("stored\n")


@dataclass(frozen=True)
class _Hooks:
    keys: Keys
    intake: Intake

    def ses(self, content: bytes, headers: Headers, now: datetime) -> None:  # noqa: ARG002
        keys = self.keys
        call = ses.call(content, keys.ses_topics, keys.secret, keys.fetch, now)
        if call.confirm:
            keys.fetch(call.confirm)
        self._store("ses", call.events, now)

    def postmark(self, content: bytes, headers: Headers, now: datetime) -> None:
        self._store("postmark", postmark.events(content, headers, self.keys.postmark), now)

    def sendgrid(self, content: bytes, headers: Headers, now: datetime) -> None:
        assert self.keys.sendgrid
        events = sendgrid.events(content, headers, self.keys.sendgrid, now)
        self._store("sendgrid", events, now)

    def mailgun(self, content: bytes, headers: Headers, now: datetime) -> None:  # noqa: ARG002
        call = mailgun.call(content, self.keys.mailgun, now)
        if not self.intake.first_use(f"mailgun {call.nonce}", content, now):
            raise Unsigned
        self._store("mailgun", [call.event] if call.event else [], now)

    def generic(self, content: bytes, headers: Headers, now: datetime) -> None:
        self._store("generic", generic.events(content, headers, self.keys.token), now)

    def _store(self, provider: str, events: Sequence[Event], now: datetime) -> None:
        self.intake.take_events([event.incoming(provider) for event in events], now)
