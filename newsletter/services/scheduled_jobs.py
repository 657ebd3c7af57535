"""What ``run`` does each time the scheduler wakes it: read the inbox and the feeds, and send."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.composing.compose import compose
from newsletter.composing.readers import DUE, Looks
from newsletter.composing.rules import Rules
from newsletter.delivery.context import DeliveryContext, Report, Watch
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.errors import (
    NewsletterError,
    Paused,
    SchemaChanged,
    SenderRefused,
    StoreError,
)
from newsletter.domain.text import counted
from newsletter.domain.urls import without_password
from newsletter.ingest.ingest import IngestReport
from newsletter.services.alerts import Alerts, alert
from newsletter.services.clock import steady
from newsletter.services.error_log import log_error
from newsletter.services.prune import prune
from newsletter.storage import heartbeats
from newsletter.storage.leases import process_name

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed

log = logging.getLogger("newsletter")

# A server that turned our credentials down is not asked every half minute.
_HOLD = timedelta(minutes=10)
_HEARTBEAT = timedelta(minutes=1)
_TURN_SECONDS = 300


class ScheduledJobs:
    """The jobs of ``run``, and what they remember from one time to the next.

    ``progress`` makes the function that reports the messages of one round; ``watchdog`` is called
    with each heartbeat.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        ingest: Callable[[], IngestReport],
        scan: Callable[[], "Sequence[PolledFeed]"],
        rules: Rules,
        context: DeliveryContext,
        alerts: Alerts,
        keep_days: int,
        progress: Callable[[], AbstractContextManager[Watch]],
    ) -> None:
        self.clock = clock
        self.read_inbox = ingest
        self.scan_feeds = scan
        self.rules = rules
        self.context = context
        self.alerts = alerts
        self.keep_days = keep_days
        self.progress = progress
        self.store = context.store
        self.hold_until: datetime | None = None
        self.last_stop = ""
        self.next_heartbeat = clock()
        self.ended = False
        self.looks = Looks()
        self.watchdog: Callable[[], None] = lambda: None

    def warn_of_others(self) -> None:
        """Two schedulers send nothing twice, but all the work is done twice."""
        with self.store.reading() as db:
            owners = heartbeats.schedulers(db, self.clock(), steady())
        for owner in owners:
            log.warning(
                "another scheduler works beside this one, %s: end one of them (one that was killed"
                " is forgotten after three minutes)",
                process_name(owner),
            )

    def ingest(self) -> None:
        """If the inbox cannot be read, the operator is told and delivering goes on."""
        self.store.verify()
        try:
            report = self.read_inbox()
        except StoreError:
            raise  # the database failed, not the inbox
        except NewsletterError as error:
            log.error("%s", error)  # noqa: TRY400
            alert(self.alerts, ingest_error=error)
            return
        if report.read:
            new = report.after.briefs - report.before.briefs
            read = counted(report.read, "file"), counted(new, "new brief")
            log.info("read %s: %s, %d rejected", *read, len(report.rejected))
        for file in report.rejected:
            log.warning("rejected %r, line %s: %s", file.path, file.line or "-", file.reason)

    def scan(self) -> None:
        """The feeds that are due; it takes as long as their servers do."""
        self.store.verify()
        polled = self.scan_feeds()
        read = [episode for feed in polled for episode in feed.episodes]
        if read:
            insights = sum(episode.row.insights for episode in read)
            counts = counted(len(read), "episode"), counted(insights, "insight")
            log.info("scanned %s: %s, %s", counted(len(polled), "feed"), *counts)
        for result in polled:
            if result.outcome == "failed" and result.feed.failures == 1:
                log.warning("feed %s: %s", without_password(result.feed.url), result.feed.reason)

    def tick(self) -> None:
        """Compose and deliver what is due."""
        self.store.verify()
        self.next_heartbeat = now = self.clock()
        self._heartbeat()
        compose(self.rules, now, None, self.looks.readers(now))
        self.deliver()

    def watch(self) -> None:
        """The heartbeat, where another does the work."""
        self.next_heartbeat = self.clock()
        self._heartbeat()

    def deliver(self) -> None:
        now = self.clock()
        # A hold that ends too far ahead was written by a clock that ran ahead.
        if self.hold_until is not None and now < self.hold_until <= now + _HOLD:
            return
        with self.progress() as watch:
            context = replace(self.context, watch=self._watch(watch), stop=self._end_of_turn())
            report = deliver(context, self.clock, None, DUE)
        self._log(report)
        alert(self.alerts, stopped=report.stopped)
        self.hold_until = now + _HOLD if isinstance(report.stopped, SenderRefused) else None

    def prune(self) -> None:
        """Once a day: prune old explanations."""
        pruned = prune(self.store, self.keep_days, self.clock())
        if pruned.issues or pruned.messages:
            log.info("%s", pruned)

    def failed(self, error: Exception) -> None:
        """Set ``ended`` if another program has migrated the database: this one must stop."""
        log_error(error)
        if isinstance(error, SchemaChanged):
            self.ended = True
            return
        alert(self.alerts, stopped=error)

    def leave(self) -> None:
        """This process is no scheduler any more."""
        with self.store.writing() as db:
            heartbeats.stop(db, self.context.owner)

    def _log(self, report: Report) -> None:
        """A pause is logged once, not at each tick."""
        if report.outcomes:
            counts = (f"{count} {state}" for state, count in report.counts.items())
            log.info("delivered: %s", ", ".join(counts))
        stop = str(report.stopped or "")
        if stop and not (isinstance(report.stopped, Paused) and stop == self.last_stop):
            log.error("delivery stopped, the rest waits: %s", stop)
        self.last_stop = stop

    def _end_of_turn(self) -> Callable[[], bool]:
        """Rate limits may make a round last hours; meanwhile readers fall due and briefs arrive."""
        if not self.context.pace.limits:
            return self.context.stop
        end = self.context.steady().seconds + _TURN_SECONDS
        return lambda: self.context.stop() or self.context.steady().seconds >= end

    def _watch(self, watch: Watch) -> Watch:
        """A round may take hours: the heartbeat goes on in it."""

        def watch_and_beat(outcomes: Counter[str], total: int) -> None:
            watch(outcomes, total)
            self._heartbeat()

        return watch_and_beat

    def _heartbeat(self) -> None:
        """Once a minute: write a heartbeat, and alert the operator of late issues."""
        now = self.clock()
        if now < self.next_heartbeat:
            return
        self.next_heartbeat = now + _HEARTBEAT
        self.store.verify()
        with self.store.writing() as db:
            heartbeats.beat(db, self.context.owner, now, steady())
        self.watchdog()
        alert(self.alerts)
