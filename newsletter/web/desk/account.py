"""One's own account: another password, and where one is logged in."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.text import counted
from newsletter.services import desk_sessions, desk_users
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.login import Attempts

PATH = "/desk/account"


def routes(frame: Frame) -> Sequence[BaseRoute]:
    account = _Account(frame)
    return [
        frame.get(PATH, account.look),
        frame.post(f"{PATH}/password", account.change, audited="desk user password", role="editor"),
        frame.post(f"{PATH}/end", account.end_others, audited="desk log out", role="editor"),
    ]


class _Account:
    def __init__(self, frame: Frame) -> None:
        self.store, self.attempts = frame.store, Attempts()

    def look(self, visit: Visit) -> Response:
        return self._page(visit)

    def change(self, visit: Visit) -> Response:
        """The session that asks stays; the user's others end."""
        visit.about(visit.user.name)
        try:
            self._change(visit)
        except NewsletterError as error:
            return self._page(visit, 422, error)
        return visit.back(PATH, "Your password is changed. Your other sessions have ended.")

    def end_others(self, visit: Visit) -> Response:
        visit.about(visit.user.name)
        count = desk_sessions.end_others(self.store, visit.session)
        return visit.back(PATH, f"{counted(count, 'other session')} ended.")

    def _change(self, visit: Visit) -> None:
        name, form = visit.user.name, visit.form
        client = visit.request.client
        if not self.attempts.allow(name, client.host if client else ""):
            raise UsageError("too many attempts", "wait a quarter of an hour")
        if desk_users.verified(self.store, name, form.get("password", "")) is None:
            raise UsageError("that is not your current password")
        if form.get("new", "") != form.get("again", ""):
            raise UsageError("the two new passwords differ")
        desk_users.set_password(self.store, name, form.get("new", ""), keep=visit.session.id)

    def _page(
        self, visit: Visit, status: int = 200, error: NewsletterError | None = None
    ) -> Response:
        sessions = desk_sessions.of_user(self.store, visit.user.id, visit.now)
        values = {"sessions": sessions, "mine": visit.session.id, "error": error}
        return visit.page("desk/account.html", status, **values, shortest=desk_users.SHORTEST)
