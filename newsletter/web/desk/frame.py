"""The frame of the desk: who is asking, whether they may, and the page that their answer stands in.

Every page and form of the desk is a route of ``Frame``. A form is refused without the token of its
session, and what it changed stands in the audit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.domain.errors import NewsletterError, NotFound, StoreError
from newsletter.services import audit, desk_sessions
from newsletter.services.desk_sessions import Session
from newsletter.services.desk_users import Role, User
from newsletter.services.error_log import log_error
from newsletter.storage import Store
from newsletter.web.desk.look import Look
from newsletter.web.forms import MOST, Files, Form
from newsletter.web.forms import form as read_form

HOME = "/desk"
COOKIE = "desk"
NAVIGATION = (
    ("/desk", "Today"),
    ("/desk/issue", "Issue"),
    ("/desk/readers", "Readers"),
    ("/desk/sources", "Sources"),
    ("/desk/returns", "Returns"),
    ("/desk/report", "Report"),
    ("/desk/settings", "Settings"),
    ("/desk/log", "Log"),
)
"""The sections: those that there is a route for are shown, to those who may see them."""


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is logged in; ``form`` is empty unless one was posted, and
    ``files`` has those of it by their fields."""

    request: Request
    user: User
    form: Form
    now: datetime
    session: Session
    frame: "Frame" = field(repr=False)
    files: Files = field(default_factory=dict, repr=False)
    _about: list[str] = field(default_factory=list)

    def page(self, template: str, /, status: int = 200, **values: object) -> Response:
        """``template`` such as "desk/today.html", with the values that every page has, and these.

        A page that htmx asks for is a part of another: it takes no message.
        """
        message = "" if self.is_part else self.session.message
        if message:
            desk_sessions.say(self.frame.store, self.session, "")
        return self.frame.look.page(template, status, **self.frame.common(self, message), **values)

    def back(self, path: str, message: str = "") -> Response:
        """To another page of ours, which says ``message`` once."""
        if message:
            desk_sessions.say(self.frame.store, self.session, message)
        return RedirectResponse(path, 303)

    def about(self, text: str) -> None:
        """What a form changes, for the audit: an address, a date, a number."""
        self._about[:] = [text]

    def still_holds(self) -> bool:
        """Whether they are still logged in: an answer that goes on asks now and then."""
        return desk_sessions.holds(self.frame.store, self.session, self.frame.clock())

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return "hx-request" in self.request.headers

    @property
    def subject(self) -> str:
        return "".join(self._about)


Action = Callable[[Visit], Response]


class Frame:
    """``secret`` signs the cookies and makes the tokens of forms."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], secret: bytes, look: Look
    ) -> None:
        self.store, self.clock, self.look, self.secret = store, clock, look, secret
        self.roles: dict[tuple[str, str], Role] = {}  # by method and path

    def get(self, path: str, action: Action, role: Role = "editor") -> Route:
        """A page, which changes nothing. ``action`` runs in a thread."""
        self.roles["GET", path] = role

        def answer(request: Request) -> Response:
            asked = request.scope["query_string"]  # no database keeps a NUL, or finds one
            request.scope["query_string"] = asked.replace(b"%00", b"%EF%BF%BD")
            return self._answered(request, partial(self._act, request, Form(), action, role))

        return Route(path, answer, methods=["GET"])

    def post(
        self, path: str, action: Action, *, audited: str, role: Role = "operator", most: int = MOST
    ) -> Route:
        """A form of at most ``most`` octets. ``action`` runs in a thread; unless it refuses, the
        audit says that this user did what ``audited`` names."""
        self.roles["POST", path] = role

        def act(request: Request, form: Form, files: Files, session: Session) -> Response:
            if not self._is_ours(request, form, session):
                return self._problem(self._visit(request, session), _FORGED, status=403)
            done = partial(self._audited, action, audited)
            return self._act(request, form, done, role, session, files)

        async def answer(request: Request) -> Response:
            session = await run_in_threadpool(self.session, request)
            if session is None:  # a stranger's is not read
                return self._to_login(request)
            if not session.user.may(role):  # nor what they may not send
                refused = partial(self._act, request, Form(), action, role)
                return await run_in_threadpool(self._answered, request, refused)
            try:
                form, files = await read_form(request, most)
            except HTTPException as error:
                unread = partial(self._unread, request, error.status_code, most)
                return await run_in_threadpool(self._answered, request, unread)
            answer_form = partial(act, request, form, files)
            return await run_in_threadpool(self._answered, request, answer_form)

        return Route(path, answer, methods=["POST"])

    def rest(self) -> Sequence[BaseRoute]:
        """What is not there, for whoever is logged in: the last of all routes."""

        def missing(_: Visit) -> Response:
            raise NotFound("this page does not exist")

        return [self.get("/desk/{rest:path}", missing)]

    def session(self, request: Request) -> Session | None:
        """Of the cookie, where it is ours and holds."""
        random = desk_sessions.unsigned(self.secret, request.cookies.get(COOKIE, ""))
        return desk_sessions.find(self.store, random, self.clock()) if random else None

    def closed(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        """While the database does not answer: the log says why."""
        log_error(error)
        answer = self.look.page("desk/closed.html", 503, **self.common(None))
        answer.headers["Retry-After"] = "60"
        return answer

    def common(self, visit: Visit | None, message: str = "") -> dict[str, object]:
        """What every page of the desk has."""
        if visit is None:
            return {"user": None, "csrf": "", "nav": (), "here": "", "message": ""}
        return {
            "user": visit.user,
            "csrf": desk_sessions.form_token(self.secret, visit.session.random),
            "nav": [(path, label) for path, label in NAVIGATION if self._sees(visit.user, path)],
            "here": _section(visit.request.url.path),
            "message": message,
            "now": visit.now,
        }

    def _sees(self, user: User, path: str) -> bool:
        role = self.roles.get(("GET", path))
        return role is not None and user.may(role)

    def _answered(self, request: Request, act: Callable[[Session], Response]) -> Response:
        session = self.session(request)
        return act(session) if session else self._to_login(request)

    def _act(
        self,
        request: Request,
        form: Form,
        action: Action,
        role: Role,
        session: Session,
        files: Files | None = None,
    ) -> Response:
        visit = replace(self._visit(request, session, form), files=files or {})
        if not session.user.may(role):
            return self._problem(visit, _NOT_YOURS, status=403)
        if any("\0" in text for _, text in form.multi_items()):
            return self._problem(visit, _NUL, status=422)
        try:
            return action(visit)
        except StoreError:
            raise
        except NewsletterError as error:
            return self._problem(visit, error, status=404 if isinstance(error, NotFound) else 422)

    def _audited(self, action: Action, audited: str, visit: Visit) -> Response:
        answer = action(visit)
        if answer.status_code < 400:
            audit.record(self.store, visit.now, "desk", visit.user.name, audited, visit.subject)
        return answer

    def _visit(self, request: Request, session: Session, form: Form | None = None) -> Visit:
        return Visit(request, session.user, form or Form(), self.clock(), session, self)

    def _is_ours(self, request: Request, form: Form, session: Session) -> bool:
        """A page of another site can post here, but it does not know the token."""
        token = form.get("csrf", "")
        return is_own_site(request) and desk_sessions.token_holds(
            self.secret, session.random, token
        )

    def _unread(self, request: Request, status: int, most: int, session: Session) -> Response:
        error = NewsletterError(
            "the form could not be read",
            f"it may have at most {most:,} octets, and must arrive within minutes",
        )
        return self._problem(self._visit(request, session), error, status=status)

    def _problem(self, visit: Visit, error: NewsletterError, *, status: int) -> Response:
        section = _section(visit.request.url.path)
        back = section if self._sees(visit.user, section) else HOME
        finding, advice = error.finding, error.advice
        if visit.is_part:  # said on the page that is there
            part = visit.page("desk/problem_part.html", status, finding=finding, advice=advice)
            part.headers.update({"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"})
            return part
        return visit.page("desk/problem.html", status, finding=finding, advice=advice, back=back)

    def _to_login(self, request: Request) -> Response:
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": "/desk/login"})
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wanted = f"?next={quote(here)}" if request.method == "GET" and here != HOME else ""
        return RedirectResponse(f"/desk/login{wanted}", 303)


_NOT_YOURS = NewsletterError(
    "this is for operators", "ask one, or have them add you: `newsletter desk user add`"
)
_NUL = NewsletterError("the text holds a NUL character", "type it again")
"""PostgreSQL keeps none in a text."""
_FORGED = NewsletterError(
    "this form is not from your session, and nothing was changed",
    "reload the page, and send it again",
)


def is_own_site(request: Request) -> bool:
    """Unless the browser says that a page of another site sent it; older ones say nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _section(path: str) -> str:
    """The section that a path is in, such as /desk/readers."""
    return "/".join(path.split("/")[:3])
