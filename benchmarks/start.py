"""Starting: the processor time of a whole process where little is to be done."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Figures, Table, apart, in_turns, process, times
from newsletter.resources import resource

LIMIT = 1.0
"""Seconds of processor time that a command with little to do may take."""

_CONFIG = """
[newsletter]
from_address = "Five <five@news.example.org>"
base_url = "https://news.example.org"
postal_address = "3 Quay Street"
[delivery]
channel = "folder"
"""
_AT_NOON = """
import sys
from datetime import UTC, datetime
from newsletter.cli import main
sys.exit(main(sys.argv[2:], clock=lambda: datetime(2026, 3, int(sys.argv[1]), 12, tzinfo=UTC)))
"""
_NEWSLETTER = (sys.executable, "-m", "newsletter")
_BARE = "python -c pass"


@dataclass(frozen=True)
class Scale:
    """``days`` of the bundled samples were read and sent; those of one more day are new."""

    readers: int = 4
    days: int = 10
    runs: int = 5


FULL = Scale()
QUICK = Scale(runs=1)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    # An installed program's code is kept compiled, also where a container forbids that.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    apart(prepare, folder, scale)
    send = ["send", "--now"]
    ways = {
        _BARE: partial(apart, process, [sys.executable, "-c", "pass"]),
        "--help": partial(apart, command, folder / "new", scale, ["--help"]),
        "status": partial(apart, command, folder / "new", scale, ["status"]),
        "send, nothing due": partial(apart, command, folder / "sent", scale, ["send"]),
        f"send --now, {scale.readers} readers": partial(
            apart, command, folder / "new", scale, send
        ),
    }
    yield _table(scale, in_turns(ways, scale.runs))


def _table(scale: Scale, measured: dict[str, dict[str, float]]) -> Table:
    return Table(
        f"start: {scale.readers} readers, one day's briefs new",
        ("command", "CPU", f"to the limit of {LIMIT:.0f} s", "to bare Python"),
        [
            (
                name,
                f"{figures['cpu']:.2f} s",
                times(figures["cpu"] / LIMIT),
                times(figures["cpu"] / measured[_BARE]["cpu"]),
            )
            for name, figures in measured.items()
        ],
        "Whole processes: Python's start, every import, and the work; user and system time.",
    )


def prepare(folder: Path, scale: Scale) -> Figures:
    """Two newsletters with a past: one with new briefs in its inbox, one that has sent those.

    Both were made where ``command`` runs them: elsewhere every file would be new.
    """
    house = folder / "house"
    house.mkdir()
    subprocess.run([*_NEWSLETTER, "init", str(house)], check=True, capture_output=True)
    (house / "config.toml").write_text(_CONFIG)
    for number in range(scale.readers):
        reader = ["add", f"reader{number}@example.org", "--interests", "sleep, energy grids"]
        _run(house, 1, ["subscribers", *reader])
    for day in range(1, scale.days + 1):
        _arrive(house, day)
    _run(house, scale.days, ["send", "--now"])
    _arrive(house, scale.days + 1)
    shutil.copytree(house, folder / "new")
    _run(house, scale.days + 1, ["send", "--now"])
    shutil.copytree(house, folder / "sent")
    return {}


def command(folder: Path, scale: Scale, words: Sequence[str]) -> Figures:
    """On a copy: what is new is new again in the next round."""
    house = folder.with_name("house")
    shutil.rmtree(house)
    shutil.copytree(folder, house)  # with its times: a file of another time is read again
    return process(_words(house, scale.days + 1, words))


def _arrive(folder: Path, day: int) -> None:
    shutil.copytree(resource("samples") / f"day-{day:02}", folder / "inbox" / f"day-{day:02}")


def _run(folder: Path, day: int, words: Sequence[str]) -> None:
    subprocess.run(_words(folder, day, words), check=True, capture_output=True)


def _words(folder: Path, day: int, words: Sequence[str]) -> list[str]:
    config = str(folder / "config.toml")
    return [sys.executable, "-c", _AT_NOON, str(day), "--config", config, *words]
