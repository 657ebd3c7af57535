"""``newsletter run``: the scheduler, until it is stopped."""

import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.bootstrap.alerts import alerts
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.delivery import check_ready_to_send, delivery_context, notice_job
from newsletter.bootstrap.ingest import ingest
from newsletter.bootstrap.returns import letters_told, take_new
from newsletter.bootstrap.sources import scan
from newsletter.bootstrap.upkeep import upkeep
from newsletter.cli.ingest import pause
from newsletter.cli.output import live, progress, set_up_log, warn_each
from newsletter.cli.send import stop_on_signals
from newsletter.delivery.context import abandon
from newsletter.ingest.ingest import IngestReport
from newsletter.services.scheduled_jobs import ScheduledJobs
from newsletter.services.systemd import notifier

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed

log = logging.getLogger("newsletter")

_TICK_MINUTES = 0.5
_SCAN_MINUTES = 1  # which feeds are due, the store knows
_PRUNE_MINUTES = 24 * 60


def run(app: App, args: Namespace) -> int:
    """The scheduler, in the foreground: the store knows what is due, the clock only asks it."""
    from newsletter.services.scheduler import run_forever

    warn_each(check_ready_to_send(app))
    set_up_log(verbose=args.verbose)
    stop = stop_on_signals()
    notify = notifier(app.environment)
    jobs = scheduled_jobs(app, stop)
    jobs.watchdog = partial(notify, "WATCHDOG=1")
    notify("READY=1")
    log.info("running; %s", app.path)
    send_notices = notice_job(app, stop)
    jobs.warn_of_others()
    every = app.settings.schedule.ingest_every_minutes

    def failed(error: Exception) -> None:
        jobs.failed(error)
        if jobs.ended:
            stop.set()

    try:
        run_forever(
            [
                (every, jobs.ingest),
                (_TICK_MINUTES, jobs.tick),
                (_PRUNE_MINUTES, jobs.prune),
                (_PRUNE_MINUTES, partial(upkeep, app)),
            ],
            stop,
            failed,
            beside=[
                (_SCAN_MINUTES, jobs.scan),
                (_TICK_MINUTES, send_notices),
                (app.settings.returns.every_minutes, partial(_take_returns, app)),
            ],
        )
    except KeyboardInterrupt:
        _end_at_once(jobs)
    finally:
        signal.alarm(0)
        notify("STOPPING=1")
    if jobs.ended:
        return 1
    jobs.leave()
    log.info("stopped")
    return 0


def scheduled_jobs(app: App, stop: Event) -> ScheduledJobs:
    """No progress for reading: nobody waits for it. Broken templates are told at the start, not
    when the first issue is due."""

    def pause_unless_stopped() -> None:
        if not stop.is_set():
            pause()

    def read_inbox() -> IngestReport:
        with progress("reading", quiet=True) as watch:
            return ingest(app, pause_unless_stopped, watch)

    def scan_feeds() -> "Sequence[PolledFeed]":
        with progress("scanning", quiet=True) as watch:
            return scan(app, stop.is_set, watch)[0]

    context = delivery_context(app, stop, lambda *_: None)
    context.branding()
    return ScheduledJobs(
        app.clock,
        ingest=read_inbox,
        scan=scan_feeds,
        rules=compose_rules(app),
        context=context,
        alerts=alerts(app),
        keep_days=app.settings.store.keep_days,
        progress=live,
    )


def _take_returns(app: App) -> None:
    """What came back by mail; it takes as long as its mailbox does."""
    app.store.verify()
    if done := take_new(app):
        log.info("returns: %s", letters_told(done))


def _end_at_once(jobs: ScheduledJobs) -> None:
    """A thread that waits for a mail server cannot be stopped: end the process."""
    abandon(jobs.context, jobs.clock())
    jobs.leave()
    log.info("stopped at once; see `newsletter deliveries --state unknown`")
    sys.stderr.flush()
    os._exit(130)
