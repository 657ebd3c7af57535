"""The page behind the unsubscribe link: ``/u/TOKEN``.

GET shows the reader's state and changes nothing: programs that scan mail follow links. POST
unsubscribes with any body, as mail programs do with one click (RFC 8058); POST with ``?undo``
undoes it.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.rendering.rendered_email import Branding
from newsletter.services.error_log import log_error
from newsletter.services.unsubscribe import LinkState, UnsubscribeLinks

# Operators' own templates have their style in the page.
_OWN_STYLE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}
# The template's states: operators' own templates know only "ask", "done" and "unknown".
_TEMPLATE_STATES = {
    LinkState.SUBSCRIBED: "ask",
    LinkState.LEFT: "done",
    LinkState.ENDED: "done",
    LinkState.BACK: "back",
    LinkState.UNKNOWN: "unknown",
}


def routes(links: UnsubscribeLinks, branding: Branding) -> list[Route]:
    """The pages are rendered once, here: all wrong tokens get the same bytes."""
    pages = {state: page(branding, state) for state in LinkState}
    unavailable = branding.renderer.words.gettext(
        "This cannot be answered just now. Please try again in a few minutes."
    )

    def show(request: Request) -> Response:
        return answer(links.look, request)

    def change(request: Request) -> Response:
        return answer(links.undo if "undo" in request.query_params else links.leave, request)

    def answer(action: Callable[[str], LinkState], request: Request) -> Response:
        try:
            state = action(request.path_params["token"])
        except Exception as error:
            log_error(error)
            return PlainTextResponse(f"{unavailable}\n", 503, {"Retry-After": "60"})
        return HTMLResponse(pages[state], 404 if state is LinkState.UNKNOWN else 200, _OWN_STYLE)

    # Not async: Starlette runs them in threads, for they wait for the database.
    return [
        Route("/u/{token}", show, methods=["GET"]),
        Route("/u/{token}", change, methods=["POST"]),
    ]


def page(branding: Branding, state: LinkState) -> str:
    return branding.renderer.render(
        "unsubscribe.html",
        state=_TEMPLATE_STATES[state],
        can_undo=state is LinkState.LEFT,
        name=branding.name,
        language=branding.language,
        direction=branding.direction,
        accent=branding.accent,
    )
