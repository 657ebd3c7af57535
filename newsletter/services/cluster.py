"""Procrastinate around callables: several machines share the work, one of them plans it.

A task says which work may be done, never that a message is to be sent: only the ledger says that.
So a task that runs twice, or again after its worker died, changes nothing that was done.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

from newsletter.storage.database import prepare_server

log = logging.getLogger("newsletter")

PLAN = "plan"
"""The queue of what wakes the others; every worker listens to it."""
SCHEMA = "procrastinate"
"""Where its tables lie: beside ours, and not among them."""

_HALF_A_MINUTE, _MINUTELY, _DAILY = "* * * * * */30", "* * * * *", "17 3 * * *"
_DEAD_AFTER = 30.0  # seconds without a sign of life from its worker

# A reader's hour comes first: what is composed goes out before more is composed or read.
_DELIVER, _PLAN, _COMPOSE, _READ = 40, 30, 20, 10


@dataclass(frozen=True)
class Work:
    """What the tasks do. Each may run at any time, on any machine, again after it failed.

    ``feeds`` and ``shares`` say what is due: the ids of feeds, and the ranges of readers' ids.
    ``deliver`` is told its lane, ``gather`` reads the inbox of this machine.
    """

    gather: Callable[[], None]
    feeds: Callable[[], Sequence[int]]
    scan: Callable[[int], None]
    shares: Callable[[], Sequence[tuple[int, int]]]
    compose: Callable[[int, int], None]
    waiting: Callable[[], bool]
    deliver: Callable[[int], None]
    watch: Callable[[], None]
    prune: Callable[[], None]


def task_app(conninfo: str, work: Work, lanes: int) -> App:
    """The tasks, on the database that ``conninfo`` names."""
    options = {"options": f"-c search_path={SCHEMA}"}
    app = App(connector=PsycopgConnector(conninfo=conninfo, kwargs=options, max_size=4))
    _add_delivering(app, work, lanes)
    _add_reading(app, work)
    _add_upkeep(app, work)
    return app


def _task(app: App, queue: str, priority: int) -> Callable[[Callable[..., None]], Any]:
    retry = RetryStrategy(max_attempts=5, exponential_wait=3)

    def register(work: Callable[..., None]) -> Any:
        return app.task(name=work.__name__, queue=queue, priority=priority, retry=retry)(work)

    return register


def _add_delivering(app: App, work: Work, lanes: int) -> None:
    @_task(app, "compose", _COMPOSE)
    def compose(first: int, last: int) -> None:
        work.compose(first, last)

    @_task(app, "deliver", _DELIVER)
    def deliver(lane: int) -> None:
        work.deliver(lane)

    @_every(app, _HALF_A_MINUTE)
    def look_at_the_clock(timestamp: int) -> None:  # noqa: ARG001
        for first, last in work.shares():
            _once(compose, f"compose {first}", first=first, last=last)
        if work.waiting():
            for lane in range(lanes):
                _once(deliver, f"deliver {lane}", lane=lane)


def _add_reading(app: App, work: Work) -> None:
    @_task(app, "gather", _READ)
    def gather() -> None:
        work.gather()

    @_task(app, "scan", _READ)
    def scan(feed: int) -> None:
        work.scan(feed)

    @_every(app, _MINUTELY)
    def look_at_the_feeds(timestamp: int) -> None:  # noqa: ARG001
        _once(gather, "gather")
        for feed in work.feeds():
            _once(scan, f"scan {feed}", feed=feed)


def _add_upkeep(app: App, work: Work) -> None:
    @_every(app, _MINUTELY)
    def watch(timestamp: int) -> None:  # noqa: ARG001
        work.watch()

    @_every(app, _DAILY)
    def prune(timestamp: int) -> None:  # noqa: ARG001
        work.prune()

    @app.periodic(cron="* * * * * */10")
    @app.task(name="revive", queue=PLAN, priority=_PLAN, queueing_lock="revive")
    async def revive(timestamp: int) -> None:  # noqa: ARG001
        """What a dead worker had in hand is done again by another."""
        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER):
            log.warning("its worker died: %s %s is done again", job.task_name, job.task_kwargs)
            await manager.retry_job(job)


def _every(app: App, cron: str) -> Callable[[Callable[[int], None]], Any]:
    """Once at each of these times, however many workers there are."""

    def register(work: Callable[[int], None]) -> Any:
        name = work.__name__
        task = app.task(name=name, queue=PLAN, priority=_PLAN, lock=name, queueing_lock=name)(work)
        return app.periodic(cron=cron)(task)

    return register


def _once(task: Any, name: str, **values: Any) -> None:
    """Unless it waits already; and never two of the name at the same time."""
    with suppress(AlreadyEnqueued):
        task.configure(lock=name, queueing_lock=name).defer(**values)


def work_until(
    app: App, stop: Event, queues: Sequence[str], concurrency: int, *, forever: bool = True
) -> None:
    """Until SIGTERM or SIGINT sets ``stop``: what is in hand is finished first."""
    asyncio.run(_work(app, stop, queues, concurrency, forever=forever))


async def _work(
    app: App, stop: Event, queues: Sequence[str], concurrency: int, *, forever: bool
) -> None:
    async with app.open_async():
        worker = asyncio.ensure_future(
            app.run_worker_async(
                queues=[PLAN, *queues],
                concurrency=concurrency,
                wait=forever,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        )

        def end() -> None:
            stop.set()
            worker.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
        with suppress(asyncio.CancelledError):
            await worker


def prepare(url: str) -> None:
    """Procrastinate's tables, where they are not there yet."""
    from procrastinate.schema import SchemaManager

    prepare_server(url, SCHEMA, "procrastinate_jobs", SchemaManager.get_schema())
