"""What ``send`` says it did, and of those for whom there was nothing to do, why."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, warn
from newsletter.cli.status import local, next_due, next_try
from newsletter.domain.due import due_at, local_date
from newsletter.domain.due import next_due as next_due_of
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Subscriber
from newsletter.services.publish import IngestReport, Readers, Report
from newsletter.storage import ledger, operator_actions


def as_json(
    app: App,
    args: Namespace,
    readers: Readers,
    ingested: IngestReport,
    report: Report,
    stopped: str,
) -> None:
    with app.store.reading() as db:
        pending, first = operator_actions.pending(db, readers.ids, args.date)
    counts = dict.fromkeys(("sent", "failed", "waiting", "unknown", "skipped"), 0)
    counts |= report.outcomes
    counts["skipped"] += report.skipped.total()
    about = {
        "pending": pending,
        "next_attempt_at": first,
        "new_briefs": ingested.after.briefs - ingested.before.briefs,
        "stopped": stopped or None,
        "next_due": next_due(app),
    }
    say_json({**counts, **about})


def tell(
    app: App,
    args: Namespace,
    readers: Readers,
    ingested: IngestReport,
    report: Report,
    stopped: str,
) -> None:
    for path in ingested.left:
        warn(f"{path} is still being written; it was left for the next time")
    for one in ingested.rejected:
        warn(f"{one.path} was rejected: {one.reason}")
    if report.outcomes.total():
        outcomes = sorted((+report.outcomes).items())
        say(", ".join(f"{count} {state}" for state, count in outcomes))
    for reason, count in sorted(report.skipped.items()):
        say(f"{count:,} skipped: {_why(app, reason)}")
    if stopped:
        raise NewsletterError(f"stopped, the rest waits: {stopped}")
    for line in _others(app, args, readers, report):
        say(line)
    if not report.ok:
        say("see `newsletter status` for what was not sent, and why")


def _why(app: App, reason: str) -> str:
    return {
        "too_few": f"fewer than {app.taste.minimum} insights are new to them",
        "too_late": "nothing ran in time for them (schedule.catch_up_hours)",
        "cancelled": "the date is cancelled",
    }[reason]


def _others(app: App, args: Namespace, readers: Readers, report: Report) -> Iterator[str]:
    """Those for whom nothing was done."""
    done = report.outcomes.total() + report.skipped.total()
    if not done:
        yield from nobody(app, args, readers)
    elif args.to:
        yield from _named(app, args) if done < len(args.to) else ()
    elif not report.outcomes["waiting"]:
        yield from _pending(app, args, readers)


def nobody(app: App, args: Namespace, readers: Readers) -> Iterator[str]:
    """Why there is nothing to do: who waits, what became of those named, who is due next."""
    if args.to:
        yield "nobody named is due now"
        yield from _named(app, args)
        return
    yield from (waits := list(_pending(app, args, readers)))
    hint = _hint(args, "sends to all not yet served")
    yield f"nobody{' else' * bool(waits)} is due now{_about(app, args)}{hint}"


def _pending(app: App, args: Namespace, readers: Readers) -> Iterator[str]:
    with app.store.reading() as db:
        count, first = operator_actions.pending(db, readers.ids, args.date)
    if first:
        yield f"{count:,} pending: {next_try(app, first)}"


def _about(app: App, args: Namespace) -> str:
    if args.date:
        return f" for {args.date}"
    upcoming = next_due(app)
    return f"; next: {local(app, upcoming)}" if upcoming else ""


def _named(app: App, args: Namespace) -> Iterator[str]:
    for reader in map(app.subscriber, args.to):
        day = args.date or local_date(app.clock(), reader.timezone)
        with app.store.reading() as db:
            row = ledger.find(db, reader.id, day)
        state = _state(app, row) if row else _not_yet(app, args, reader, day)
        yield f"{reader.address}, {day:%-d %B %Y}: {state}"


def _state(app: App, row: Mapping[Any, Any]) -> str:
    if row["state"] == "sent":
        return f"sent at {local(app, row['changed_at'])}"
    reason = f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""
    when = f", {next_try(app, row['next_attempt_at'])}" if row["state"] == "pending" else ""
    answer = f": {row['answer']}" if row["answer"] else ""
    return f"{row['state']}{reason}{when}{answer}"


def _not_yet(app: App, args: Namespace, reader: Subscriber, day: date) -> str:
    if reader.state != "active":
        return f"nothing, the reader is {reader.state}"
    next_one = next_due_of(app.clock(), reader.hour, reader.timezone)
    instant = max(next_one, due_at(day, reader.hour, reader.timezone))
    return f"nothing yet, next due at {local(app, instant)}{_hint(args, 'does not wait for it')}"


def _hint(args: Namespace, what: str) -> str:
    return "" if args.now else f"; --now {what}"
