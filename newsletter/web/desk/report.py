"""Report: how healthy the list is, over a week to a year.

It counts every delivery of the period, which takes long in a large list: it is counted beside the
pages, one period at a time, and kept for a while.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.errors import UsageError
from newsletter.services.report import COMPLAINT_LIMIT, ListReport, list_report
from newsletter.services.report_plots import plots
from newsletter.services.shared import Shared
from newsletter.services.wording import state_and_reason
from newsletter.storage import Store
from newsletter.web.desk.frame import Frame, Visit

_PERIODS = (7, 30, 90, 365)
_USUAL = 30
_EVERY = 300.0
_PATIENCE = 2.0
_MOST_DOMAINS = 30
_MOST_READERS = 100


class Counted(NamedTuple):
    report: ListReport
    at: datetime


@dataclass
class ReportParts:
    store: Store
    clock: Callable[[], datetime]
    storm_percent: float
    counted: Mapping[int, Shared[Counted]] = field(init=False)
    """By days."""

    def __post_init__(self) -> None:
        self._turn = Lock()
        self.counted = {days: Shared(partial(self._count, days), _EVERY) for days in _PERIODS}

    def _count(self, days: int) -> Counted:
        with self._turn:
            now = self.clock()
            return Counted(list_report(self.store, now, days), now)


def routes(frame: Frame, parts: ReportParts) -> Sequence[BaseRoute]:
    def show(visit: Visit) -> Response:
        days = _days(visit.request.query_params.get("days", str(_USUAL)))
        counted = parts.counted[days].get(_PATIENCE)
        shown = _values(counted.report, parts.storm_percent) if counted else {}
        return visit.page(
            "desk/report.html",
            days=days,
            periods=_PERIODS,
            n="{:,}".format,
            counted=counted,
            operator=visit.user.may("operator"),
            **shown,
        )

    return [frame.get("/desk/report", show)]


def _values(report: ListReport, storm_percent: float) -> Mapping[str, Any]:
    unserved = [(row["address"], _why(row), row["answer"] or "") for row in report.unserved]
    domains = [report.total, *report.domains]
    return {
        "plots": [Markup(plot) for plot in plots(report, storm_percent)],  # noqa: S704
        "domains": domains[: _MOST_DOMAINS + 1],
        "more_domains": len(domains[_MOST_DOMAINS + 1 :]),
        "limit": COMPLAINT_LIMIT,
        "leaves": report.leaves,
        "notices": report.notices,
        "joined": sum(day.joined for day in report.days),
        "left": sum(day.left for day in report.days),
        "causes": Counter(why for _, why, _ in unserved).most_common(),
        "unserved": unserved[:_MOST_READERS],
        "more_unserved": len(unserved[_MOST_READERS:]),
    }


def _why(row: Mapping[str, Any]) -> str:
    return state_and_reason(row) if row["state"] else "no issue fell due"


def _days(text: str) -> int:
    if text not in map(str, _PERIODS):
        raise UsageError(f"{text[:20]!r} is none of the periods", "choose one on the page")
    return int(text)
