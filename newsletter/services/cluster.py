"""Procrastinate around callables: several machines share the work, one of them plans it.

A task says which work may be done, never that a message is to be sent: only the ledger says that.
So a task that runs twice, or again after its worker died, changes nothing that was done.
A task that failed is told of and done; what is still due is planned anew at the next look.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from threading import Event
from typing import Any, LiteralString

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool

from newsletter.services.outage import Outage
from newsletter.storage.engine import prepare_server

log = logging.getLogger("newsletter")
_POOL_LOG = logging.getLogger("psycopg.pool")

PLAN = "plan"
"""The queue of what wakes the others; every worker listens to it."""
SCHEMA = "procrastinate"
"""Where its tables lie: beside ours, and not among them."""

_HALF_A_MINUTE, _MINUTELY, _DAILY = "* * * * * */30", "* * * * *", "17 3 * * *"
_DEAD_AFTER = 30.0  # seconds without a sign of life from its worker
_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between the tries to write down what became of a task."""
_BREAK = 5.0  # seconds, before a worker whose database failed begins anew

# A reader's hour comes first: what is composed goes out before more is composed or read.
_DELIVER, _PLAN, _COMPOSE, _READ = 40, 30, 20, 10


@dataclass(frozen=True)
class Work:
    """What the tasks do. Each may run at any time, on any machine, again after it failed.

    ``feeds`` and ``shares`` say what is due: the ids of feeds, and the ranges of readers' ids.
    ``deliver`` is told its lane, ``gather`` reads the inbox of this machine, ``returns`` a batch of
    what came back, and says whether there may be more. ``failed`` is told what a task raised;
    ``leave`` is called at the end.
    """

    gather: Callable[[], None]
    feeds: Callable[[], Sequence[int]]
    scan: Callable[[int], None]
    shares: Callable[[], Sequence[tuple[int, int]]]
    compose: Callable[[int, int], None]
    waiting: Callable[[], bool]
    deliver: Callable[[int], None]
    notices: Callable[[], None]
    returns: Callable[[], bool]
    watch: Callable[[], None]
    prune: Callable[[], None]
    failed: Callable[[Exception], None]
    leave: Callable[[], None]


class _Patient(PsycopgConnector):
    """A server that begins anew closes connections in mid-word. A task that is over must be written
    down as over: while its worker lives nobody else would ever take it."""

    def __init__(self, **options: Any) -> None:
        self.outage = Outage()
        pool = partial(AsyncConnectionPool, configure=self.outage.end)
        super().__init__(pool_factory=pool, **options)

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        for wait in _WAITS:
            try:
                await super().execute_query_async(query, **arguments)
            except ConnectorException as error:
                if not isinstance(error.__cause__, OperationalError):
                    raise
                await asyncio.sleep(wait)
            else:
                return
        await super().execute_query_async(query, **arguments)


def task_app(conninfo: str, work: Work, lanes: int, returns_minutes: int = 5) -> App:
    """The tasks, on the database that ``conninfo`` names."""
    options = {"options": f"-c search_path={SCHEMA}"}
    app = App(connector=_Patient(conninfo=conninfo, kwargs=options, max_size=4))
    _add_delivering(app, work, lanes)
    _add_reading(app, work)
    _add_returns(app, work, returns_minutes)
    _add_upkeep(app, work)
    return app


Task = Callable[..., object]


def _reporting(work: Work, task: Task) -> Task:
    """Never tried again by the queue: a task that waits for its next try keeps the one that is
    planned meanwhile from waiting, and its own turn from coming."""

    @wraps(task)
    def tell(*args: Any, **named: Any) -> None:
        try:
            task(*args, **named)
        except Exception as error:
            work.failed(error)

    return tell


def _task(app: App, work: Work, queue: str, priority: int) -> Callable[[Task], Any]:
    def register(task: Task) -> Any:
        return app.task(name=task.__name__, queue=queue, priority=priority)(_reporting(work, task))

    return register


def _add_delivering(app: App, work: Work, lanes: int) -> None:
    @_task(app, work, "compose", _COMPOSE)
    def compose(first: int, last: int) -> None:
        work.compose(first, last)

    @_task(app, work, "deliver", _DELIVER)
    def deliver(lane: int) -> None:
        work.deliver(lane)

    @_task(app, work, "deliver", _DELIVER)
    def notices() -> None:
        work.notices()

    @_every(app, work, _HALF_A_MINUTE)
    def look_at_the_clock(timestamp: int) -> None:  # noqa: ARG001
        _once(notices, "notices")
        for first, last in work.shares():
            _once(compose, f"compose {first}", first=first, last=last)
        if work.waiting():
            for lane in range(lanes):
                _once(deliver, f"deliver {lane}", lane=lane)


def _add_reading(app: App, work: Work) -> None:
    @_task(app, work, "gather", _READ)
    def gather() -> None:
        work.gather()

    @_task(app, work, "scan", _READ)
    def scan(feed: int) -> None:
        work.scan(feed)

    @_every(app, work, _MINUTELY)
    def look_at_the_feeds(timestamp: int) -> None:  # noqa: ARG001
        _once(gather, "gather")
        for feed in work.feeds():
            _once(scan, f"scan {feed}", feed=feed)


def _add_returns(app: App, work: Work, minutes: int) -> None:
    hours = min(minutes // 60, 23)

    @_task(app, work, "returns", _READ)
    def returns() -> None:
        if work.returns():
            _once(returns, "returns")

    @_every(app, work, f"0 */{hours} * * *" if hours else f"*/{minutes} * * * *")
    def look_for_returns(timestamp: int) -> None:  # noqa: ARG001
        _once(returns, "returns")


def _add_upkeep(app: App, work: Work) -> None:
    @_every(app, work, _MINUTELY)
    def watch(timestamp: int) -> None:  # noqa: ARG001
        work.watch()

    @_every(app, work, _DAILY)
    def prune(timestamp: int) -> None:  # noqa: ARG001
        work.prune()

    @app.periodic(cron="* * * * * */10")
    @app.task(name="revive", queue=PLAN, priority=_PLAN, queueing_lock="revive")
    async def revive(timestamp: int) -> None:  # noqa: ARG001
        """What a dead worker had in hand is done again by another."""
        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER):
            log.warning("a worker died; its task %s %s runs again", job.task_name, job.task_kwargs)
            with suppress(ConnectorException):  # another did the same at this moment
                await _run_again(manager, job)


async def _run_again(manager: JobManager, job: Job) -> None:
    """Where the same was planned meanwhile, that is done instead: two of a name may not wait, and
    the dead one would hold its lock for ever."""
    try:
        await manager.retry_job(job)
    except UniqueViolation:
        await manager.finish_job(job, Status.FAILED, delete_job=True)


def _every(app: App, work: Work, cron: str) -> Callable[[Callable[[int], None]], Any]:
    """Once at each of these times, however many workers there are."""

    def register(look: Callable[[int], None]) -> Any:
        name = look.__name__
        next_task = _reporting(work, look)
        task = app.task(name=name, queue=PLAN, priority=_PLAN, lock=name, queueing_lock=name)(
            next_task
        )
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
    worker = asyncio.ensure_future(_run(app, stop, queues, concurrency, forever=forever))

    def end() -> None:
        stop.set()
        worker.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    with suppress(asyncio.CancelledError), _told(app):
        await worker


@contextmanager
def _told(app: App) -> Iterator[None]:
    assert isinstance(app.connector, _Patient)
    _POOL_LOG.addFilter(app.connector.outage)
    try:
        yield
    finally:
        _POOL_LOG.removeFilter(app.connector.outage)


async def _run(
    app: App, stop: Event, queues: Sequence[str], concurrency: int, *, forever: bool
) -> None:
    """A worker whose database failed begins anew, as another: what it had in hand is revived."""
    assert isinstance(app.connector, _Patient)
    outage = app.connector.outage
    while not stop.is_set():
        try:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[PLAN, *queues],
                    concurrency=concurrency,
                    wait=forever,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
        except (ConnectorException, OperationalError) as error:
            outage.tell(error.__cause__ or error)
        if not forever:
            return
        await asyncio.sleep(_BREAK)


def prepare(url: str) -> None:
    """Procrastinate's tables, where they are not there yet."""
    from procrastinate.schema import SchemaManager

    prepare_server(url, SCHEMA, "procrastinate_jobs", SchemaManager.get_schema())
