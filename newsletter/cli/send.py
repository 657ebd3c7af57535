"""``newsletter send``: the one-off. Safe to run again, and beside ``run``."""

import os
import signal
import socket
import threading
from argparse import Namespace
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from newsletter.bootstrap import App
from newsletter.cli.alerts import alert
from newsletter.cli.clocks import steady
from newsletter.cli.ingest import moment
from newsletter.cli.output import live, progress, say, say_json, set_up_log, table, warn, warn_each
from newsletter.cli.send_report import as_json, nobody, tell
from newsletter.composing.compose import due
from newsletter.composing.draft import draft
from newsletter.delivery.context import Watch
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import DeliveryError, NewsletterError, UsageError
from newsletter.domain.model import Issue
from newsletter.domain.text import counted, headline
from newsletter.mail.channels import Envelope
from newsletter.mail.message import message
from newsletter.services.publish import DeliveryContext, IngestReport, Readers, Report, publish
from newsletter.storage import issues, operator_actions, reports

# The first places where a date begins are fourteen hours ahead of UTC.
_FIRST_ZONE = timedelta(hours=14)


def send(app: App, args: Namespace) -> int:
    if args.as_ and not args.test:
        raise UsageError("--as says whose issue --test sends: add --test ADDRESS")
    if args.test and (args.to or args.now or args.dry_run):
        raise UsageError("--test sends one copy, now: only --as and --date go with it")
    if args.test:
        return _test(app, args)
    ids = [app.subscriber(address).id for address in args.to] if args.to else None
    readers = Readers(now=args.now, ids=ids)
    if args.date:
        _warn_of(args.date, app.clock(), app.settings.selection.window_days)
    if args.dry_run:
        return _dry_run(app, args, readers)
    warn_each(app.ready_to_send())
    stop = stopper()
    set_up_log(verbose=args.verbose)
    alert(app)
    try:
        ingested, report = _publish(app, args, readers, stop)
    except KeyboardInterrupt:
        warn("ended at once; see `newsletter status` and `newsletter deliveries --state unknown`")
        raise
    stopped = str(report.stopped or "by a signal" * stop.is_set())
    alert(app, report.stopped)
    if report.outcomes["waiting"] or stopped:
        report.outcomes["waiting"] = _waiting(app, args, readers)
    told = as_json if args.json else tell
    told(app, args, readers, ingested, report, stopped)
    return 0 if report.ok and not stopped else 1


def _warn_of(day: date, now: datetime, window: int) -> None:
    """A date that may be a slip is sent all the same: it was asked for."""
    if day > (now + _FIRST_ZONE).date():
        warn(f"{day} has not begun anywhere: who is sent it now gets nothing on its day")
    elif (ago := (now.date() - day).days) >= window:
        warn(f"{day} is {counted(ago, 'day')} ago: is it another year?")


def _publish(
    app: App, args: Namespace, readers: Readers, stop: threading.Event
) -> tuple[IngestReport, Report]:
    """What ends it, the operator hears of."""
    quiet = args.json
    try:
        with progress("reading", quiet=quiet) as reading, live(quiet=quiet) as sending:
            return publish(
                app.clock,
                ingest_job=app.ingest_job(moment, reading),
                rules=app.rules,
                context=context(app, stop, sending),
                on=args.date,
                readers=readers,
            )
    except Exception as error:
        alert(app, error)
        raise


def _waiting(app: App, args: Namespace, readers: Readers) -> int:
    """Those that were not offered as well: they wait behind a server, or with their domain."""
    with app.store.reading() as db:
        return operator_actions.pending(db, readers.ids, args.date)[0]


def context(app: App, stop: threading.Event, watch: Watch) -> DeliveryContext:
    here, chosen = steady(), app.settings.delivery
    return DeliveryContext(
        store=app.store,
        channel=app.channel,
        branding=app.branding,
        sender=app.envelope_sender,
        owner=f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}:{here.seconds}",
        steady=steady,
        stop=stop.is_set,
        watch=watch,
        connections=chosen.connections,
        claim=chosen.claim,
        lease=timedelta(seconds=chosen.lease_seconds),
        pace=app.pace,
    )


def stopper() -> threading.Event:
    """Set by SIGTERM or SIGINT: the message in hand is finished, then we stop.

    A second SIGINT is a KeyboardInterrupt: nothing is finished any more.
    """
    stop = threading.Event()

    def interrupted(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        with suppress(RuntimeError):  # whoever was interrupted may be writing there
            warn("finishing the messages in hand; a second interrupt ends it at once")

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


def _dry_run(app: App, args: Namespace, readers: Readers) -> int:
    found = [*_queued(app, args.date, readers), *_to_compose(app, args.date, readers)]
    if args.json:
        rows = [
            {"address": address, "date": issue.date, "insights": [one.text for one in issue.picks]}
            for address, issue in found
        ]
        say_json({"would_send": rows})
        return 0
    for address, issue in found:
        say(f"{address}, {issue.date:%-d %B %Y}: {len(issue.picks) or 'too few'} insights")
        table([(f"{pick.rank}.", headline(pick.text, 90)) for pick in issue.picks], indent="  ")
    if found:
        enough = sum(bool(issue.picks) for _, issue in found)
        few = f"; too few for {len(found) - enough:,}" if enough < len(found) else ""
        say(f"{counted(enough, 'message')} would be sent{few}")
    else:
        for line in nobody(app, args, readers):
            say(line)
    return 0


def _queued(app: App, on: date | None, readers: Readers) -> list[tuple[str, Issue]]:
    """What was composed and waits for another attempt."""
    with app.store.reading() as db:
        rows = reports.queue(db, app.clock(), on, readers.ids, hurry=readers.now)
        return [(address, issues.load(db, issue_id)) for address, issue_id in rows]


def _to_compose(app: App, on: date | None, readers: Readers) -> list[tuple[str, Issue]]:
    found = due(app.rules, app.clock(), on, readers)
    return [(one.subscriber.address, issue) for one, issue in found]


def _test(app: App, args: Namespace) -> int:
    """One marked copy outside the ledger: nobody's history knows of it."""
    warn_each(app.ready_to_send())
    to = mailbox(args.test, "--test").address
    reader = app.subscriber(args.as_) if args.as_ else app.house(to)
    scheduled = draft(app.rules, app.clock(), reader, args.date, house=not args.as_)
    if not scheduled.issue.picks:
        raise NewsletterError(
            f"too little is new for {scheduled.issue.date}: there is no issue to send"
        )
    # A copy is made now, whenever its issue was composed.
    scheduled = replace(scheduled, dated_at=app.clock())
    text = message(scheduled, app.branding, test=True)
    channel = app.channel()
    try:
        answer = channel.send(Envelope(app.bounces, to, text))
    except DeliveryError as error:
        raise NewsletterError(f"the test copy to {to} was not taken: {error}") from error
    finally:
        channel.close()
    whose = f"the issue of {args.as_}" if args.as_ else "the house issue"
    say_json({"sent": 1, "to": to, "answer": answer}) if args.json else say(
        f"{whose}, {scheduled.issue.date:%-d %B %Y}, sent to {to}: {answer}"
    )
    return 0
