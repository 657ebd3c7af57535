"""Several workers on one PostgreSQL: killed at random, and the server with them.

``CLUSTER_KILLS=200`` makes a long day of it: some are killed in each of several days.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.environment import postgresql_server
from tests.killing.house import KillHouse, Tally, Worker
from tests.killing.sink import Sink

pytest.importorskip("procrastinate")
# Of connections whose server was killed.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

KILLS = int(os.environ.get("CLUSTER_KILLS", "8"))
A_DAY = 20
READERS = 60  # for each kill, so that there is always somebody left to be sent to
WORKERS, LANES = 2, 8
A_KILL_WITHIN, DONE_WITHIN = 60, 300
"""Seconds: a worker takes a while to begin, a dead one is missed after 30, its rows after their
lease."""


@pytest.mark.heavy
def test_workers_and_the_database_are_killed_at_random(tmp_path: Path) -> None:
    chance, tally, by_kind = random.Random(18), Tally(), dict[str, int]()
    for number, kills in enumerate([A_DAY] * (KILLS // A_DAY) + [KILLS % A_DAY]):
        if kills:
            (folder := tmp_path / str(number)).mkdir()
            tally += _a_day(folder, kills, chance, by_kind)
            print(f"\ncluster, day {number}: {vars(tally)}, {by_kind}", flush=True)
    assert (tally.twice, tally.missing, tally.different) == (0, 0, 0), tally
    assert tally.kills == KILLS
    assert tally.messages >= READERS * KILLS - tally.unknown


def _a_day(folder: Path, kills: int, chance: random.Random, by_kind: dict[str, int]) -> Tally:
    with postgresql_server(folder / "pg") as raw, Sink(pace=0.1) as sink:
        house = _house(folder, sink, raw, READERS * kills)
        cluster = _Cluster(house, raw)
        until = time.monotonic() + DONE_WITHIN + A_KILL_WITHIN * kills
        seen = 0
        while time.monotonic() < until and (not sink.accepted.wait(1) or _undone(house)):
            if house.tally.kills < kills and len(sink.record.messages) > seen:
                time.sleep(chance.random())
                kind = chance.choice(list(cluster.ways))
                cluster.ways[kind]()
                by_kind[kind] = by_kind.get(kind, 0) + 1
                house.tally.kills += 1
                seen = len(sink.record.messages)
            cluster.revive()
        said = cluster.end()
        assert not house.undone(), said
        return house.check(commands=0)


def _house(folder: Path, sink: Sink, raw: Any, readers: int) -> KillHouse:
    """Readers whose hour has come, as the workers' own clocks say."""
    url = raw.get_uri().replace("postgresql:", "postgresql+psycopg:", 1)
    house = KillHouse(folder, sink, readers, url)
    house.configure("[newsletter]", f"[cluster]\nenabled = true\nlanes = {LANES}\n[newsletter]")
    hour = datetime.now(UTC).hour
    house.ask(
        f"UPDATE subscriber SET activated_at = now() - interval '2 days', hour = {hour},"  # noqa: S608
        " timezone = 'UTC'"
    )
    return house


class _Cluster:
    """Some workers and their server; ``ways`` to kill, by name."""

    def __init__(self, house: KillHouse, raw: Any) -> None:
        self.house, self.raw, self.chance = house, raw, random.Random(house.tally.kills)
        self.log = house.folder / "workers.log"
        self.workers = [self._start() for _ in range(WORKERS)]
        self.ways: dict[str, Callable[[], None]] = {
            "a worker": self._kill_a_worker,
            "another worker": self._kill_a_worker,
            "who plans": self._kill_who_plans,
            "a backend": self._kill_a_backend,
            "the server": self._kill_the_server,
        }

    def _start(self) -> Worker:
        with self.log.open("a") as log:
            return self.house.start("worker", errors=log)

    def revive(self) -> None:
        """As systemd does, and whoever looks after the server."""
        self.workers = [
            one if one.process.poll() is None else self._start() for one in self.workers
        ]

    def end(self) -> str:
        for one in self.workers:
            one.process.terminate()
        for one in self.workers:
            one.process.wait(timeout=60)
        return self.log.read_text()[-6_000:]

    def _kill_a_worker(self) -> None:
        self.chance.choice(self.workers).process.kill()

    def _kill_who_plans(self) -> None:
        """In the middle of it: it waits for the writers' turn, which is ours."""
        engine = create_engine(self.house.url, poolclass=NullPool)
        with suppress(Exception), engine.connect() as db:
            db.execute(text("SELECT pg_advisory_xact_lock(7415021)"))
            self._ask_quietly(_PLAN_NOW)
            until = time.monotonic() + 5
            while time.monotonic() < until and not self._ask_quietly(_PLANNING):
                time.sleep(0.02)
        for one in self.workers:
            one.process.kill()

    def _ask_quietly(self, query: str) -> list[Any]:
        with suppress(Exception):
            return self.house.ask(query)
        return []

    def _kill_a_backend(self) -> None:
        """The server ends all connections then, and recovers."""
        if backends := _backends(self.raw.get_pid()):
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(backends), signal.SIGKILL)

    def _kill_the_server(self) -> None:
        """Its processes end by themselves, each at the end of what it is at."""
        main = self.raw.get_pid()
        all_of_it = [main, *_children(main)]
        os.kill(main, signal.SIGKILL)
        until = time.monotonic() + 30
        while any(map(_runs, all_of_it)) and time.monotonic() < until:
            time.sleep(0.05)
        # It may be dead and unburied: to the new one it would seem to live.
        (self.raw.pgdata / "postmaster.pid").unlink()
        for lock in self.raw.get_postmaster_info().socket_dir.glob(".s.PGSQL.*.lock"):
            lock.unlink()
        for _ in range(5):
            with suppress(SubprocessError):
                self.raw.ensure_postgres_running()
                return
        pytest.fail("the server does not begin again")


_PLAN_NOW = """
    INSERT INTO procrastinate.procrastinate_jobs
        (queue_name, task_name, priority, lock, queueing_lock, args)
    VALUES ('plan', 'look_at_the_clock', 30, 'look_at_the_clock', 'look_at_the_clock',
        '{"timestamp": 0}')
"""
_PLANNING = """
    SELECT id FROM procrastinate.procrastinate_jobs
    WHERE task_name = 'look_at_the_clock' AND status = 'doing'
"""


def _children(server: int) -> list[int]:
    found = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [int(pid) for pid in found]


def _runs(pid: int) -> bool:
    """Also false of one that is dead and not buried."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _backends(server: int) -> list[int]:
    """The processes of PostgreSQL that serve a connection."""
    found = []
    for pid in _children(server):
        with suppress(OSError):
            name = Path(f"/proc/{pid}/cmdline").read_text()
            if "127.0.0.1" in name or "[local]" in name:
                found.append(pid)
    return found


def _undone(house: KillHouse) -> bool:
    """Also while the server begins anew."""
    try:
        return bool(house.undone())
    except Exception:
        return True
