"""The stylesheet of all pages, in the newsletter's own colours."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.pages import Pages, public


def routes(pages: Pages) -> list[Route]:
    """Rendered once, here."""
    sheet = pages.render("site.css")

    async def show(request: Request) -> Response:
        return public(request, sheet, "text/css", indexed=pages.indexed)

    return [Route("/site.css", show, methods=["GET"])]
