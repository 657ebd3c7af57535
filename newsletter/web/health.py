"""``/healthz``, for what watches this process: 200 as long as the database answers it."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.errors import StoreError


def routes(check: Callable[[], None]) -> list[Route]:
    """``check`` raises StoreError where the database cannot be used."""

    def health(request: Request) -> Response:  # noqa: ARG001
        try:
            check()
        except StoreError:  # its text names files and hosts
            return PlainTextResponse("the database does not answer\n", 503)
        return PlainTextResponse("ok\n")

    return [Route("/healthz", health, methods=["GET"])]
