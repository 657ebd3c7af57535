"""``/healthz`` and ``/readyz``, for what watches, starts and stops processes: 200 as long as the
database can be used by this process."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.errors import StoreError


def health(check: Callable[[], None]) -> list[Route]:
    """For everybody: the text of an error names files and hosts, and is not shown."""
    return [_probe("/healthz", check, "ok", lambda _: "the database does not answer")]


def ready(check: Callable[[], None]) -> list[Route]:
    """For the operator, who learns why not."""
    return [_probe("/readyz", check, "ready", str)]


def _probe(
    path: str, check: Callable[[], None], good: str, bad: Callable[[StoreError], str]
) -> Route:
    """``check`` raises StoreError where the database cannot be used, or a newer program has
    migrated it."""

    def answer(request: Request) -> Response:  # noqa: ARG001
        try:
            check()
        except StoreError as error:
            return PlainTextResponse(f"{bad(error)}\n", 503)
        return PlainTextResponse(f"{good}\n")

    return Route(path, answer, methods=["GET"])
