"""The log: who changed what, on the command line, by the API and here; the newest first."""

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.numbers import parse_id
from newsletter.services import audit
from newsletter.web.desk.frame import Frame, Visit

_A_PAGE = 100


def routes(frame: Frame) -> Sequence[BaseRoute]:
    def show(visit: Visit) -> Response:
        query = visit.request.query_params
        about = query.get("about", "").strip()
        before = parse_id(query.get("before", ""))
        lines = audit.newest(frame.store, _A_PAGE + 1, about, before)
        shown = lines[:_A_PAGE]
        earlier = {"before": shown[-1]["id"]} if len(lines) > _A_PAGE else {}
        rest = urlencode(earlier | ({"about": about} if about else {})) if earlier else ""
        first = before is None
        return visit.page("desk/log.html", lines=shown, about=about, earlier=rest, first=first)

    return [frame.get("/desk/log", show, role="operator")]
