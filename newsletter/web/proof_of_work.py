"""A proof of work before signing up: ALTCHA, whose files this server sends itself.

A challenge costs a browser a second or two, and the check of its solution two milliseconds. Each
solution counts once in this process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter.web.pages import Pages, public

FILES = {
    "altcha.min.js": "text/javascript",
    "altcha.css": "text/css",
    "pbkdf2.js": "text/javascript",
    "start.js": "text/javascript",
}
_FOLDER = Path(__file__).parent / "altcha"
_ALGORITHM = "PBKDF2/SHA-256"
_COST = 5_000
_LASTS = timedelta(minutes=20)
_LONGEST = 10_000


@dataclass
class ProofOfWork:
    """``used`` are the challenges that were solved, each with its end."""

    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]
    cost: int = _COST
    used: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def challenge(self) -> dict[str, Any]:
        from altcha import create_challenge

        end = self.clock() + _LASTS
        challenge = create_challenge(_ALGORITHM, self.cost, expires_at=end, hmac_secret=self.secret)
        return dict(challenge.to_dict())

    def holds(self, payload: str) -> bool:
        """Whether this is the solution of a challenge of ours, in time and for the first time."""
        from altcha import Payload, verify_solution

        if len(payload) > _LONGEST:
            return False
        try:
            solved = Payload.from_base64(payload)
            # Signed by us, as we make them: nobody chooses what the check costs.
            if not verify_solution(solved, self.secret).verified:
                return False
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            return False
        return self._first_time(str(solved.challenge.signature))

    def _first_time(self, signature: str) -> bool:
        now = self.clock()
        with self._lock:
            self.used = {each: end for each, end in self.used.items() if end > now}
            if signature in self.used:
                return False
            self.used[signature] = now + _LASTS
        return True

    def routes(self, pages: Pages) -> Sequence[Route]:
        def show(request: Request) -> Response:  # noqa: ARG001
            return JSONResponse(self.challenge())

        return [
            Route("/altcha/challenge", show, methods=["GET"]),
            *(_file(pages, name, kind) for name, kind in FILES.items()),
        ]


def _file(pages: Pages, name: str, kind: str) -> Route:
    content = (_FOLDER / name).read_bytes()

    def show(request: Request) -> Response:
        return public(request, content, kind, indexed=pages.indexed)

    return Route(f"/altcha/{name}", show, methods=["GET"])
