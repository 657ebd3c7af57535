"""``newsletter run`` and ``serve``: the two that stay."""

import logging
import os
import signal
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from newsletter.bootstrap import App
from newsletter.cli.alerts import alert
from newsletter.cli.clocks import steady
from newsletter.cli.ingest import moment
from newsletter.cli.output import live, progress, say, set_up_log, warn_each
from newsletter.cli.send import context, stopper
from newsletter.composing.compose import compose
from newsletter.delivery.context import Watch, abandon
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.errors import NewsletterError, Paused, SchemaChanged, SenderRefused
from newsletter.domain.text import counted
from newsletter.ingest.ingest import ingest_sources
from newsletter.services.publish import DUE, DeliveryContext
from newsletter.storage import Store, heartbeats

log = logging.getLogger("newsletter")

_TICK_MINUTES = 0.5
# A server that turned our credentials down is not asked every half minute.
_HOLD = timedelta(minutes=10)
_LOOK = timedelta(minutes=1)
_TURN_SECONDS = 300
_END = "end one of them (one that was killed is forgotten after three minutes)"


def run(app: App, args: Namespace) -> int:
    """The scheduler, in the foreground: the store knows what is due, the clock only asks it."""
    from newsletter.services.scheduler import run_forever

    warn_each(app.ready_to_send())
    set_up_log(verbose=args.verbose)
    stop = stopper()
    shift = Shift(app, context(app, stop, lambda *_: None), stop)
    log.info("running; %s", app.path)
    shift.greet()
    every = app.settings.schedule.ingest_every_minutes
    jobs = [(every, shift.ingest), (_TICK_MINUTES, shift.tick)]
    try:
        run_forever(jobs, stop, shift.failed)
    except KeyboardInterrupt:
        _at_once(shift)
    if not shift.ended:
        shift.leave()
    log.info("stopped")
    return 1 if shift.ended else 0


def who(owner: str) -> str:
    host, process, *_ = owner.split(":")
    return f"process {process} on {host}"


def _at_once(shift: "Shift") -> None:
    """A thread that waits for a mail server cannot be told to stop: the process can."""
    abandon(shift.context, shift.app.clock())
    shift.leave()
    log.info("stopped at once; see `newsletter deliveries --state unknown`")
    sys.stderr.flush()
    os._exit(130)


class Shift:
    """What ``run`` does when it is woken, and what it remembers between two wakings."""

    def __init__(self, app: App, context: DeliveryContext, stop: Event) -> None:
        self.app = app
        self.context = context
        self.stop = stop
        self.resume_at: datetime | None = None
        self.told = ""
        self.look_at = app.clock()
        self.ended = False

    def greet(self) -> None:
        """Two send nothing twice, but all the work is done twice."""
        with self.app.store.reading() as db:
            others = heartbeats.schedulers(db, self.app.clock(), steady())
        for owner in others:
            log.warning("another scheduler works beside this one, %s: %s", who(owner), _END)

    def ingest(self) -> None:
        self.app.store.verify()
        with progress("reading", quiet=True) as watch:
            found = ingest_sources(self.app.ingest_job(self._pause, watch), self.app.clock)
        if found.read:
            new = found.after.briefs - found.before.briefs
            told = counted(found.read, "file"), counted(new, "new brief"), len(found.rejected)
            log.info("read %s: %s, %d rejected", *told)
        for one in found.rejected:
            log.warning("rejected %r, line %s: %s", one.path, one.line or "-", one.reason)

    def tick(self) -> None:
        self.app.store.verify()
        self.look_at = now = self.app.clock()
        self._look()
        compose(self.app.rules, now, None, DUE)
        # A hold that ends later than any could was reckoned by a clock that ran ahead.
        if self.resume_at is not None and now < self.resume_at <= now + _HOLD:
            return
        with live() as line:
            context = replace(self.context, watch=self._watch(line), stop=self._turn())
            report = deliver(context, self.app.clock, None, DUE)
        if report.outcomes:
            counts = (f"{count} {state}" for state, count in sorted(report.outcomes.items()))
            log.info("delivered: %s", ", ".join(counts))
        stopped = str(report.stopped or "")
        if stopped and not (isinstance(report.stopped, Paused) and stopped == self.told):
            log.error("delivery stopped, the rest waits: %s", stopped)
        self.told = stopped
        alert(self.app, report.stopped)
        self.resume_at = now + _HOLD if isinstance(report.stopped, SenderRefused) else None

    def _turn(self) -> Callable[[], bool]:
        """To keep a pace may take hours: the inbox and who falls due meanwhile have their turn."""
        if not self.context.pace.limits:
            return self.context.stop
        end = self.context.steady().seconds + _TURN_SECONDS
        return lambda: self.context.stop() or self.context.steady().seconds >= end

    def _watch(self, line: Watch) -> Watch:
        """To deliver may take hours: what is seen between two wakings is looked at then, too."""

        def watch(outcomes: Counter[str], total: int) -> None:
            line(outcomes, total)
            self._look()

        return watch

    def _look(self) -> None:
        """Once a minute: this scheduler works, and the operator hears what is late."""
        now = self.app.clock()
        if now < self.look_at:
            return
        self.look_at = now + _LOOK
        self.app.store.verify()
        with self.app.store.writing() as db:
            heartbeats.works(db, self.context.owner, now, steady())
        alert(self.app)

    def failed(self, error: Exception) -> None:
        """Nothing more is done with a database that another program has migrated."""
        _on_error(error)
        if isinstance(error, SchemaChanged):
            self.ended = True
            self.stop.set()
            return
        alert(self.app, error)

    def leave(self) -> None:
        """This scheduler works no more."""
        with self.app.store.writing() as db:
            heartbeats.rest(db, self.context.owner)

    def _pause(self) -> None:
        if not self.stop.is_set():
            moment()


def _on_error(error: Exception) -> None:
    """A mistake that can be mended is one line; anything else is ours, and shows where it is."""
    if isinstance(error, NewsletterError):
        log.error("%s", error)
    else:
        log.error("unexpected: %s", error, exc_info=error)


def _telling(answer: Callable[[str], bool], store: Store, ended: Event) -> Callable[[str], bool]:
    """The same, telling the operator of an error before it goes on to whoever asked; one that
    nothing more can come after ends the process."""

    def told(token: str) -> bool:
        try:
            store.verify()
            return answer(token)
        except Exception as error:
            _on_error(error)
            if isinstance(error, SchemaChanged):
                ended.set()
                os.kill(os.getpid(), signal.SIGTERM)
            raise

    return told


def serve(app: App, args: Namespace) -> int:
    from newsletter.domain.tokens import subscriber_id
    from newsletter.storage import subscribers
    from newsletter.web import app as web

    secret, store, head = app.secret, app.store, app.branding
    set_up_log()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    common = {
        "name": head.name,
        "language": head.language,
        "direction": head.direction,
        "accent": head.accent,
    }

    def known(token: str) -> bool:
        found = subscriber_id(secret, token)
        with store.reading() as db:
            return found is not None and subscribers.exists(db, found)

    def leave(token: str) -> bool:
        found = subscriber_id(secret, token)
        if found is None:
            return False
        with store.writing() as db:
            return subscribers.leave(db, found)

    def page(state: str) -> str:
        return head.renderer.fill("unsubscribe.html", state=state, **common)

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
