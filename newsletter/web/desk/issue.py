"""Issue: what a reader gets on a date, every way to see it, and the editor's hand on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from newsletter.domain.days import parse_day
from newsletter.domain.due import local_date
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.model import ORIGINS
from newsletter.domain.numbers import parse_id
from newsletter.domain.text import counted, headline
from newsletter.services import approval, insights
from newsletter.services.insights import Editor
from newsletter.services.workbench import Workbench
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.workbench import FRAME

PAGE = "/desk/issue"
_VIEWS = {"edit": "Edit", "looks": "Looks", "why": "Why", "source": "Source"}
_LEFT_OUT = 12
_TESTS = RateLimitItemPerHour(30)
"""Test copies of one user, in this process: they go to any address, signed as ours."""
_NOTHING = "<!DOCTYPE html><html lang='en'><title>nothing</title></html>"


@dataclass(frozen=True)
class Parts:
    """``workbench`` is made for each request, at its instant. ``count`` is how many picks an issue
    has, ``asks`` whether issues wait for approval. ``send_test`` sends a copy of the issue that a
    query asks for to an address, and gives the server's answer; ``own`` is the operator's address,
    where there is one."""

    workbench: Callable[[datetime], Workbench]
    timezone: str
    count: int
    asks: bool
    send_test: Callable[[Mapping[str, str], str], str]
    own: str


def routes(frame: Frame, parts: Parts) -> Sequence[BaseRoute]:
    page = _Page(frame, parts)
    actions = {
        "pin": ("insights pin", page.pin),
        "unpin": ("insights pin --undo", page.unpin),
        "block": ("insights block", page.block),
        "unblock": ("insights block --undo", page.unblock),
        "correct": ("insights edit", page.correct),
        "revert": ("insights edit --undo", page.revert),
        "move": ("insights order", page.move),
        "reorder": ("insights order --undo", page.reorder),
        "note": ("note", page.note),
        "approve": ("approve", page.approve),
        "test": ("send --test", page.test),
    }
    return [
        frame.get(PAGE, page.show),
        frame.get(f"{PAGE}/message", page.message),
        *(
            frame.post(f"{PAGE}/{name}", action, audited=audited, role="editor")
            for name, (audited, action) in actions.items()
        ),
    ]


class _Page:
    def __init__(self, frame: Frame, parts: Parts) -> None:
        self.store, self.parts = frame.store, parts
        self.tests = MovingWindowRateLimiter(MemoryStorage())

    def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        view = query.get("view", "")
        shown = _Shown(self, visit, query.get("date", ""), query.get("to", "").strip())
        return visit.page(
            "desk/issue.html",
            view=view if view in _VIEWS else "edit",
            views=_VIEWS,
            origins=ORIGINS,
            **shown.values(everybody="all" in query),
        )

    def message(self, visit: Visit) -> Response:
        """The message alone, for a frame: it runs and fetches nothing."""
        bench = self.parts.workbench(visit.now)
        try:
            html = bench.html(visit.request.query_params)
        except NewsletterError:
            html = _NOTHING
        return HTMLResponse(html, headers={"Content-Security-Policy": FRAME})

    def pin(self, visit: Visit) -> Response:
        insight, day = _insight(visit), self.day(visit)
        kept = self._editor(visit).pin(insight, day, self.parts.count)
        return self._done(visit, f"{self._named(insight)} is pinned for {day}", kept, insight)

    def unpin(self, visit: Visit) -> Response:
        insight, day = _insight(visit), self.day(visit)
        kept = self._editor(visit).unpin(insight, day)
        return self._done(
            visit, f"{self._named(insight)} is not pinned for {day} any more", kept, insight
        )

    def block(self, visit: Visit) -> Response:
        insight = _insight(visit)
        self._editor(visit).block(insight)
        return self._done(
            visit, f"{self._named(insight)} is blocked: it is picked for nobody", 0, insight
        )

    def unblock(self, visit: Visit) -> Response:
        insight = _insight(visit)
        self._editor(visit).unblock(insight)
        return self._done(visit, f"{self._named(insight)} may be picked again", 0, insight)

    def correct(self, visit: Visit) -> Response:
        insight, words = _insight(visit), visit.form.get("words", "")
        if not words.strip():
            raise UsageError("the correction is empty", "write the words as they should be")
        self._editor(visit).edit(insight, words)
        return self._done(visit, f"Corrected: {self._named(insight)}", 0, insight)

    def revert(self, visit: Visit) -> Response:
        insight = _insight(visit)
        self._editor(visit).edit(insight, "")
        return self._done(
            visit, f"The original words are shown again: {self._named(insight)}", 0, insight
        )

    def move(self, visit: Visit) -> Response:
        """One place up or down among the picks that the page showed."""
        insight, day = _insight(visit), self.day(visit)
        given = map(parse_id, visit.form.get("order", "").split())
        order = [each for each in given if each is not None]
        if insight not in order:
            raise UsageError(f"{insight} is none of the picks", "reload the page")
        place = order.index(insight)
        to = place - 1 if visit.form.get("way") == "up" else place + 1
        order.insert(max(to, 0), order.pop(place))
        kept = self._editor(visit).order(day, order)
        return self._done(visit, f"{self._named(insight)} is moved", kept, day, to=insight)

    def reorder(self, visit: Visit) -> Response:
        day = self.day(visit)
        kept = self._editor(visit).order(day, [])
        return self._done(visit, "The picks are in the order of selection again", kept, day)

    def note(self, visit: Visit) -> Response:
        words, day = visit.form.get("words", ""), self.day(visit)
        kept = self._editor(visit).note(day, words)
        done = (
            f"The issue of {day} opens with your line"
            if words.strip()
            else f"The issue of {day} has no opening line"
        )
        return self._done(visit, done, kept, day)

    def approve(self, visit: Visit) -> Response:
        day = self.day(visit)
        given = approval.approve(self.store, day, visit.user.name, visit.now, asked=self.parts.asks)
        waited = counted(given.readers, "reader")
        done = f"{day} is approved: its issues go out at each reader's hour; {waited} waited"
        if given.again:
            done = f"{day} was approved already, by {given.approval.who}"
        return self._done(visit, done, 0, day)

    def test(self, visit: Visit) -> Response:
        address = visit.form.get("address", "").strip()
        if not address.isprintable():
            raise UsageError(
                "the address holds a line break or another control character", "write it again"
            )
        if not self.tests.hit(_TESTS, visit.user.name):
            raise UsageError("too many test copies in an hour", "wait, or use the preview")
        query = {"date": visit.form.get("date", ""), "to": visit.form.get("to", "")}
        answer = self.parts.send_test(query, address)
        return self._done(visit, f"A test copy went to {address}: {answer}", 0, address)

    def day(self, visit: Visit) -> date:
        text = visit.form.get("date", "")
        return parse_day(text) if text else local_date(visit.now, self.parts.timezone)

    def _editor(self, visit: Visit) -> Editor:
        return Editor(self.store, visit.user.name, visit.now)

    def _named(self, insight: int) -> str:
        return f"“{headline(insights.find_all(self.store, [insight])[insight].shown, 60)}”"

    def _done(
        self, visit: Visit, done: str, kept: int, about: object, to: int | None = None
    ) -> Response:
        """Back to the page, at the pick that was moved."""
        visit.about(str(about))
        but = f"; {counted(kept, 'issue')} composed before stay as they are" if kept else ""
        place = f"#pick-{to}" if to else ""
        form = visit.form
        return visit.back(_address(form.get("date", ""), form.get("to", "")) + place, done + but)


class _Shown:
    """What one look at the page shows."""

    def __init__(self, page: _Page, visit: Visit, day: str, to: str) -> None:
        self.page, self.visit, self.to = page, visit, to
        self.bench = page.parts.workbench(visit.now)
        self.today = local_date(visit.now, page.parts.timezone)
        try:
            self.day, self.error = parse_day(day) if day else self.today, ""
        except UsageError as error:
            self.day, self.error = self.today, str(error)

    def values(self, *, everybody: bool) -> dict[str, Any]:
        query = {"date": self.day.isoformat(), "to": self.to}
        store = self.page.store
        waits = approval.waiting(store)
        return {
            "day": self.day,
            "to": self.to,
            "address": _address,
            "query": urlencode(query),
            "today": self.today,
            "waits": [waiting.date for waiting in waits if not waiting.approval],
            "held": next((waiting for waiting in waits if waiting.date == self.day), None),
            "approved": approval.approval_of(store, self.day),
            "asks": self.page.parts.asks,
            "decided": insights.decided(store, self.day),
            "own": self.page.parts.own,
            "count": self.page.parts.count,
            **self._issue(query, everybody=everybody),
        }

    def _issue(self, query: dict[str, str], *, everybody: bool) -> dict[str, Any]:
        """The picks, none where there is no issue and ``error`` says why."""
        nothing: dict[str, Any] = {
            "issue": None,
            "error": self.error,
            "left": [],
            "left_more": 0,
            "found": {},
        }
        if self.error:
            return nothing
        try:
            scheduled = self.bench.scheduled(query)
        except NewsletterError as error:
            return {**nothing, "error": str(error)}
        standings = self.bench.candidates(scheduled, house=not self.to)
        left = [standing for standing in standings if not standing.rank]
        shown = left if everybody else left[:_LEFT_OUT]
        values = {**nothing, "left": shown, "left_more": len(left) - len(shown)}
        if not scheduled.issue.picks:
            return {**values, "error": f"No issue for {self.day}: too little is new."}
        picked = [pick.insight_id for pick in scheduled.issue.picks]
        return {
            **values,
            **self.bench.issue_values(query, scheduled, standings),
            "issue": scheduled.issue,
            "query": urlencode(query),
            "found": insights.find_all(self.page.store, picked),
        }


def _address(day: object, to: str, **more: str) -> str:
    query = {"date": str(day), "to": to, **more}
    return f"{PAGE}?{urlencode({name: value for name, value in query.items() if value})}"


def _insight(visit: Visit) -> int:
    text = visit.form.get("id", "")
    if (number := parse_id(text)) is None:
        raise UsageError(f"{text!r} is no number of an insight")
    return number
