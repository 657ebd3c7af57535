"""A reader's own issue in a browser: ``/view/TOKEN``, as it was sent."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.rendering.rendered_email import render_email
from newsletter.services.view import IssueLinks
from newsletter.web.pages import MESSAGE_HEADERS, Pages, as_page


def routes(pages: Pages, links: IssueLinks) -> list[Route]:
    def show(request: Request) -> Response:
        email = links.look(request.path_params["token"])
        if email is None:
            raise HTTPException(404)
        if email.issue.pruned:
            return gone(pages.spoken_to(email.subscriber.language))
        html = render_email(email.issue, email.subscriber, pages.branding).html
        return HTMLResponse(as_page(html, pages), headers=MESSAGE_HEADERS)

    def gone(pages: Pages) -> Response:
        title = pages.gettext("This issue is no longer kept")
        message = pages.gettext(
            "What you were sent is kept for a while and then dropped. The message in your mailbox"
            " still has it."
        )
        return pages.personal("plain.html", 410, title=title, message=message)

    return [Route("/view/{token}", show, methods=["GET"])]
