"""The page behind the links below an insight: ``/v/TOKEN/INSIGHT/more`` and ``knew``.

GET says what would be remembered, and remembers nothing: programs that scan mail follow links. POST
remembers; POST with ``?undo`` forgets.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.text import headline
from newsletter.services.error_log import log_error
from newsletter.services.votes import Answer, VoteLinks, VoteState
from newsletter.web.forms import Form, post
from newsletter.web.pages import Pages

_LONGEST = 600
_STATUS = {VoteState.UNKNOWN: 404, VoteState.GONE: 410}


def routes(links: VoteLinks, pages: Pages) -> list[Route]:
    unavailable = pages.gettext(
        "This cannot be answered just now. Please try again in a few minutes."
    )

    def show(request: Request) -> Response:
        return answered(links.look, request)

    def change(request: Request, _: Form) -> Response:
        return answered(links.undo if "undo" in request.query_params else links.vote, request)

    def answered(action: Callable[..., Answer], request: Request) -> Response:
        try:
            return page(pages, action(**request.path_params))
        except Exception as error:
            log_error(error)
            return PlainTextResponse(f"{unavailable}\n", 503, {"Retry-After": "60"})

    # Not async: Starlette runs it in a thread, for it waits for the database.
    path = "/v/{token}/{insight_id:int}/{kind}"
    return [Route(path, show, methods=["GET"]), post(path, change)]


def page(pages: Pages, answer: Answer) -> Response:
    """What a link leads to. All wrong ones get the same bytes."""
    pages = pages.spoken_to(answer.language)
    heading, meaning = _words(pages, answer)
    return pages.personal(
        "vote.html",
        _STATUS.get(answer.state, 200),
        state=answer.state.value,
        heading=heading,
        meaning=meaning,
        text=pages.branding.renderer.words.typographic(_shortened(answer.text)),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else headline(text, _LONGEST)


def _words(pages: Pages, answer: Answer) -> tuple[str, str]:
    """The heading, and what it means to the reader."""
    gettext = pages.gettext
    if answer.state is VoteState.UNKNOWN:
        return gettext("This link does not work."), gettext(
            "Nothing has changed. Some mail programs cut long links in two: try the one in your"
            " issue again, whole."
        )
    if answer.state is VoteState.GONE:
        return gettext("No issue is sent to you any more."), gettext(
            "So there is nothing to remember this for, and nothing has changed."
        )
    if answer.state is VoteState.TAKEN_BACK:
        return gettext("It is forgotten."), gettext(
            "Your next issues are chosen as if you had said nothing of this insight."
        )
    return _of_knowing(pages, answer) if answer.kind == "knew" else _of_more(pages, answer)


def _of_more(pages: Pages, answer: Answer) -> tuple[str, str]:
    gettext, done = pages.gettext, answer.state is VoteState.REMEMBERED
    heading = gettext("You asked for more like this.") if done else gettext("More like this?")
    return heading, gettext(
        "What this show says, what is about the same and what is said in words like these comes to"
        " you more often. Part of every issue stays outside of it, so that you hear other things."
    )


def _of_knowing(pages: Pages, answer: Answer) -> tuple[str, str]:
    gettext, done = pages.gettext, answer.state is VoteState.REMEMBERED
    heading = gettext("You knew it already.") if done else gettext("Knew it already?")
    return heading, gettext(
        "It counts as read: what only says the same in other words is not sent to you."
    )
