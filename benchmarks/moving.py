"""Moving a database with a history to PostgreSQL, and back to SQLite."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Figures, Table, apart, watch
from benchmarks.past import NOW, Size, past
from benchmarks.stores import server
from newsletter.storage import Store
from newsletter.storage.leases import Steady
from newsletter.storage.moving import move


@dataclass(frozen=True)
class Scale:
    """``days`` of one issue each, shared by all readers."""

    readers: int = int(os.environ.get("READERS", "100000"))
    days: int = int(os.environ.get("DAYS", "365"))


FULL = Scale()
QUICK = Scale(readers=200, days=5)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    old = f"sqlite:///{folder / 'old.db'}"
    size = Size(scale.readers, issues=scale.days, archive=20_000, alike=True)
    apart(partial(_past, folder / "old.db"), size)
    with server() as postgresql:
        new = postgresql.new("moved")
        ways = {
            "SQLite to PostgreSQL": apart(moved, old, new),
            "and back to SQLite": apart(moved, new, f"sqlite:///{folder / 'back.db'}"),
        }
    yield Table(
        f"moving: {scale.readers:,} readers, {scale.days:,} days",
        ("way", "rows", "seconds", "rows a second", "CPU of the program", "peak"),
        [
            (
                name,
                f"{figures['rows']:,.0f}",
                f"{figures['wall']:,.0f}",
                f"{figures['rows'] / figures['wall']:,.0f}",
                f"{figures['cpu']:,.0f} s",
                f"{figures['peak']:.0f} MB",
            )
            for name, figures in ways.items()
        ],
        "Once each, the comparing of rows and sums included.",
    )


def _past(path: Path, size: Size) -> Figures:
    past(path, size)
    return {}


def moved(old: str, new: str) -> Figures:
    here, there = Store(old), Store(new, create=True)
    with watch() as whole:
        counts = move(here, there, NOW, Steady("this boot", 0.0), lambda *_: None)
    here.close()
    there.close()
    return {"rows": sum(counts.values()), "wall": whole.wall, "cpu": whole.cpu}
