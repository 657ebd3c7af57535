"""What went wrong, as JSON that a program reads (RFC 9457)."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response


class Problem(msgspec.Struct, frozen=True):
    """``detail`` says what, for a person."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"


class Refused(Exception):
    """A request that gets a problem as its answer."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}

    @property
    def response(self) -> Response:
        problem = Problem(HTTPStatus(self.status).phrase, self.status, self.detail)
        return Response(
            msgspec.json.encode(problem),
            self.status,
            self.headers,
            media_type="application/problem+json",
        )
