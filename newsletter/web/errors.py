"""What is shown where there is no page, the database does not answer, or too much is asked."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from newsletter.domain.errors import StoreError
from newsletter.services.error_log import log_error
from newsletter.web.pages import Pages

Handler = Callable[[Request, Exception], Response]


def handlers(pages: Pages) -> Mapping[int | type[Exception], Handler]:
    """For ``app``. Nothing that was asked for is repeated."""

    def missing(request: Request, error: Exception) -> Response:  # noqa: ARG001
        title = pages.gettext("This page does not exist")
        message = pages.gettext("Perhaps it has moved, or the address was cut in two.")
        return pages.personal("plain.html", 404, title=title, message=message)

    def unavailable(request: Request, error: Exception) -> Response:  # noqa: ARG001
        log_error(error)
        return not_just_now(pages)

    return {404: missing, StoreError: unavailable}


def not_just_now(pages: Pages) -> Response:
    title = pages.gettext("Not just now")
    message = pages.gettext("This cannot be answered just now. Please try again in a few minutes.")
    answer = pages.personal("plain.html", 503, title=title, message=message)
    answer.headers["Retry-After"] = "60"
    return answer


def too_many(pages: Pages) -> Response:
    """To a network that asked for more messages than it may."""
    title = pages.gettext("Too many at once")
    message = pages.gettext(
        "From your network, many have asked for a message within the hour. Please come back later:"
        " nothing was sent."
    )
    answer = pages.personal("plain.html", 429, title=title, message=message)
    answer.headers["Retry-After"] = "3600"
    return answer
