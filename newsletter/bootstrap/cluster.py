"""The parts of a worker of the cluster: what its tasks do, made from the settings."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from newsletter.bootstrap import App
from newsletter.bootstrap.delivery import notice_job
from newsletter.bootstrap.returns import letters_told, take_new
from newsletter.bootstrap.sources import follow
from newsletter.bootstrap.upkeep import upkeep
from newsletter.composing.approval import release
from newsletter.composing.compose import compose, edition_of, expire, shares
from newsletter.composing.readers import Looks, Readers
from newsletter.composing.rules import Rules
from newsletter.domain.errors import ConfigError
from newsletter.services.clock import steady
from newsletter.services.scheduled_jobs import ScheduledJobs
from newsletter.storage import editing, feeds, send_queue
from newsletter.storage.engine import server_address
from newsletter.storage.send_queue import Scope

if TYPE_CHECKING:
    from newsletter.composing.edition import Edition
    from newsletter.services.cluster import Work

log = logging.getLogger("newsletter")

_EDITION_HOLDS = 60.0
"""Seconds: as long as it takes until new briefs are among the candidates."""
_LETTERS = 500
"""That came back, in one task: another machine may go on after it."""


def conninfo(app: App) -> str:
    """Raises ConfigError where the cluster is not switched on, or its package is missing."""
    if not app.settings.cluster.enabled:
        raise ConfigError(
            f"{app.path}: cluster.enabled is false",
            "one machine needs `newsletter run` alone; for several write enabled = true",
        )
    if find_spec("procrastinate") is None:
        raise ConfigError(
            "cluster.enabled needs the package procrastinate",
            "install the newsletter anew with its extra, from the checkout:"
            " pip install --constraint constraints.txt '.[cluster,postgresql]'",
        )
    return server_address(app.settings.store.url)


def work(
    app: App,
    jobs: Callable[[], ScheduledJobs],
    scan: Callable[[int], None],
    stop: Event,
    end: Callable[[], None],
) -> "Work":
    """``jobs`` makes the jobs of ``run`` anew: each lane has its own, and is an owner by itself.
    ``end`` is called where another program has migrated the database."""
    from newsletter.services.cluster import Work

    lanes = _Lanes(jobs)
    first = lanes.of(0).jobs
    rules = first.rules
    share = app.settings.cluster.share
    editions, looks = Editions(), Looks()

    def composed(first: int, last: int) -> None:
        readers = Readers(between=(first, last))
        with editions.lock:
            if not stop.is_set():
                editions.forgotten_on_error(
                    lambda: compose(rules, app.clock(), None, readers, editions.of)
                )

    def prune() -> None:
        first.prune()
        upkeep(app)

    def failed(error: Exception) -> None:
        first.failed(error)
        if first.ended:
            end()

    def plan() -> list[tuple[int, int]]:
        now = app.clock()
        expire(rules, now)
        release(rules)
        return shares(rules, now, share, looks.readers(now))

    return Work(
        gather=first.ingest,
        feeds=partial(_due_feeds, app),
        scan=scan,
        shares=plan,
        compose=composed,
        waiting=partial(_waiting, app),
        deliver=lambda lane: lanes.of(lane).deliver(),
        notices=_alone(notice_job(app, stop)),
        returns=partial(_take_returns, app),
        watch=first.watch,
        prune=prune,
        failed=failed,
        leave=lanes.leave,
    )


class _Lane(NamedTuple):
    jobs: ScheduledJobs
    deliver: Callable[[], None]


def _alone(work: Callable[[], object]) -> Callable[[], None]:
    """Nothing where this process does it already: two would be one owner, and take each other for
    dead."""
    lock = Lock()

    def once() -> None:
        if lock.acquire(blocking=False):
            try:
                work()
            finally:
                lock.release()

    return once


class _Lanes:
    def __init__(self, make: Callable[[], ScheduledJobs]) -> None:
        self._make, self._made, self._lock = make, dict[int, _Lane](), Lock()

    def of(self, lane: int) -> _Lane:
        with self._lock:
            if lane not in self._made:
                edition = self._make()
                context = edition.context
                owner = f"{context.owner}:{lane}"
                edition.context = replace(context, owner=owner)
                self._made[lane] = _Lane(edition, _alone(edition.deliver))
            return self._made[lane]

    def leave(self) -> None:
        """Nobody is to wait for heartbeats of this process any more."""
        for lane in self._made.values():
            lane.jobs.leave()


class Editions:
    """A date's edition is made once for many shares. ``lock`` is held by who uses it: an edition
    knows issues that its transaction has stored."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._made: dict[date, tuple[float, Edition]] = {}

    def of(self, rules: Rules, day: date, acts: int | None) -> "Edition":
        """Made anew when it is old, or the editor did something."""
        now = steady().seconds
        edition = self._made.get(day)
        with rules.store.reading() as db:
            wanted = editing.latest(db, day) if acts is None else acts
        if edition is None or now - edition[0] > _EDITION_HOLDS or edition[1].acts != wanted:
            self._made = {day: (now, edition_of(rules, day, wanted))}
        return self._made[day][1]

    def forgotten_on_error(self, compose: Callable[[], object]) -> None:
        try:
            compose()
        except BaseException:
            self._made.clear()
            raise


def _take_returns(app: App) -> bool:
    """Whether there may be more."""
    app.store.verify()
    done = take_new(app, _LETTERS)
    if done:
        log.info("returns: %s", letters_told(done))
    return done.total() >= _LETTERS


def _due_feeds(app: App) -> list[int]:
    from newsletter.ingest.feeds.scan import due_feeds

    follow(app)
    every = timedelta(minutes=app.settings.sources.poll_minutes)
    with app.store.reading() as db:
        followed = feeds.followed(db)
    return [feed.id for feed in due_feeds(followed, app.clock(), every)]


def _waiting(app: App) -> bool:
    with app.store.reading() as db:
        return send_queue.any_due(db, app.clock(), Scope())
