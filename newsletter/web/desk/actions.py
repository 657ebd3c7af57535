"""What the operator decides: pause, resume, cancel a date and take it back, settle what is unknown.

Each begins with a page that says what will happen; only its form changes anything.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import islice

from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from newsletter.domain.days import parse_day
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.text import counted
from newsletter.services import operator_actions as actions
from newsletter.services.deliveries import listed
from newsletter.services.today import unresolved, upcoming_cancelled
from newsletter.storage import Store
from newsletter.web.desk.confirm import ask
from newsletter.web.desk.frame import HOME, Frame, Visit

_MOST_LISTED = 500
_COLUMNS = ("date", "address", "message_id")


@dataclass(frozen=True)
class Desk:
    """``changed`` is called after each change, so that the next page shows it."""

    store: Store
    timezone: str
    changed: Callable[[], None]


def routes(frame: Frame, desk: Desk) -> Sequence[BaseRoute]:
    acts = _Acts(desk)
    return [
        frame.get("/desk/pause", acts.ask_pause, "operator"),
        frame.post("/desk/pause", acts.pause, audited="pause"),
        frame.get("/desk/resume", acts.ask_resume, "operator"),
        frame.post("/desk/resume", acts.resume, audited="resume"),
        frame.get("/desk/cancel", acts.ask_cancel, "operator"),
        frame.post("/desk/cancel", acts.cancel, audited="cancel"),
        frame.get("/desk/uncancel", acts.ask_uncancel, "operator"),
        frame.post("/desk/uncancel", acts.uncancel, audited="resume"),
        frame.get("/desk/unknown", acts.unknown, "operator"),
        frame.post("/desk/unknown/left", acts.end_left, audited="deliveries"),
        frame.get("/desk/unknown.csv", acts.unknown_csv, "operator"),
        frame.post("/desk/unknown", acts.resolve, audited="deliveries resolve"),
    ]


class _Acts:
    def __init__(self, desk: Desk) -> None:
        self.store, self.desk = desk.store, desk

    def ask_pause(self, visit: Visit) -> Response:
        return ask(
            visit,
            "Pause the newsletter?",
            [
                "Every sender stops before its next message. Issues are composed and wait.",
                "Nothing is lost, but an issue that waits until the next one is due is not sent.",
            ],
            "/desk/pause",
            "Pause",
        )

    def pause(self, visit: Visit) -> Response:
        actions.pause(self.store, visit.now)
        return self._done(visit, "Paused: no more messages are sent until you resume.")

    def ask_resume(self, visit: Visit) -> Response:
        return ask(
            visit,
            "Resume sending?",
            ["What waits goes out by the next `run` or `send`, and what is due is composed."],
            "/desk/resume",
            "Resume",
        )

    def resume(self, visit: Visit) -> Response:
        was_paused = actions.resume(self.store)
        message = (
            "Resumed: the next `run` or `send` goes on." if was_paused else "It was not paused."
        )
        return self._done(visit, message)

    def ask_cancel(self, visit: Visit) -> Response:
        today = local_date(visit.now, self.desk.timezone)
        if "date" not in visit.request.query_params:
            cancelled = upcoming_cancelled(self.store, today)
            return visit.page("desk/cancel.html", today=today, cancelled=cancelled)
        day = parse_day(visit.request.query_params["date"])
        at = actions.standing(self.store, day)
        if at.cancelled:
            return visit.back(f"/desk/uncancel?date={day}")
        return ask(
            visit,
            f"Cancel the issue of {_long(day)}?",
            list(_what_cancel_does(at)),
            "/desk/cancel",
            "Cancel this date",
            fields={"date": day.isoformat()},
            danger=True,
        )

    def cancel(self, visit: Visit) -> Response:
        day = parse_day(visit.form.get("date", ""))
        visit.about(day.isoformat())
        done = actions.cancel(self.store, day, visit.now)
        late = f"; {counted(done.sending, 'message')} being sent now cannot be stopped"
        waited = f"{_long(day)} is cancelled; {counted(done.waited, 'reader')} waited for it"
        return self._done(visit, f"{waited}{late if done.sending else ''}.")

    def ask_uncancel(self, visit: Visit) -> Response:
        if "date" not in visit.request.query_params:
            return visit.back("/desk/cancel")
        day = parse_day(visit.request.query_params["date"])
        at = actions.standing(self.store, day)
        if not at.cancelled:
            raise UsageError(f"{day} is not cancelled")
        stay = f"{counted(at.skipped, 'reader')} skipped until now stay so."
        return ask(
            visit,
            f"Send the issue of {_long(day)} after all?",
            [f"It goes out to those whose hour is still to come. {stay if at.skipped else ''}"],
            "/desk/uncancel",
            "Send it after all",
            fields={"date": day.isoformat()},
        )

    def uncancel(self, visit: Visit) -> Response:
        day = parse_day(visit.form.get("date", ""))
        visit.about(day.isoformat())
        skipped = actions.take_back_cancel(self.store, day)
        but = f"; {counted(skipped, 'reader')} skipped by then stay so" if skipped else ""
        message = f"The issue of {_long(day)} goes out to those whose hour is still to come{but}."
        return self._done(visit, message)

    def unknown(self, visit: Visit) -> Response:
        with listed(self.store, "unknown", None) as rows:
            shown = list(islice(rows, _MOST_LISTED))
        return visit.page(
            "desk/unknown.html",
            rows=shown,
            more=len(shown) == _MOST_LISTED,
            total=unresolved(self.store),
            left=actions.without_sender(self.store, visit.now),
            listed=visit.now.isoformat(),
            n="{:,}".format,
        )

    def end_left(self, visit: Visit) -> Response:
        """As `newsletter deliveries` does, and the next send."""
        count = actions.without_sender(self.store, visit.now)
        done = f"{counted(count, 'message')} settled: what nobody can know is listed here."
        message = actions.end_expired_leases(self.store, visit.now) or done
        self.desk.changed()
        return visit.back("/desk/unknown", message)

    def unknown_csv(self, visit: Visit) -> Response:  # noqa: ARG002
        headers = {"Content-Disposition": 'attachment; filename="unknown.csv"'}
        return StreamingResponse(self._lines(), media_type="text/csv", headers=headers)

    def _lines(self) -> Iterator[str]:
        """Row by row: there may be more than fit into memory."""
        yield _csv_line(_COLUMNS)
        with listed(self.store, "unknown", None) as rows:
            for row in rows:
                yield _csv_line([row[name] for name in _COLUMNS])

    def resolve(self, visit: Visit) -> Response:
        outcome, address = visit.form.get("as", ""), visit.form.get("to", "")
        if outcome not in ("sent", "pending"):
            raise UsageError("choose: they were sent, or they are sent again")
        day = parse_day(visit.form.get("date", "")) if address else None
        visit.about(address or "all")
        if not address:
            shown = _instant(visit.form.get("listed", ""), visit.now)
            actions.remember_unknown_were_listed(self.store, shown)
        addresses = [address] if address else []
        done = actions.resolve(self.store, outcome, visit.now, addresses, day)
        self.desk.changed()
        return visit.back("/desk/unknown", _resolved(done, outcome))

    def _done(self, visit: Visit, message: str) -> Response:
        self.desk.changed()
        return visit.back(HOME, message)


def _csv_line(cells: Sequence[object]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _what_cancel_does(at: actions.Standing) -> Iterator[str]:
    yield (
        f"Waiting for it now: {counted(at.waiting, 'reader')}, who will be skipped. Readers whose"
        " hour is still to come do not get it either, unless you take this back before their hour."
    )
    if at.sent:
        yield f"{counted(at.sent, 'reader')} have it already."
    if at.sending:
        yield f"{counted(at.sending, 'message')} being sent now cannot be stopped."


def _resolved(done: actions.Resolved, outcome: str) -> str:
    message = f"{counted(done.count, 'delivery')} settled as {outcome}."
    if outcome == "pending" and done.too_old:
        message += f" {done.too_old:,} are too old to be sent again, and will be failed (expired)."
    if done.sending:
        message += f" {done.sending:,} more are {actions.STILL_SENDING}."
    return message


def _long(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _instant(text: str, now: datetime) -> datetime:
    """When the list was shown. Raises UsageError for what no page of ours says."""
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None and at.year >= 1900 and timedelta() <= now - at:
            return at
    raise UsageError("the list was not shown", "load the page with the list, and answer there")
