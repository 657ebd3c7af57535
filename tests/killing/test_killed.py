"""Killed for real: SIGKILL at random moments and at every named step, until the day is done.

``make killed`` writes the counts that docs/ledger.md shows.
"""

import json
import math
import os
import random
from pathlib import Path

import pytest

from newsletter.failpoints import POINTS
from tests.conftest import new_database
from tests.killing.house import COMMANDS, CONNECTIONS, KillHouse, Tally
from tests.killing.sink import Sink

HEAVY_KILLS = int(os.environ.get("KILLS", "300"))
DAYS = 12
"""So many are tried until every point was met: most are a matter of luck."""


def killed_day(
    folder: Path,
    seed: int,
    readers: int,
    kills: int,
    senders: int,
    commands: int = COMMANDS,
    hold: float = math.inf,
    url: str = "",
) -> Tally:
    with Sink(pace=0.002, hold=hold) as sink:
        house = KillHouse(folder, sink, readers, url)
        house.kill_all_day(random.Random(seed), kills, senders)
        sink.go.set()
        house.finish()
        return house.check(commands)


def hold(tally: Tally) -> None:
    assert (tally.twice, tally.missing, tally.different) == (0, 0, 0), tally
    assert tally.unknown <= CONNECTIONS * tally.kills, tally


@pytest.mark.heavy
def test_four_kills(tmp_path: Path) -> None:
    """A small part of what the next one does: two alone while composing, two side by side.

    The server holds the rest back until they are killed: nobody is done before.
    """
    tally = killed_day(tmp_path, seed=2, readers=20, kills=4, senders=2, commands=1, hold=4)
    hold(tally)
    assert tally.kills >= 4


@pytest.mark.heavy
@pytest.mark.parametrize(("senders", "kills"), [(1, HEAVY_KILLS // 3), (3, HEAVY_KILLS * 2 // 3)])
def test_killed_all_day(tmp_path: Path, senders: int, kills: int) -> None:
    """A third of the kills with one sender, the rest with three; prints their counts."""
    total, day, everywhere = Tally(), 0, {*POINTS, "any moment"}
    while day < DAYS and (total.kills < kills or set(total.points) != everywhere):
        left = max(kills - total.kills, 20)
        folder = tmp_path / str(day)
        folder.mkdir()
        one = killed_day(folder, 100 * senders + day, 400, min(60, left), senders)
        hold(one)
        total, day = total + one, day + 1
    assert set(total.points) == everywhere, total
    assert total.kills >= kills, total
    _report(senders, total)


@pytest.mark.heavy
def test_killed_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    """Three senders, who claim and settle at the same time there."""
    kills = int(os.environ.get("KILLS_ON_POSTGRESQL", "20"))
    url = new_database(postgresql)
    tally = killed_day(tmp_path, 7, 400, kills, senders=3, commands=1, url=url)
    hold(tally)
    assert tally.kills >= kills, tally
    _report(3, tally)


def _report(senders: int, total: Tally) -> None:
    line = json.dumps({"senders": senders, **vars(total)}, sort_keys=True)
    print(f"\nkilling: {line}")
    if path := os.environ.get("KILLING_REPORT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
