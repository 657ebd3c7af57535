import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from newsletter.services.scheduler import Job, run_forever

TICK = 0.05 / 60
"""Minutes: 50 milliseconds."""
NEVER = 60.0
PATIENCE = 60
"""Seconds to wait for another thread: a machine that has other work is slow, not wrong."""


@contextmanager
def running(*jobs: tuple[float, Job]) -> Iterator[list[Exception]]:
    """The schedule in a thread of its own; yields the errors it was told of."""
    with stoppable(threading.Event(), *jobs) as errors:
        yield errors


@contextmanager
def stoppable(stop: threading.Event, *jobs: tuple[float, Job]) -> Iterator[list[Exception]]:
    errors = list[Exception]()
    thread = threading.Thread(target=run_forever, args=(jobs, stop, errors.append))
    thread.start()
    try:
        yield errors
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def test_every_job_runs_at_once_in_order_and_then_again() -> None:
    ran: list[str] = []
    often, seldom = (lambda: ran.append("ingest")), (lambda: ran.append("deliver"))
    with running((TICK, often), (NEVER, seldom)):
        wait_for(lambda: ran.count("ingest") >= 4)
    assert ran[:2] == ["ingest", "deliver"]
    assert ran.count("deliver") == 1


def test_jobs_never_overlap() -> None:
    inside, most, runs = 0, 0, 0

    def slow() -> None:
        nonlocal inside, most, runs
        inside += 1
        most = max(most, inside)
        time.sleep(0.06)
        inside -= 1
        runs += 1

    with running((TICK, slow), (TICK, slow)):
        wait_for(lambda: runs >= 5)
    assert most == 1


def test_missed_ticks_are_not_made_up_for() -> None:
    """Six of them, while one run took its time: made up for, they would all come at once."""
    ran: list[float] = []

    def job() -> None:
        ran.append(time.monotonic())
        if len(ran) == 2:
            time.sleep(6 * TICK * 60)

    with running((TICK, job)):
        wait_for(lambda: len(ran) >= 6)
    resumed = ran[1] + 6 * TICK * 60
    assert ran[5] >= resumed + TICK * 60


def test_a_job_that_raises_is_told_and_runs_again_and_harms_no_other() -> None:
    ran: list[int] = []

    def broken() -> None:
        raise ValueError("no such thing")

    with running((TICK, broken), (TICK, lambda: ran.append(1))) as errors:
        wait_for(lambda: len(errors) >= 3 and len(ran) >= 3)
    assert {str(error) for error in errors} == {"no such thing"}


def test_an_error_leaves_no_traceback_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("no such thing")

    with running((TICK, broken)) as errors:
        wait_for(lambda: len(errors) >= 2)
    assert caplog.text == ""


def test_stop_waits_for_the_job_in_hand_and_begins_no_other() -> None:
    stop, begun, ended, woken = threading.Event(), threading.Event(), list[int](), list[int]()

    def long() -> None:
        begun.set()
        assert stop.wait(PATIENCE)
        ended.append(1)

    with stoppable(stop, (NEVER, long), (TICK, lambda: woken.append(1))):
        assert begun.wait(PATIENCE)
    assert ended == [1]
    assert woken == []


def test_stopped_before_it_began_it_does_nothing() -> None:
    stop, ran = threading.Event(), list[int]()
    stop.set()
    run_forever([(NEVER, lambda: ran.append(1))], stop, lambda _: None)
    assert ran == []


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    with running((TICK, lambda: None)):
        pass
    assert threading.active_count() == before


def test_a_job_beside_the_others_keeps_none_of_them_waiting() -> None:
    """It waits for a server that does not answer, and comes to an end before the schedule does."""
    ran: list[str] = []
    stop, answered = threading.Event(), threading.Event()

    def slow() -> None:
        ran.append("begun")
        assert answered.wait(PATIENCE)
        ran.append("ended")

    arguments = ((TICK, lambda: ran.append("tick")),), stop, ran.append, ((NEVER, slow),)
    thread = threading.Thread(target=run_forever, args=arguments)
    thread.start()
    wait_for(lambda: "begun" in ran and ran.count("tick") >= 5)
    stop.set()
    answered.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert ran.count("begun") == ran.count("ended") == 1
