"""[alerts]: tells the operator of troubles that would go unnoticed, once a day for each cause."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.delivery.returned import described
from newsletter.domain.due import due_at, local_date
from newsletter.domain.errors import NewsletterError, Paused
from newsletter.services import approval
from newsletter.services.notifiers import Alert, Notifier
from newsletter.services.wording import approve_it, awaiting
from newsletter.storage import Store, approvals, heartbeats, reports, returns, send_queue, storms

log = logging.getLogger("newsletter")

_DAY = timedelta(days=1)
_RETRY = timedelta(minutes=15)
"""Before another try where nobody could be told: a server may be down."""


@dataclass(frozen=True)
class Alerts:
    """``late_hour`` is local to ``timezone``. Without ``notifiers`` nobody is told. ``desk``: there
    is one, where a date can be approved."""

    store: Store
    clock: Callable[[], datetime]
    timezone: str
    late_hour: int
    notifiers: Sequence[Notifier]
    desk: bool = False


class Errors(NamedTuple):
    """What ended a run early, and why briefs could not be read."""

    stopped: Exception | None = None
    ingest: Exception | None = None


def alert(
    alerts: Alerts, *, stopped: Exception | None = None, ingest_error: Exception | None = None
) -> None:
    """Tell the operator of the causes not told today. Never raises."""
    if not alerts.notifiers:
        return
    errors = Errors(stopped, ingest_error)
    try:
        for name, cause in _CAUSES.items():
            if _is_due(alerts, name) and (text := cause.text(alerts, errors)):
                _tell_once(alerts, name, Alert(cause.subject, text))
        _tell_what_waits(alerts)
    except NewsletterError as error:
        log.error("no alert could be sent: %s", error)  # noqa: TRY400


def late(store: Store, now: datetime, timezone: str, hour: int) -> str:
    """What fell due in the 24 hours before today's ``hour`` and did not go out; empty before it.

    A reader for whom there were too few insights is not late.
    """
    end = due_at(local_date(now, timezone), hour, timezone)
    if now < end:
        return ""
    with store.reading() as db:
        waiting, too_late = reports.overdue(db, end - _DAY, end)
        not_composed = reports.forgotten(db, end - _DAY, end)
        paused, held = send_queue.paused(db), approvals.days(db)
    if not waiting + too_late + not_composed:
        return ""
    numbers = {"waiting": waiting, "skipped as too late": too_late, "never composed": not_composed}
    counts = ", ".join(f"{count} {state}" for state, count in numbers.items() if count)
    why = "The newsletter is paused: `newsletter resume`." if paused else "See `newsletter status`."
    if held:
        why = f"Waiting for approval: {', '.join(map(str, held))}. {why}"
    return f"Issues due by {hour:02}:00 {timezone} that did not go out: {counts}. {why}"


def _tell_what_waits(alerts: Alerts) -> None:
    """Each date is a cause of its own: where one is told, another begins to wait."""
    for day in approval.waiting(alerts.store):
        name = f"approval {day.date}"
        if not day.approval and _is_due(alerts, name):
            waits = awaiting(day, alerts.timezone)
            text = f"{waits}. `newsletter preview --date {day.date}` shows it; {approve_it(day)}."
            text = text[:1].upper() + text[1:]
            text += f" Or on the desk: /desk/issue?date={day.date}" * alerts.desk
            _tell_once(alerts, name, Alert(f"the issue of {day.date} waits for approval", text))


def stormed(store: Store, now: datetime) -> str:
    """Why the newsletter was paused in the last day because of what came back; empty if it was
    not."""
    with store.reading() as db:
        events = storms.since(db, now - _DAY)
    if not events:
        return ""
    return (
        f"The newsletter was paused: {'; '.join(map(described, events))}. See `newsletter report`,"
        " and go on with `newsletter resume`."
    )


def blamed(store: Store, now: datetime) -> str:
    """Where messages of the last day were refused because of who sends them; empty if nowhere."""
    with store.reading() as db:
        refusals = returns.policy(db, now - _DAY)
    if not refusals:
        return ""
    each = (f"{count:,} by {domain}: {words}" for domain, (count, words) in refusals.items())
    return (
        "Messages were refused because of who sends them, and their domains wait:"
        f" {'; '.join(each)}. See `newsletter doctor --online`."
    )


def _is_due(alerts: Alerts, cause: str) -> bool:
    with alerts.store.reading() as db:
        return not heartbeats.was_told(db, cause, alerts.clock())


def _tell_once(alerts: Alerts, cause: str, message: Alert) -> None:
    """One of several processes tells; if that fails, it is tried again after a while."""
    now = alerts.clock()
    with alerts.store.writing() as db:
        if heartbeats.was_told(db, cause, now):
            return
        heartbeats.mark_told(db, cause, now + _RETRY)
    succeeded = [notify(message) for notify in alerts.notifiers]
    if any(succeeded):
        tomorrow = local_date(now, alerts.timezone) + _DAY
        with alerts.store.writing() as db:
            heartbeats.mark_told(db, cause, due_at(tomorrow, 0, alerts.timezone))


def _stopped(_alerts: Alerts, errors: Errors) -> str:
    """A pause is no alert: the operator asked for it."""
    if errors.stopped is None or isinstance(errors.stopped, Paused):
        return ""
    return f"A run stopped, and the rest waits: {_reason(errors.stopped)}"


def _ingest(_alerts: Alerts, errors: Errors) -> str:
    if errors.ingest is None:
        return ""
    return (
        f"No briefs can be read: {_reason(errors.ingest)}."
        " What is known already goes out; nothing new comes in."
    )


def _unknown(alerts: Alerts, _errors: Errors) -> str:
    with alerts.store.reading() as db:
        count = reports.unresolved(db)
    if not count:
        return ""
    return (
        f"Unknown: {count}. The server may have these messages or not. See `newsletter deliveries"
        " --state unknown`, then settle them with `newsletter deliveries resolve`."
    )


def _late(alerts: Alerts, _errors: Errors) -> str:
    return late(alerts.store, alerts.clock(), alerts.timezone, alerts.late_hour)


def _storm(alerts: Alerts, _errors: Errors) -> str:
    return stormed(alerts.store, alerts.clock())


def _policy(alerts: Alerts, _errors: Errors) -> str:
    return blamed(alerts.store, alerts.clock())


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, NewsletterError) else repr(error)


class Cause(NamedTuple):
    """``text`` is empty where there is nothing to tell."""

    subject: str
    text: Callable[[Alerts, Errors], str]


_CAUSES = {
    "stopped": Cause("a run stopped", _stopped),
    "ingest": Cause("briefs cannot be read", _ingest),
    "unknown": Cause("deliveries are unknown", _unknown),
    "late": Cause("issues did not go out", _late),
    "storm": Cause("too much came back", _storm),
    "policy": Cause("messages were refused by policy", _policy),
}
