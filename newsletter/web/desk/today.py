"""Today: the day at a glance, live."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from markupsafe import Markup, escape
from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.checks import CheckResult
from newsletter.domain.due import local_date, zone
from newsletter.domain.text import counted
from newsletter.domain.urls import without_password
from newsletter.services.shared import Shared
from newsletter.services.status import MOST_TROUBLES
from newsletter.services.today import HELD, Today, Wait, headline
from newsletter.services.wording import roughly, state_and_reason
from newsletter.web.desk.events import Streams
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.look import Look

_EVERY = 2.0
_CHECKS_EVERY = 60.0
_PATIENCE = 2.0
"""Seconds that a page waits for figures that take long to count."""
_GLANCE = 0.1
"""The same of a look at what changed: another one follows."""
_MOST_DOMAINS = 5
PARTS = ("standing", "attention", "flow", "waits", "troubles", "hours", "briefs", "asof")
_LINKS = {
    "paused": ("/desk/resume", "Resume"),
    "unknown": ("/desk/unknown", "List and settle them"),
    "queue": ("#h-waits", "Who waits"),
    "late": ("#h-waits", "Who waits"),
}
"""What an operator can do about a check here."""
_SETUP = {
    *("configuration", "sender", "postal address", "base_url", "inbox", "database", "disk"),
    *("message", "signature", "lease", "alerts"),
}
"""Checks that today is not about: a warning of theirs stands in one line with the others."""

Parts = Mapping[str, Markup]


@dataclass
class Board:
    """What is shown to all who look. ``look`` and ``check`` take long in a large database."""

    look: Callable[[], Today]
    check: Callable[[], Sequence[CheckResult]]
    show: Look
    streams: Streams = field(default_factory=Streams)

    def __post_init__(self) -> None:
        self._today = Shared(self.look, _EVERY)
        self._checks = Shared(self.check, _CHECKS_EVERY)
        self._rendered: dict[bool, tuple[object, object, Parts]] = {}

    def forget(self) -> None:
        """Something was changed: the next page shows it."""
        self._today.forget()
        self._checks.forget()

    def parts(self, *, operator: bool, patience: float) -> Parts:
        """The HTML of each part. Addresses are for operators alone."""
        until = monotonic() + patience
        self._checks.get(0.0)  # begun now, beside the figures
        today = self._today.get(patience)
        checks = self._checks.get(until - monotonic())
        known = self._rendered.get(operator)
        if known and known[0] is today and known[1] is checks:
            return known[2]
        parts = self._render(today, checks, operator=operator)
        self._rendered[operator] = today, checks, parts
        return parts

    def _render(
        self, today: Today | None, checks: Sequence[CheckResult] | None, *, operator: bool
    ) -> Parts:
        if today is None:
            return dict.fromkeys(PARTS, Markup()) | {"standing": _COUNTING}
        values = _values(today, checks, self.show.timezone, operator=operator)
        return {
            name: Markup(self.show.render(f"desk/today_{name}.html", **values))  # noqa: S704
            for name in PARTS
        }


_COUNTING = Markup('<p class="standing quiet">The figures are being counted…</p>')


def routes(frame: Frame, board: Board) -> Sequence[BaseRoute]:
    def show(visit: Visit) -> Response:
        operator = visit.user.may("operator")
        parts = board.parts(operator=operator, patience=_PATIENCE)
        return visit.page("desk/today.html", parts=parts)

    def events(visit: Visit) -> Response:
        operator = visit.user.may("operator")
        return board.streams.open(visit, lambda: board.parts(operator=operator, patience=_GLANCE))

    return [frame.get("/desk", show), frame.get("/desk/events", events)]


def _values(
    today: Today, checks: Sequence[CheckResult] | None, timezone: str, *, operator: bool
) -> dict[str, Any]:
    def hm(instant: datetime) -> str:
        return f"{instant.astimezone(zone(timezone)):%H:%M}"

    kind, sentence = headline(today, timezone)
    return {
        "today": today,
        "status": today.status,
        "operator": operator,
        "kind": kind,
        "sentence": sentence,
        "hm": hm,
        "zone": timezone,
        "n": "{:,}".format,
        "counted": counted,
        "roughly": roughly,
        "same_day": lambda at: local_date(at, timezone) == today.day,
        "bar": _bar(today),
        **_attention(today, checks, operator=operator),
        "checked": checks is not None,
        "waits": _waits(today.waits),
        "held": HELD,
        "troubles": [
            _trouble(row, operator=operator) for row in today.status.troubles[:MOST_TROUBLES]
        ],
        "more_troubles": len(today.status.troubles) > MOST_TROUBLES,
        "most": max([*(hour.readers for hour in today.hours), 1]),
        "feed_name": without_password,
    }


@dataclass(frozen=True)
class Segment:
    """A piece of the bar of the day, in thousandths of it."""

    name: str
    count: int
    begins: float
    width: float


def _bar(today: Today) -> Sequence[Segment]:
    counts = {
        "sent": today.count("sent"),
        "being sent": today.count("sending"),
        "waiting": today.count("pending"),
        "unknown": today.count("unknown"),
        "failed": today.count("failed"),
        "skipped": today.count("skipped"),
    }
    whole, begins, segments = sum(counts.values()), 0.0, []
    for name, count in counts.items():
        if count:
            width = max(1000 * count / whole, 4.0)  # so that one of a million is seen
            segments.append(Segment(name, count, begins, width))
            begins += width
    return segments


@dataclass
class Reason:
    """Why ``count`` readers wait. ``domains`` are those with most of them, and how many; there are
    ``more`` readers at ``others``. ``until`` is the soonest that one of them is tried."""

    reason: str
    count: int = 0
    until: datetime | None = None
    domains: list[tuple[str, int]] = field(default_factory=list)
    more: int = 0
    others: str = ""


def _waits(waits: Sequence[Wait]) -> Sequence[Reason]:
    """``waits`` come by the count of their readers, and so do the reasons."""
    by_reason: dict[str, Reason] = {}
    for wait in waits:
        reason = by_reason.setdefault(wait.reason, Reason(wait.reason))
        reason.count += wait.count
        reason.until = min(filter(None, (reason.until, wait.until)), default=None)
        reason.domains.append((wait.domain, wait.count))
    for reason in by_reason.values():
        rest = reason.domains[_MOST_DOMAINS:]
        reason.more, reason.others = sum(count for _, count in rest), counted(len(rest), "domain")
        del reason.domains[_MOST_DOMAINS:]
    return sorted(by_reason.values(), key=lambda reason: -reason.count)


def _attention(
    today: Today, checks: Sequence[CheckResult] | None, *, operator: bool
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What ``doctor`` finds, and what the alerts say: "urgent", failures first, and "setup"."""
    alarms = [CheckResult("alert", "fail", text) for text in today.alarms]
    problems = [*alarms, *(check for check in checks or () if check.verdict != "ok")]
    parts: dict[str, list[Mapping[str, Any]]] = {"urgent": [], "setup": []}
    for check in sorted(problems, key=lambda check: check.verdict != "fail"):
        bad = check.verdict == "fail"
        item = {
            "check": check.check,
            "bad": bad,
            "finding": in_code(check.finding),
            "advice": in_code(check.advice),
            "link": _LINKS.get(check.check) if operator else None,
        }
        parts["setup" if check.check in _SETUP and not bad else "urgent"].append(item)
    return parts


def in_code(text: str) -> Markup:
    """What stands between backticks is a command."""
    parts = (escape(part) for part in text.split("`"))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def _trouble(row: Mapping[str, Any], *, operator: bool) -> Mapping[str, Any]:
    """Who is no operator sees a domain, and no address."""
    address = row["address"]
    answer = row["answer"] if operator else _without(row["answer"], address)
    return {
        "who": address if operator else f"@{row['domain']}" if row["domain"] else "a reader",
        "domain": row["domain"],
        "more": row["count"] - 1,
        "state": row["state"],
        "what": state_and_reason(row),
        "answer": answer,
        "next": row["next_attempt_at"],
    }


def _without(text: str, address: str) -> str:
    at = text.casefold().find(address.casefold())
    return text if at < 0 else f"{text[:at]}…{text[at + len(address) :]}"
