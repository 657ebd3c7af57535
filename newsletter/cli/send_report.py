"""The report of ``send``: what it did, and why there was nothing to do for the others."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, warn
from newsletter.cli.status import next_due_time, what_is_too_old
from newsletter.domain.due import due_at, local_date
from newsletter.domain.due import next_due as next_due_of
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Subscriber
from newsletter.services import approval, status
from newsletter.services.deliveries import delivery_of, pending
from newsletter.services.publish import Published, Readers
from newsletter.services.readers import find_subscriber
from newsletter.services.status import next_due
from newsletter.services.wording import (
    approve_it,
    awaiting,
    local_time,
    next_attempt,
    state_and_reason,
)


@dataclass(frozen=True)
class SendReport:
    """``stopped`` says why the run ended early; empty where it did not."""

    app: App
    started: datetime
    args: Namespace
    readers: Readers
    published: Published
    stopped: str

    def write(self) -> None:
        """Raises NewsletterError where the run was stopped, after the rest was written."""
        self._warn_of_inbox()
        if self.args.json:
            say_json(self._as_json())
        else:
            self._print()

    def _warn_of_inbox(self) -> None:
        if error := self.published.ingest_error:
            warn(f"no briefs were read: {error}")
        if self.args.json or not self.published.ingested:
            return
        for path in self.published.ingested.left:
            warn(f"{path} is still being written; it was left for the next time")
        for file in self.published.ingested.rejected:
            warn(f"{file.path} was rejected: {file.reason}")

    def _as_json(self) -> dict[str, object]:
        published, ingested = self.published, self.published.ingested
        waiting = pending(self.app.store, self.readers.ids, self.args.date)
        counts = dict.fromkeys(("sent", "failed", "pending", "unknown", "skipped"), 0)
        counts |= published.report.counts
        counts["skipped"] += published.report.skipped.total()
        return {
            **counts,
            "sent_elsewhere": {str(day): count for day, count in self._sent_elsewhere().items()},
            "next_attempt_at": waiting.next_attempt_at,
            "new_briefs": ingested.after.briefs - ingested.before.briefs if ingested else 0,
            "ingest_error": str(published.ingest_error) if published.ingest_error else None,
            "stopped": self.stopped or None,
            "next_due": next_due(self.app.store, self.app.clock()),
        }

    def _print(self) -> None:
        report = self.published.report
        if report.counts and (report.outcomes or self.stopped):
            say(", ".join(self._counts()))
        for reason, count in sorted(report.skipped.items()):
            say(f"{count:,} skipped: {self._why_skipped(reason)}")
        if self.stopped:
            raise NewsletterError(f"stopped, the rest waits: {self.stopped}")
        for line in self._why_not_others():
            say(line)
        if not report.ok:
            say("see `newsletter status` for what was not sent, and why")

    def _counts(self) -> Iterator[str]:
        for state, count in self.published.report.counts.items():
            yield f"{count} {state}"
            if state == "sent":
                yield from (f"{c} of them for {day}" for day, c in self._sent_elsewhere().items())

    def _sent_elsewhere(self) -> dict[date, int]:
        """Of the readers for whom it is another date than for the newsletter."""
        if self.args.date or not self.published.report.outcomes["sent"]:
            return {}
        now = self.app.clock()
        today = local_date(now, self.app.settings.newsletter.timezone)
        counts = status.elsewhere(self.app.store, today, now, self.started)
        return {day: states["sent"] for day, states in counts.items() if "sent" in states}

    def _why_skipped(self, reason: str) -> str:
        if reason == "too_few":
            minimum, old = self.app.settings.selection.minimum, or_too_old(self.app, self.args.date)
            return f"fewer than {minimum} insights are new to them{old}"
        return {
            "too_late": "nothing ran in time for them (schedule.catch_up_hours)",
            "cancelled": "the date is cancelled",
        }[reason]

    def _why_not_others(self) -> Iterator[str]:
        app, args, report = self.app, self.args, self.published.report
        done = report.outcomes.total() + report.skipped.total()
        if not done:
            yield from why_nobody(app, args, self.readers)
        elif args.to:
            yield from _named(app, args) if done < len(args.to) else ()
        elif not report.outcomes["pending"]:
            yield from (*_held(app), *_pending(app, args, self.readers))


def or_too_old(app: App, on: date | None) -> str:
    """The end of a line that says that too little is new."""
    day = on or local_date(app.clock(), app.settings.newsletter.timezone)
    return f"; {old}" if (old := what_is_too_old(app, day)) else ""


def why_nobody(app: App, args: Namespace, readers: Readers) -> Iterator[str]:
    """Why nothing was sent: what waits, the state of the readers named, who is due next."""
    if args.to:
        yield "nobody named is due now"
        yield from _named(app, args)
        return
    waiting = [*_held(app), *_pending(app, args, readers)]
    yield from waiting
    hint = _now_hint(args, "sends to all not yet served")
    yield f"nobody{' else' if waiting else ''} is due now{_when_next(app, args)}{hint}"


def _pending(app: App, args: Namespace, readers: Readers) -> Iterator[str]:
    waiting = pending(app.store, readers.ids, args.date)
    if waiting.next_attempt_at:
        timezone = app.settings.newsletter.timezone
        when = next_attempt(waiting.next_attempt_at, app.clock(), timezone)
        yield f"{waiting.count:,} pending: {when}"


def _held(app: App) -> Iterator[str]:
    for waiting in approval.waiting(app.store):
        if not waiting.approval:
            yield f"{awaiting(waiting, app.settings.newsletter.timezone)}; {approve_it(waiting)}"


def _when_next(app: App, args: Namespace) -> str:
    if args.date:
        return f" for {args.date}"
    upcoming = next_due(app.store, app.clock())
    return f"; next: {next_due_time(upcoming, app.settings.newsletter.timezone)}" * bool(upcoming)


def _named(app: App, args: Namespace) -> Iterator[str]:
    for address in args.to:
        reader = find_subscriber(app.store, address)
        day = args.date or local_date(app.clock(), reader.timezone)
        row = delivery_of(app.store, reader.id, day)
        state = _state(app, row) if row else _why_no_row(app, args, reader, day)
        yield f"{reader.address}, {day:%-d %B %Y}: {state}"


def _state(app: App, row: Mapping[Any, Any]) -> str:
    timezone = app.settings.newsletter.timezone
    if row["state"] == "sent":
        return f"sent at {local_time(row['changed_at'], timezone)}"
    when = ""
    if row["state"] == "pending":
        when = f", {next_attempt(row['next_attempt_at'], app.clock(), timezone)}"
    answer = f": {row['answer']}" if row["answer"] else ""
    return f"{state_and_reason(row)}{when}{answer}"


def _why_no_row(app: App, args: Namespace, reader: Subscriber, day: date) -> str:
    if reader.state != "active":
        return f"nothing, the reader is {reader.state}"
    upcoming = next_due_of(app.clock(), reader.hour, reader.timezone)
    due = max(upcoming, due_at(day, reader.hour, reader.timezone))
    when = local_time(due, app.settings.newsletter.timezone)
    return f"nothing yet, next due at {when}{_now_hint(args, 'does not wait for it')}"


def _now_hint(args: Namespace, effect: str) -> str:
    return "" if args.now else f"; --now {effect}"
