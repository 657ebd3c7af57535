"""Checks: what ``doctor`` finds, the connection to the mail server included."""

from collections.abc import Callable, Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.checks import CheckResult
from newsletter.services.shared import Shared
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.today import in_code

_EVERY = 60.0
_PATIENCE = 5.0


def routes(frame: Frame, check: Callable[[], Sequence[CheckResult]]) -> Sequence[BaseRoute]:
    checks = Shared(check, _EVERY)

    def show(visit: Visit) -> Response:
        return visit.page("desk/checks.html", checks=checks.get(_PATIENCE), in_code=in_code)

    return [frame.get("/desk/checks", show)]
