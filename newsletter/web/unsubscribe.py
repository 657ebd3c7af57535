"""The page behind the unsubscribe link: ``/u/TOKEN``.

GET shows the reader's state and changes nothing: programs that scan mail follow links. POST
unsubscribes with any body, as mail programs do with one click (RFC 8058); with ``?why`` its form
says why as well. POST with ``?undo`` undoes it.
"""

from collections.abc import Callable
from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.services.error_log import log_error
from newsletter.services.unsubscribe import REASONS, Answer, LinkState, UnsubscribeLinks
from newsletter.web.forms import Form, body, parsed
from newsletter.web.pages import Pages

# Operators' own templates have their style in the page.
_OWN_STYLE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}
# The template's states: operators' own templates know only "ask", "done" and "unknown".
_TEMPLATE_STATES = {
    LinkState.SUBSCRIBED: "ask",
    LinkState.LEFT: "done",
    LinkState.TOLD: "done",
    LinkState.ENDED: "done",
    LinkState.BACK: "back",
    LinkState.UNKNOWN: "unknown",
}


def routes(links: UnsubscribeLinks, site: Pages) -> list[Route]:
    """Each page is rendered once for a language: all wrong tokens get the same bytes."""
    rendered = _rendered(site)
    unavailable = site.gettext(
        "This cannot be answered just now. Please try again in a few minutes."
    )

    def show(request: Request) -> Response:
        return answer(links.look, request)

    async def change(request: Request) -> Response:
        # The body of a plain POST is not read: whatever it is, it unsubscribes.
        form = await _form(request) if "why" in request.query_params else None
        return await run_in_threadpool(changed, request, form)

    def changed(request: Request, form: Form | None) -> Response:
        if "undo" in request.query_params:
            return answer(links.undo, request)
        if form is None:
            return answer(links.leave, request)
        why, more = form.get("why", ""), form.get("words", "")
        return answer(lambda token: links.tell(token, why, more), request)

    def answer(action: Callable[[str], Answer], request: Request) -> Response:
        try:
            outcome = action(request.path_params["token"])
            html = rendered(outcome.state, outcome.language)
        except Exception as error:
            log_error(error)
            return PlainTextResponse(f"{unavailable}\n", 503, {"Retry-After": "60"})
        return HTMLResponse(html, 404 if outcome.state is LinkState.UNKNOWN else 200, _OWN_STYLE)

    # Starlette runs what is not async in threads, for it waits for the database.
    return [
        Route("/u/{token}", show, methods=["GET"]),
        Route("/u/{token}", change, methods=["POST"]),
    ]


def _rendered(site: Pages) -> Callable[[LinkState, str], str]:
    @cache
    def rendered(state: LinkState, language: str) -> str:
        return page(site.spoken_to(language), state)

    for state in LinkState:  # broken templates are told at the start
        rendered(state, "")
    return rendered


async def _form(request: Request) -> Form:
    """Empty where it cannot be read: who leaves has left all the same."""
    try:
        return parsed(await body(request))
    except HTTPException:
        return Form()


def page(site: Pages, state: LinkState) -> str:
    return site.render(
        "unsubscribe.html",
        state=_TEMPLATE_STATES[state],
        can_undo=state in (LinkState.LEFT, LinkState.TOLD),
        told=state is LinkState.TOLD,
        reasons=_reasons(site.gettext),
    )


def _reasons(gettext: Callable[[str], str]) -> list[tuple[str, str]]:
    texts = (
        gettext("It comes too often"),
        gettext("It is not about what interests me"),
        gettext("I had heard most of it"),
        gettext("I never asked for it"),
    )
    return list(zip(REASONS, texts, strict=True))
