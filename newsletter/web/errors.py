"""What is shown where there is no page, or the database does not answer."""

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
        title = pages.gettext("Not just now")
        message = pages.gettext(
            "This cannot be answered just now. Please try again in a few minutes."
        )
        answer = pages.personal("plain.html", 503, title=title, message=message)
        answer.headers["Retry-After"] = "60"
        return answer

    return {404: missing, StoreError: unavailable}
