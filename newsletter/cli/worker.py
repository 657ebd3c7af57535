"""``newsletter worker``: a share of the work, on one of several machines, until it is stopped."""

import logging
import os
import signal
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.bootstrap.cluster import conninfo, work
from newsletter.bootstrap.delivery import check_ready_to_send
from newsletter.bootstrap.sources import scan
from newsletter.cli.arguments.daily import QUEUES
from newsletter.cli.output import progress, set_up_log, warn_each
from newsletter.cli.run import scheduled_jobs
from newsletter.domain.errors import ConfigError
from newsletter.services.scheduled_jobs import ScheduledJobs

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed

log = logging.getLogger("newsletter")


def worker(app: App, args: Namespace) -> int:
    """Procrastinate hands out the tasks; the store knows what is due, and who was offered what."""
    queues = _queues(args.queues)
    address = conninfo(app)
    from newsletter.services.cluster import prepare, task_app, work_until

    warn_each(check_ready_to_send(app))
    set_up_log(verbose=args.verbose)
    prepare(app.settings.store.url)
    stop, outdated = Event(), Event()

    def end() -> None:
        outdated.set()
        os.kill(os.getpid(), signal.SIGTERM)

    jobs = work(app, partial(scheduled_jobs, app, stop), partial(_scan, app, stop), stop, end)
    settings = app.settings
    tasks = task_app(address, jobs, settings.cluster.lanes, settings.returns.every_minutes)
    log.info("working on %s; %s", ", ".join(queues), app.path)
    work_until(tasks, stop, queues, args.concurrency)
    if outdated.is_set():
        return 1
    jobs.leave()
    log.info("stopped")
    return 0


def _queues(names: str | None) -> list[str]:
    queues = [name.strip() for name in names.split(",")] if names else list(QUEUES)
    for name in queues:
        if name not in QUEUES:
            raise ConfigError(f"--queues: there is no {name!r}", "write " + ", ".join(QUEUES))
    return queues


def _scan(app: App, stop: Event, feed: int) -> None:
    def scan_feed() -> "Sequence[PolledFeed]":
        with progress("scanning", quiet=True) as watch:
            return scan(app, stop.is_set, watch, only={feed})[0]

    jobs: ScheduledJobs = scheduled_jobs(app, stop)
    jobs.scan_feeds = scan_feed
    jobs.scan()
