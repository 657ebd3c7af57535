"""Procrastinate around callables, on a real PostgreSQL."""

import gc
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from newsletter.services.cluster import Work, prepare, task_app, work_until
from newsletter.storage.database import server_address
from tests.conftest import new_database

# The connection on which a worker listened ends with its loop, unclosed.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Done:
    """What was done, by its name and arguments; ``fails`` is how often composing fails first."""

    def __init__(self, fails: int = 0) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = fails

    def note(self, name: str) -> Callable[..., None]:
        return lambda *given: self.calls.append((name, *given))

    def compose(self, first: int, last: int) -> None:
        self.calls.append(("compose", first, last))
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the network, say")

    def work(self) -> Work:
        return Work(
            gather=self.note("gather"),
            feeds=lambda: [3, 4],
            scan=self.note("scan"),
            shares=lambda: [(0, 1_999), (4_000, 5_999)],
            compose=self.compose,
            waiting=lambda: True,
            deliver=self.note("deliver"),
            watch=self.note("watch"),
            prune=self.note("prune"),
        )


@pytest.fixture(scope="module")
def url(postgresql: str) -> str:
    found = new_database(postgresql)
    prepare(found)
    prepare(found)
    return found


@pytest.fixture(autouse=True)
def empty(url: str) -> Iterator[None]:
    ask(url, "TRUNCATE procrastinate.procrastinate_jobs CASCADE")
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def ask(url: str, query: str) -> Sequence[Any]:
    engine = create_engine(url, connect_args={"options": "-c search_path=procrastinate"})
    with engine.begin() as db:
        found = db.execute(text(query))
        rows = found.all() if found.returns_rows else []
    engine.dispose()
    return rows


def planned(url: str, done: Done, times: int) -> Any:
    """The tasks after the clock was looked at so often."""
    app = task_app(server_address(url), done.work(), lanes=2)
    with app.open():
        for _ in range(times):
            app.tasks["look_at_the_clock"].func(0)
            app.tasks["look_at_the_feeds"].func(0)
    return task_app(server_address(url), done.work(), lanes=2)


def test_what_is_due_is_done_once_however_often_it_is_planned(url: str) -> None:
    done = Done()
    app = planned(url, done, times=3)
    work_until(app, Event(), ["compose", "deliver", "scan", "gather"], 1, forever=False)
    # A periodic task may be due at this very moment, and plan it all again.
    ours = [call for call in done.calls if call[0] not in ("watch", "prune")]
    assert set(ours) == {
        ("compose", 0, 1_999),
        ("compose", 4_000, 5_999),
        ("deliver", 0),
        ("deliver", 1),
        ("gather",),
        ("scan", 3),
        ("scan", 4),
    }
    assert len(ours) <= 14  # planned three times here, and once more at most
    order = [call[0] for call in ours]
    assert order.index("deliver") < order.index("compose") < order.index("scan")


@pytest.mark.heavy
def test_a_worker_does_only_what_its_queues_hold(url: str) -> None:
    done = Done()
    work_until(planned(url, done, times=1), Event(), ["scan"], 1, forever=False)
    assert {call[0] for call in done.calls} - {"watch", "prune"} == {"scan"}


@pytest.mark.heavy
def test_what_failed_waits_and_is_tried_again(url: str) -> None:
    done = Done(fails=1)
    work_until(planned(url, done, times=1), Event(), ["compose"], 1, forever=False)
    jobs = "SELECT status::text, attempts FROM procrastinate.procrastinate_jobs"
    where = " WHERE task_name = 'compose'"
    assert ("todo", 1) in [tuple(row) for row in ask(url, jobs + where)]
    moved = "UPDATE procrastinate.procrastinate_jobs SET scheduled_at = now()"
    ask(url, moved + where)
    again = task_app(server_address(url), replace(done.work()), lanes=2)
    work_until(again, Event(), ["compose"], 1, forever=False)
    calls = [call for call in done.calls if call[0] == "compose"]
    assert calls.count(calls[0]) >= 2  # the first one failed
