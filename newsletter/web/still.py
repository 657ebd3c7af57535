"""The page behind the link of a "still there?": ``/still/TOKEN``.

GET changes nothing: programs that scan mail follow links. The button's POST keeps the reader, or
brings back who was unsubscribed for want of an answer.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.services.sunset import Still, StillLinks, StillState
from newsletter.web.forms import Form, post
from newsletter.web.pages import Pages


def routes(links: StillLinks, pages: Pages) -> list[Route]:
    def show(request: Request) -> Response:
        return answer(links.look(request.path_params["token"]))

    def keep(request: Request, form: Form) -> Response:  # noqa: ARG001
        return answer(links.keep(request.path_params["token"]))

    def answer(still: Still) -> Response:
        status = 404 if still.state is StillState.UNKNOWN else 200
        page = pages.spoken_to(still.reader.language if still.reader else "")
        return page.personal("still.html", status, state=still.state, leave=still.leave)

    return [
        Route("/still/{token}", show, methods=["GET"]),
        post("/still/{token}", keep),
    ]


def page(site: Pages, still: Still) -> Response:
    """In the reader's language."""
    status = 404 if still.state is StillState.UNKNOWN else 200
    spoken = site.spoken_to(still.reader.language if still.reader else "")
    return spoken.personal("still.html", status, state=still.state, leave=still.leave)
