"""Returns: what came back, and what was done about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.errors import UsageError
from newsletter.domain.returns import ReturnKind
from newsletter.services import came_back
from newsletter.services.came_back import Asked, Counts
from newsletter.services.shared import Shared
from newsletter.storage import Store
from newsletter.web.desk.frame import Frame, Visit

_MOST = 50
_HERE = "/desk/returns"
_PERIODS = {1: "a day", 7: "a week", 30: "30 days", 365: "a year"}
_USUAL = 30
_PATIENCE = 2.0
_EVERY = 15.0
_NAMES = {
    ReturnKind.BOUNCE: "bounces",
    ReturnKind.COMPLAINT: "complaints",
    ReturnKind.LEAVE: "asked to leave",
    ReturnKind.REPLY: "replies",
    ReturnKind.AUTOMATIC: "automatic",
    ReturnKind.UNKNOWN: "not understood",
}


@dataclass
class ReturnParts:
    store: Store
    clock: Callable[[], datetime]
    counts: Mapping[int, Shared[Counts]] = field(init=False)
    """By days."""

    def __post_init__(self) -> None:
        self.counts = {days: Shared(partial(self._count, days), _EVERY) for days in _PERIODS}

    def _count(self, days: int) -> Counts:
        now = self.clock()
        return came_back.counts(self.store, now - timedelta(days=days), now)


def routes(frame: Frame, parts: ReturnParts) -> Sequence[BaseRoute]:
    pages = _Returns(parts)
    return [
        frame.get(_HERE, pages.show, "operator"),
        frame.get(f"{_HERE}/{{number:int}}", pages.show_one, "operator"),
    ]


class _Returns:
    def __init__(self, parts: ReturnParts) -> None:
        self.parts = parts

    def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        days, kind, before = _days(query), _kind(query), _before(query)
        only_open = query.get("which") == "open"
        asked = Asked(visit.now - timedelta(days=days), kind, only_open, before)
        rows = came_back.page(self.parts.store, asked, _MOST)
        about = {"days": days, "kind": kind or "", "which": "open" if only_open else ""}
        return visit.page(
            "desk/returns.html",
            rows=rows,
            counts=self.parts.counts[days].get(_PATIENCE),
            names=_NAMES,
            periods=_PERIODS,
            days=days,
            kind=kind,
            only_open=only_open,
            begins=_HERE + "?" + urlencode(about) if before else "",
            later=_later(about, rows) if len(rows) == _MOST else "",
            address=partial(_address, about),
            subject=came_back.subject,
            n="{:,}".format,
        )

    def show_one(self, visit: Visit) -> Response:
        row = came_back.find(self.parts.store, visit.request.path_params["number"])
        return visit.page(
            "desk/return.html",
            row=row,
            subject=came_back.subject(row["headers"]),
            body=came_back.body_text(row),
        )


def _address(about: Mapping[str, Any], **changed: object) -> str:
    return f"{_HERE}?{urlencode({**about, **changed})}"


def _later(about: Mapping[str, Any], rows: Sequence[Mapping[Any, Any]]) -> str:
    last = rows[-1]
    return _address(about, before=f"{last['at'].isoformat()},{last['id']}")


def _days(query: Mapping[str, str]) -> int:
    days = query.get("days", str(_USUAL))
    if days not in map(str, _PERIODS):
        raise UsageError(f"{days[:20]!r} is none of the periods", "choose one on the page")
    return int(days)


def _kind(query: Mapping[str, str]) -> ReturnKind | None:
    kind = query.get("kind", "")
    if kind and kind not in list(ReturnKind):
        raise UsageError(f"{kind[:20]!r} is no kind of return", "choose one on the page")
    return ReturnKind(kind) if kind else None


def _before(query: Mapping[str, str]) -> tuple[datetime, int] | None:
    if not (text := query.get("before", "")):
        return None
    at, _, number = text.partition(",")
    try:
        instant = datetime.fromisoformat(at)
        last = int(number) if len(number) < 10 else -1
    except ValueError as error:
        raise UsageError("this page of returns does not exist") from error
    if instant.tzinfo is None or not 1900 <= instant.year <= 2999 or last < 0:
        raise UsageError("this page of returns does not exist")
    return instant, last
