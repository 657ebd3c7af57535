"""Logging in and out.

A wrong password gets the same answer as an unknown name, after the same work. Attempts are limited
by network, and by name and network, so that a stranger elsewhere locks nobody out; and, higher, by
name.
"""

import logging
import re
from collections.abc import Sequence
from datetime import timedelta
from threading import Semaphore

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.services import audit, desk_sessions, desk_users
from newsletter.services.desk_users import User
from newsletter.web.desk.frame import COOKIE, HOME, Frame, Visit, is_own_site
from newsletter.web.forms import Form, post
from newsletter.web.networks import network_of

log = logging.getLogger("newsletter")

_GUARD = "desk_login"
"""Holds what the login form's token is made from: a page elsewhere cannot log anybody in."""
_OWN = re.compile(r"/desk(?:/[\w.~%@=,+-]+)*/?(?:\?[\w.~%@=&,+*:/-]*)?", re.ASCII)
_BOTH = RateLimitItemPerMinute(10, 15)
_NETWORK = RateLimitItemPerMinute(30, 15)
_NAME = RateLimitItemPerHour(100)
_LONGEST_NAME = 64
_AT_ONCE = 4
"""Hashing is done one at a time; more than so many would hold the threads that the site needs."""


def routes(frame: Frame) -> Sequence[BaseRoute]:
    door = _Door(frame)
    return [
        Route("/desk/login", door.look, methods=["GET"]),
        post("/desk/login", door.enter),
        frame.post("/desk/logout", door.leave, audited="log out", role="editor"),
    ]


class Attempts:
    """How often somebody tried, in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def allow(self, name: str, host: str) -> bool:
        """Counts this one, unless there were too many."""
        network = network_of(host)
        limits: list[tuple[RateLimitItem, str]] = [
            (_BOTH, f"both {network} {name}"),
            (_NETWORK, f"network {network}"),
            (_NAME, f"name {name}"),
        ]
        return all(self._limiter.hit(limit, key) for limit, key in limits)


class _Door:
    def __init__(self, frame: Frame) -> None:
        self.frame, self.attempts, self.turns = frame, Attempts(), Semaphore(_AT_ONCE)

    def look(self, request: Request) -> Response:
        wanted = own_path(request.query_params.get("next", ""))
        if self.frame.session(request):
            return RedirectResponse(wanted, 303)
        return self._form(request, wanted)

    def enter(self, request: Request, form: Form) -> Response:
        wanted = own_path(form.get("next", ""))
        if not self._is_ours(request, form):
            fault = "This form was too old, or the browser keeps no cookies. Please try again."
            return self._form(request, wanted, 403, fault)
        name, host = form.get("name", "").strip().lower()[:_LONGEST_NAME], _host(request)
        if not self.turns.acquire(blocking=False):  # no attempt: nothing was looked at
            fault = "Too many people are logging in at this moment. Please try again."
            return self._wait(request, wanted, 503, fault, 2)
        try:
            if not self.attempts.allow(name, host):
                fault = "Too many attempts. Please wait a quarter of an hour."
                return self._wait(request, wanted, 429, fault, 900)
            user = desk_users.verified(self.frame.store, name, form.get("password", ""))
        finally:
            self.turns.release()
        if user is None:
            log.warning("a login to the desk failed, from %s", network_of(host))
            return self._form(request, wanted, 422, "Wrong name or password.")
        return self._enter(request, user, wanted)

    def leave(self, visit: Visit) -> Response:
        desk_sessions.end(self.frame.store, visit.session)
        answer = RedirectResponse("/desk/login", 303)
        _set(visit.request, answer, COOKIE, "", timedelta())
        return answer

    def _enter(self, request: Request, user: User, wanted: str) -> Response:
        """A new session: what was in a cookie before is worth nothing."""
        frame, now = self.frame, self.frame.clock()
        if before := frame.session(request):
            desk_sessions.end(frame.store, before)
        browser = request.headers.get("user-agent", "")
        random = desk_sessions.begin(frame.store, user, now, _host(request), browser)
        audit.record(frame.store, now, "desk", user.name, "log in", "")
        answer = RedirectResponse(wanted, 303)
        cookie = desk_sessions.signed(frame.secret, random)
        _set(request, answer, COOKIE, cookie, desk_sessions.LASTS)
        _set(request, answer, _GUARD, "", timedelta())
        return answer

    def _form(self, request: Request, wanted: str, status: int = 200, fault: str = "") -> Response:
        random = self._guard(request) or desk_sessions.new_id()
        secret = self.frame.secret
        values = self.frame.common(None) | {"csrf": desk_sessions.form_token(secret, random)}
        answer = self.frame.look.page("desk/login.html", status, **values, next=wanted, fault=fault)
        _set(request, answer, _GUARD, desk_sessions.signed(secret, random), desk_sessions.LASTS)
        return answer

    def _wait(
        self, request: Request, wanted: str, status: int, fault: str, seconds: int
    ) -> Response:
        answer = self._form(request, wanted, status, fault)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _is_ours(self, request: Request, form: Form) -> bool:
        random, token = self._guard(request), form.get("csrf", "")
        return bool(
            random
            and is_own_site(request)
            and desk_sessions.token_holds(self.frame.secret, random, token)
        )

    def _guard(self, request: Request) -> str | None:
        return desk_sessions.unsigned(self.frame.secret, request.cookies.get(_GUARD, ""))


def own_path(text: str) -> str:
    """Where to go after the login: ``text`` if it is a path of the desk, else its first page."""
    return text if _OWN.fullmatch(text) and ".." not in text else HOME


def _set(request: Request, answer: Response, name: str, value: str, lasts: timedelta) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path=HOME,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _host(request: Request) -> str:
    return request.client.host if request.client else ""
