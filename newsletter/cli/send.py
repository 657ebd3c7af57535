"""``newsletter send``: once through the day. Safe to run again, and beside ``run``."""

import signal
from argparse import Namespace
from contextlib import suppress
from datetime import date
from functools import partial
from threading import Event

from newsletter.bootstrap import App
from newsletter.bootstrap.alerts import alerts
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.delivery import check_ready_to_send, delivery_context, notice_job
from newsletter.bootstrap.ingest import ingest
from newsletter.cli.ingest import pause, warn_of_unread
from newsletter.cli.output import live, progress, say, say_json, set_up_log, table, warn, warn_each
from newsletter.cli.send_report import SendReport, or_too_old, why_nobody
from newsletter.domain.due import local_date
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.text import counted, headline
from newsletter.services.alerts import alert
from newsletter.services.publish import Published, Readers, publish, would_send
from newsletter.services.readers import find_subscriber

END_AFTER_SECONDS = 30
"""How long to wait for the answers of mail servers after a signal. A service manager kills a
process after some 90 seconds, and then everything that is claimed is unknown."""


def send(app: App, args: Namespace) -> int:
    if args.as_ and not args.test:
        raise UsageError("--as says whose issue --test sends: add --test ADDRESS")
    if args.test and (args.to or args.now or args.dry_run):
        raise UsageError("--test sends one copy, now: only --as and --date go with it")
    if args.test:
        return _test(app, args)
    ids = [find_subscriber(app.store, address).id for address in args.to] if args.to else None
    readers = Readers(now=args.now, ids=ids)
    if args.date:
        today = local_date(app.clock(), app.settings.newsletter.timezone)
        _warn_of_unlikely_date(args.date, today, app.settings.selection.window_days)
    if args.dry_run:
        return _dry_run(app, args, readers)
    return _send(app, args, readers)


def _send(app: App, args: Namespace, readers: Readers) -> int:
    warn_each(check_ready_to_send(app))
    stop = stop_on_signals()
    set_up_log(verbose=args.verbose)
    alert(alerts(app))
    started = app.clock()
    try:
        published = _publish(app, args, readers, stop)
    except KeyboardInterrupt:
        warn("ended at once; see `newsletter status` and `newsletter deliveries --state unknown`")
        raise
    finally:
        signal.alarm(0)
    stopped = str(published.report.stopped or "by a signal" * stop.is_set())
    SendReport(app, started, args, readers, published, stopped).write()
    if not args.to:
        notice_job(app, stop)()
    if published.ingest_error and not isinstance(published.ingest_error, NewsletterError):
        raise published.ingest_error  # a defect of ours: it shows where it is
    good = published.report.ok and not stopped and not published.ingest_error
    return 0 if good else 1


def _warn_of_unlikely_date(day: date, today: date, window: int) -> None:
    """Warns of a date that may be a slip; it is sent all the same."""
    if day > today:
        warn(f"{day} has not begun yet: readers who get it now get nothing on its day")
    elif (ago := (today - day).days) >= window:
        warn(f"{day} is {counted(ago, 'day')} ago: check the year")


def _publish(app: App, args: Namespace, readers: Readers, stop: Event) -> Published:
    """Alerts the operator if it ends early, or if briefs cannot be read."""
    quiet = args.json
    try:
        with progress("reading", quiet=quiet) as reading, live(quiet=quiet) as sending:
            published = publish(
                app.clock,
                ingest=partial(ingest, app, pause, reading),
                rules=compose_rules(app),
                context=delivery_context(app, stop, sending),
                on=args.date,
                readers=readers,
            )
    except Exception as error:
        alert(alerts(app), stopped=error)
        raise
    stopped, ingest_error = published.report.stopped, published.ingest_error
    alert(alerts(app), stopped=stopped, ingest_error=ingest_error)
    return published


def stop_on_signals() -> Event:
    """Set by SIGTERM or SIGINT: the messages in flight are finished, then we stop.

    A second SIGINT is a KeyboardInterrupt: nothing is finished any more. The same happens by itself
    where the first signal does not end it in ``END_AFTER_SECONDS``: a server may be silent for
    minutes. Whoever calls this ends the alarm with ``signal.alarm(0)``.
    """
    stop = Event()

    def end_soon() -> None:
        stop.set()
        signal.alarm(END_AFTER_SECONDS)

    def overdue(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupted(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        end_soon()
        with suppress(RuntimeError):  # the interrupted code may be writing there
            warn("finishing the messages in flight; a second interrupt ends it at once")

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, lambda *_: end_soon())
    signal.signal(signal.SIGALRM, overdue)
    return stop


def _dry_run(app: App, args: Namespace, readers: Readers) -> int:
    warn_of_unread(app)
    messages = would_send(compose_rules(app), app.clock(), args.date, readers)
    if args.json:
        rows = [
            {
                "address": address,
                "date": issue.date,
                "insights": [pick.text for pick in issue.picks],
            }
            for address, issue in messages
        ]
        say_json({"would_send": rows})
        return 0
    for address, issue in messages:
        say(f"{address}, {issue.date:%-d %B %Y}: {len(issue.picks) or 'too few'} insights")
        table([(f"{pick.rank}.", headline(pick.text, 90)) for pick in issue.picks], indent="  ")
    if messages:
        complete = sum(bool(issue.picks) for _, issue in messages)
        few = len(messages) - complete
        but = f"; too few for {few:,}{or_too_old(app, args.date)}" if few else ""
        say(f"{counted(complete, 'message')} would be sent{but}")
    else:
        for line in why_nobody(app, args, readers):
            say(line)
    return 0


def _test(app: App, args: Namespace) -> int:
    """One marked copy outside the ledger: it is in no reader's history."""
    from newsletter.bootstrap.composing import house_subscriber
    from newsletter.bootstrap.mail import bounce_address, channel
    from newsletter.bootstrap.rendering import branding
    from newsletter.composing.draft import draft
    from newsletter.services.preview import address_of_copy, send_test_copy

    warn_each(check_ready_to_send(app))
    warn_of_unread(app)
    to = address_of_copy(app.store, args.test, "--test")
    house = house_subscriber(app.settings, to)
    reader = find_subscriber(app.store, args.as_) if args.as_ else house
    scheduled = draft(compose_rules(app), app.clock(), reader, args.date, house=not args.as_)
    sender = bounce_address(app.settings)
    answer = send_test_copy(scheduled, to, sender, branding(app), channel(app), app.clock())
    whose = f"the issue of {args.as_}" if args.as_ else "the house issue"
    say_json({"sent": 1, "to": to, "answer": answer}) if args.json else say(
        f"{whose}, {scheduled.issue.date:%-d %B %Y}, sent to {to}: {answer}"
    )
    return 0
