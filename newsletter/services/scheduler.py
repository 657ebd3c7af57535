"""APScheduler around callables: it wakes them again and again; the store knows what is due."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

Job = Callable[[], object]


def run_forever(
    jobs: Sequence[tuple[float, Job]],
    stop: Event,
    on_error: Callable[[Exception], None],
    beside: Sequence[tuple[float, Job]] = (),
) -> None:
    """Run each job now, in their order, and then every so many minutes, until ``stop`` is set.

    The first round runs in the caller's thread, the later ones in a worker's. No two jobs run at
    the same time; a job that missed several of its times runs once. An error goes to ``on_error``,
    and its job runs again at its next time. Returns when the current job has finished; no other is
    begun after ``stop``. Those ``beside`` them wait for others on the network: each has a thread of
    its own, so that nothing waits for it, and as many minutes lie between two of its runs.
    """
    threads = [
        Thread(target=_repeat, args=(minutes, partial(_run, job, stop, on_error), stop))
        for minutes, job in beside
    ]
    for thread in threads:
        thread.start()
    scheduler = _scheduler()
    for minutes, job in jobs:
        guarded = partial(_run, job, stop, on_error)
        guarded()
        scheduler.add_job(guarded, "interval", minutes=minutes)
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    for thread in threads:
        thread.join()


def _repeat(minutes: float, job: Job, stop: Event) -> None:
    while not stop.is_set():
        job()
        stop.wait(minutes * 60)


def _run(job: Job, stop: Event, on_error: Callable[[Exception], None]) -> None:
    if stop.is_set():
        return
    try:
        job()
    except Exception as error:
        on_error(error)


def _scheduler() -> "BackgroundScheduler":
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    # It would warn of each tick that is skipped because the one before still works.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(max_workers=1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
