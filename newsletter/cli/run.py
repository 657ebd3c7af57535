"""``newsletter run`` and ``serve``: the two that stay."""

import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from threading import Event

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.delivery import check_ready_to_send, delivery_context
from newsletter.bootstrap.ingest import ingest
from newsletter.bootstrap.rendering import branding, secret
from newsletter.bootstrap.services import alerts
from newsletter.cli.ingest import pause
from newsletter.cli.output import live, progress, say, set_up_log, warn_each
from newsletter.cli.send import stop_on_signals
from newsletter.delivery.context import abandon
from newsletter.domain.errors import NewsletterError, SchemaChanged
from newsletter.ingest.ingest import IngestReport
from newsletter.services.scheduled_jobs import ScheduledJobs, log_error
from newsletter.storage import Store

log = logging.getLogger("newsletter")

_TICK_MINUTES = 0.5


def run(app: App, args: Namespace) -> int:
    """The scheduler, in the foreground: the store knows what is due, the clock only asks it."""
    from newsletter.services.scheduler import run_forever

    warn_each(check_ready_to_send(app))
    set_up_log(verbose=args.verbose)
    stop = stop_on_signals()
    jobs = scheduled_jobs(app, stop)
    log.info("running; %s", app.path)
    jobs.warn_of_others()
    every = app.settings.schedule.ingest_every_minutes

    def failed(error: Exception) -> None:
        jobs.failed(error)
        if jobs.ended:
            stop.set()

    try:
        run_forever([(every, jobs.ingest), (_TICK_MINUTES, jobs.tick)], stop, failed)
    except KeyboardInterrupt:
        _end_at_once(jobs)
    finally:
        signal.alarm(0)
    if jobs.ended:
        return 1
    jobs.leave()
    log.info("stopped")
    return 0


def scheduled_jobs(app: App, stop: Event) -> ScheduledJobs:
    """Nobody waits at a terminal for what is read."""

    def pause_unless_stopped() -> None:
        if not stop.is_set():
            pause()

    def read_inbox() -> IngestReport:
        with progress("reading", quiet=True) as watch:
            return ingest(app, pause_unless_stopped, watch)

    return ScheduledJobs(
        app.clock,
        ingest=read_inbox,
        rules=compose_rules(app),
        context=delivery_context(app, stop, lambda *_: None),
        alerts=alerts(app),
        progress=live,
    )


def _end_at_once(jobs: ScheduledJobs) -> None:
    """A thread that waits for a mail server cannot be told to stop: the process can."""
    abandon(jobs.context, jobs.clock())
    jobs.leave()
    log.info("stopped at once; see `newsletter deliveries --state unknown`")
    sys.stderr.flush()
    os._exit(130)


def _telling(answer: Callable[[str], bool], store: Store, ended: Event) -> Callable[[str], bool]:
    """The same, telling the operator of an error before it goes on to whoever asked. Where another
    program has migrated the database it ends this process."""

    def told(token: str) -> bool:
        try:
            store.verify()
            return answer(token)
        except Exception as error:
            log_error(error)
            if isinstance(error, SchemaChanged):
                ended.set()
                os.kill(os.getpid(), signal.SIGTERM)
            raise

    return told


def serve(app: App, args: Namespace) -> int:
    from newsletter.domain.tokens import subscriber_id
    from newsletter.storage import subscribers
    from newsletter.web import app as web

    key, store, head = secret(app), app.store, branding(app)
    set_up_log()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    common = {
        "name": head.name,
        "language": head.language,
        "direction": head.direction,
        "accent": head.accent,
    }

    def known(token: str) -> bool:
        found = subscriber_id(key, token)
        with store.reading() as db:
            return found is not None and subscribers.exists(db, found)

    def leave(token: str) -> bool:
        found = subscriber_id(key, token)
        if found is None:
            return False
        with store.writing() as db:
            return subscribers.leave(db, found)

    def page(state: str) -> str:
        return head.renderer.render("unsubscribe.html", state=state, **common)

    host = args.host or app.settings.web.host
    port = app.settings.web.port if args.port is None else args.port
    try:
        bound = web.listening(host, port)
    except OSError as error:
        raise NewsletterError(
            f"cannot listen on {host}:{port}: {error.strerror}: set web.host and web.port, or end"
            " what listens there"
        ) from error
    port = bound.getsockname()[1]
    say(f"listening on http://{host}:{port}; put a web server with TLS in front of it")
    ended = Event()
    tell = partial(_telling, store=store, ended=ended)
    web.serve(web.app(tell(known), tell(leave), page), bound)
    return 1 if ended.is_set() else 0
