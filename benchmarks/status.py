"""Looking: what ``status`` and ``deliveries`` take where a day has 100,000 deliveries."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Figures, Table, apart, in_turns, process, times, watch
from benchmarks.past import TODAY, Size, past
from newsletter.storage import Store

_CONFIG = '[newsletter]\nfrom_address = "five@news.example.org"\n'
_BARE = "python -c pass"
_COUNT = "a bare SELECT count(*)"


@dataclass(frozen=True)
class Scale:
    """``days`` of deliveries for each reader; today's are in every state."""

    readers: int = 100_000
    days: int = 3
    runs: int = 5


FULL = Scale()
QUICK = Scale(readers=1_000, days=2, runs=3)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    apart(make, folder, scale)
    commands: dict[str, Sequence[str]] = {
        "status": ["status", "--date", TODAY.isoformat()],
        "status --json": ["status", "--date", TODAY.isoformat(), "--json"],
        "deliveries": ["deliveries", "--date", TODAY.isoformat()],
        "deliveries --json": ["deliveries", "--date", TODAY.isoformat(), "--json"],
        "deliveries --state unknown": ["deliveries", "--state", "unknown"],
        "status, nothing in it": ["status"],
    }
    ways: dict[str, Callable[[], dict[str, float]]] = {
        name: partial(apart, command, folder / ("bare" if "nothing" in name else "full"), words)
        for name, words in commands.items()
    }
    ways[_COUNT] = partial(apart, count, folder / "full")
    ways[_BARE] = partial(apart, python)
    yield _table(scale, in_turns(ways, scale.runs))


def _table(scale: Scale, measured: dict[str, dict[str, float]]) -> Table:
    bare = measured["status, nothing in it"]["cpu"]
    return Table(
        f"status: {scale.readers:,} deliveries a day, {scale.readers * scale.days:,} in all",
        ("command", "seconds", "CPU", "to an empty one", "lines"),
        [
            (
                name,
                f"{figures['wall']:.2f} s",
                f"{figures['cpu']:.2f} s",
                times(figures["cpu"] / bare),
                f"{figures['lines']:,.0f}",
            )
            for name, figures in measured.items()
        ],
        "Whole processes, Python's start and every import included. Of today's deliveries nine in"
        " ten are sent; the rest failed, are unknown, wait for a domain, or were skipped.",
    )


def make(folder: Path, scale: Scale) -> Figures:
    """Two newsletters: one with a past, and one of today."""
    for name in ("full", "bare"):
        (folder / name / "inbox").mkdir(parents=True)
        (folder / name / "config.toml").write_text(_CONFIG)
    Store(f"sqlite:///{folder}/bare/newsletter.db", create=True).close()
    path = folder / "full" / "newsletter.db"
    past(path, Size(scale.readers, scale.days, archive=2_000, alike=True))
    with closing(sqlite3.connect(path)) as db, db:
        last = db.execute("SELECT max(date) FROM delivery").fetchone()
        db.execute(_ON_TODAY, (TODAY.isoformat(), *last))
        for place, (state, reason, answer) in enumerate(_OTHERS):
            db.execute(_BECAME, (state, reason, answer, TODAY.isoformat(), place))
        db.execute("INSERT INTO domain VALUES ('example.org', 1, '2999-01-01 00:00:00')")
    subprocess.run(
        [*_NEWSLETTER, str(folder / "bare" / "config.toml"), "status"],
        check=True,
        capture_output=True,
    )
    return {}


_NEWSLETTER = (sys.executable, "-m", "newsletter", "--config")
_ON_TODAY = "UPDATE delivery SET date = ? WHERE date = ?"
_OTHERS = (
    ("failed", "refused", "550 5.1.1 No such mailbox"),
    ("unknown", None, "no answer after the final dot"),
    ("pending", None, "451 4.7.1 Greylisted"),
    ("skipped", "too_few", ""),
)
_BECAME = """
    UPDATE delivery SET state = ?, reason = ?, answer = ?, next_attempt_at = '2999-01-01 00:00:00'
    WHERE date = ? AND subscriber_id % 40 = ?
"""


def command(folder: Path, words: Sequence[str]) -> Figures:
    return process([*_NEWSLETTER, str(folder / "config.toml"), *words])


def count(folder: Path) -> Figures:
    """What the database takes to count the rows of the day, in a process that is running."""
    with watch() as taken, closing(sqlite3.connect(folder / "newsletter.db")) as db:
        query = "SELECT count(*) FROM delivery WHERE date = ?"
        assert db.execute(query, (TODAY.isoformat(),)).fetchone()[0]
    return {"wall": taken.wall, "cpu": taken.cpu, "lines": 1}


def python() -> Figures:
    return process([sys.executable, "-c", "pass"])
