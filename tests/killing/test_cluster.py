"""Several workers on one PostgreSQL: killed at random, and the server with them."""

import os
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.environment import postgresql_server
from tests.killing.house import KillHouse, Worker
from tests.killing.sink import Sink

pytest.importorskip("procrastinate")

WORKERS = 2
READERS = 300
KILLS = int(os.environ.get("CLUSTER_KILLS", "6"))
DONE_WITHIN = 300


@pytest.mark.heavy
def test_workers_and_the_database_are_killed_at_random(tmp_path: Path) -> None:
    """Every third kill is of a process of PostgreSQL, which ends all of its connections."""
    chance = random.Random(18)
    with postgresql_server(tmp_path / "pg") as raw, Sink(pace=0.05) as sink:
        url = raw.get_uri().replace("postgresql:", "postgresql+psycopg:", 1)
        house = _house(tmp_path, sink, url)
        workers = [house.start("worker") for _ in range(WORKERS)]
        until = time.monotonic() + DONE_WITHIN
        while time.monotonic() < until and (not sink.accepted.wait(1) or _undone(house)):
            if house.tally.kills < KILLS and sink.accepted.is_set():
                time.sleep(chance.random() * 2)
                _kill_one(house, raw.get_pid(), workers, chance)
            workers = [one if _lives(one) else house.start("worker") for one in workers]
        for one in workers:
            one.process.terminate()
        said = [str(one.process.communicate(timeout=60)[1])[-3_000:] for one in workers]
        assert not house.undone(), "\n\n".join(said)
        tally = house.check(commands=0)
    print(f"\ncluster: {vars(tally)}")
    assert (tally.twice, tally.missing) == (0, 0), tally
    assert tally.kills >= KILLS
    assert tally.messages >= READERS - tally.unknown


def _house(folder: Path, sink: Sink, url: str) -> KillHouse:
    """Readers whose hour has come, as the workers' own clocks say."""
    house = KillHouse(folder, sink, READERS, url)
    house.configure("[newsletter]", "[cluster]\nenabled = true\nlanes = 2\n[newsletter]")
    hour = datetime.now(UTC).hour
    house.ask(
        f"UPDATE subscriber SET activated_at = now() - interval '2 days', hour = {hour},"  # noqa: S608
        " timezone = 'UTC'"
    )
    return house


def _kill_one(house: KillHouse, server: int, workers: list[Worker], chance: random.Random) -> None:
    house.tally.kills += 1
    if house.tally.kills % 3:
        chance.choice(workers).process.kill()
    elif backends := _backends(server):
        os.kill(chance.choice(backends), signal.SIGKILL)


def _backends(server: int) -> list[int]:
    """The processes of PostgreSQL that serve a connection."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    names = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return [pid for pid, name in names.items() if "127.0.0.1" in name or "[local]" in name]


def _lives(one: Worker) -> bool:
    if one.process.poll() is None:
        return True
    one.process.communicate()
    return False


def _undone(house: KillHouse) -> bool:
    """Also while the server begins anew."""
    try:
        return bool(house.undone())
    except Exception:
        return True
