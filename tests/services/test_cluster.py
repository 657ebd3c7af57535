"""Procrastinate around callables, on a real PostgreSQL."""

import gc
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from newsletter.cli.arguments.daily import QUEUES
from newsletter.services.cluster import Work, prepare, task_app, work_until
from newsletter.storage.engine import server_address
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
            notices=self.note("notices"),
            returns=self.returns,
            watch=self.note("watch"),
            prune=self.note("prune"),
            failed=lambda error: self.calls.append(("failed", str(error))),
            leave=self.note("leave"),
        )

    def returns(self) -> bool:
        """There is more, the first time."""
        self.calls.append(("returns",))
        return self.calls.count(("returns",)) < 2


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
            for look in ("look_at_the_clock", "look_at_the_feeds", "look_for_returns"):
                app.tasks[look].func(0)
    return task_app(server_address(url), done.work(), lanes=2)


def test_what_is_due_is_done_once_however_often_it_is_planned(url: str) -> None:
    done = Done()
    app = planned(url, done, times=3)
    work_until(app, Event(), QUEUES, 1, forever=False)
    # A periodic task may be due at this very moment, and plan it all again.
    ours = [call for call in done.calls if call[0] not in ("watch", "prune")]
    assert set(ours) == {
        ("compose", 0, 1_999),
        ("compose", 4_000, 5_999),
        ("deliver", 0),
        ("deliver", 1),
        ("notices",),
        ("gather",),
        ("returns",),
        ("scan", 3),
        ("scan", 4),
    }
    assert len(ours) <= 20  # planned three times here, and once more at most
    order = [call[0] for call in ours]
    assert order.index("deliver") < order.index("compose") < order.index("scan")
    assert order.count("returns") > 1  # a batch at a time, while there is more


@pytest.mark.heavy
def test_a_worker_does_only_what_its_queues_hold(url: str) -> None:
    done = Done()
    work_until(planned(url, done, times=1), Event(), ["scan"], 1, forever=False)
    assert {call[0] for call in done.calls} - {"watch", "prune"} == {"scan"}


@pytest.mark.heavy
def test_what_failed_is_told_and_planned_anew(url: str) -> None:
    done = Done(fails=1)
    work_until(planned(url, done, times=1), Event(), ["compose"], 1, forever=False)
    assert ("failed", "the network, say") in done.calls
    assert states(url, "compose") == []  # nothing is left that keeps the next from its turn
    work_until(planned(url, done, times=1), Event(), ["compose"], 1, forever=False)
    calls = [call for call in done.calls if call[0] == "compose"]
    assert calls.count(calls[0]) >= 2


def states(url: str, task: str) -> list[str]:
    query = "SELECT status::text FROM procrastinate.procrastinate_jobs WHERE task_name = "
    return sorted(row[0] for row in ask(url, f"{query}'{task}'"))


@pytest.mark.heavy
@pytest.mark.parametrize("planned_meanwhile", [0, 1])
def test_what_a_dead_worker_had_in_hand_is_done_again(url: str, planned_meanwhile: int) -> None:
    """Also where the same was planned while nobody knew yet that it died: both have one lock, and
    only one of them may wait."""
    done = Done()
    planned(url, done, times=1)
    dead = "INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)"
    ((worker,),) = ask(url, f"{dead} VALUES (now() - interval '1 minute') RETURNING id")
    held = "UPDATE procrastinate.procrastinate_jobs SET status = 'doing', worker_id ="
    ask(url, f"{held} {worker} WHERE task_name IN ('deliver', 'compose')")
    app = planned(url, done, times=planned_meanwhile)
    assert states(url, "deliver") == ["doing"] * 2 + ["todo"] * 2 * planned_meanwhile
    with app.open():
        app.tasks["revive"].defer(timestamp=0)
    work_until(app, Event(), QUEUES, 1, forever=False)
    assert {("deliver", 0), ("deliver", 1), ("compose", 0, 1_999)} <= set(done.calls)
    assert states(url, "deliver") == []


@pytest.mark.heavy
def test_a_worker_outlives_its_connections(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the server begins anew: all of them are closed, again and again, and what is planned
    afterwards is done."""
    monkeypatch.setattr("newsletter.services.cluster._BREAK", 0.1)
    done = Done()
    app = planned(url, done, times=1)

    def cut_and_end() -> None:
        try:
            for _ in range(3):
                time.sleep(0.5)
                ask(url, _CUT)
            done.calls.clear()
            planned(url, done, times=1)
            until = time.monotonic() + 60
            while ("deliver", 1) not in done.calls and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    other = Thread(target=cut_and_end)
    other.start()
    work_until(app, Event(), QUEUES, 2)
    other.join()
    assert {("deliver", 0), ("deliver", 1)} <= set(done.calls)


_CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.heavy
def test_a_database_that_is_away_is_told_once_and_that_it_is_back(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is away as long as nothing leads to its socket."""
    address = make_url(server_address(url))
    door = tmp_path / "door"
    away = address.update_query_dict({"host": str(door)})
    done = Done()
    app = task_app(away.render_as_string(hide_password=False), done.work(), lanes=2)
    planned(url, done, times=1)

    def come_back_and_end() -> None:
        try:
            time.sleep(3)
            door.symlink_to(str(address.query["host"]))
            until = time.monotonic() + 60
            while ("deliver", 1) not in done.calls and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    other = Thread(target=come_back_and_end)
    other.start()
    work_until(app, Event(), QUEUES, 2)
    other.join()
    first, last = caplog.messages
    assert "what is due waits" in first
    assert first.isprintable()
    assert last == "the database is back"
