"""Composing: what a day costs once, and what it costs for each reader."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from benchmarks import naive
from benchmarks.house import SENDER, TASTE
from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from benchmarks.past import NOW, TODAY, Size, past
from newsletter.composing.compose import compose
from newsletter.composing.edition import Edition
from newsletter.services.publish import Readers, Rules
from newsletter.storage import Store


@dataclass(frozen=True)
class Scale:
    """``sample``: for how many readers the naive way is measured."""

    readers: tuple[int, ...] = (100, 1_000, 10_000)
    issues: int = 200
    archive: int = 20_000
    candidates: int = 200
    sample: int = 20
    runs: int = 3


FULL = Scale()
QUICK = Scale(readers=(20, 200), issues=40, archive=2_000, sample=5)
_NAIVE = "naive"


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    sizes = [Size(count, scale.issues, scale.archive, scale.candidates) for count in scale.readers]
    alike = Size(scale.readers[-1], scale.issues, scale.archive, scale.candidates, alike=True)
    ways: dict[str, Callable[[], dict[str, float]]] = {}
    for number, size in enumerate([*sizes, alike]):
        path = folder / f"{number}.db"
        apart(make, path, size)
        name = f"{size.subscribers:,}{' alike' if size.alike else ''}"
        ways[name] = partial(apart, a_day, path, size)
    ways[_NAIVE] = partial(apart, one_by_one, folder / "0.db", scale.sample)
    yield _table(alike, in_turns(ways, scale.runs))


def _table(size: Size, measured: dict[str, dict[str, float]]) -> Table:
    first = next(iter(measured.values()))["reader"]
    peer = measured[_NAIVE]["reader"]
    return Table(
        f"compose: {size.candidates} candidates, an archive of {size.archive:,}, "
        f"{size.issues * 5:,} insights sent to each reader",
        ("readers", "once", "per reader", "to the fewest", "naive to this", "the day", "peak"),
        [
            (
                name,
                f"{figures['once']:.2f} s" if "once" in figures else "",
                f"{figures['reader'] * 1000:.2f} ms",
                times(figures["reader"] / first),
                times(peer / figures["reader"]),
                f"{figures['day']:.1f} s" if "day" in figures else "",
                f"{figures['peak']:.0f} MB",
            )
            for name, figures in measured.items()
        ],
        "once: reading the material, and its similarity to all that was ever known. per reader: "
        "who is due, their history, the choice, the issue and the row in the ledger, committed. "
        "naive: TfidfVectorizer and cosine_similarity over one reader's history and the "
        "candidates, texts in memory, nothing stored; here for a sample of readers.",
    )


def make(path: Path, size: Size) -> Figures:
    past(path, size)
    return {}


class _Watched(Edition):
    """Works out at once what is worked out once, and tells how long that took."""

    def __init__(self, rules: Rules, day: date, acts: int | None = None) -> None:
        with watch() as self.once:
            super().__init__(rules, day, acts)
            assert len(self.day.echoes.ids)
        _editions.append(self)


_editions: list[_Watched] = []


def a_day(path: Path, size: Size) -> Figures:
    """Compose today's issues for everybody: seconds of processor time, once and per reader."""
    _forget_today(path)
    store = Store(f"sqlite:///{path}")
    rules = Rules(store, TASTE, timedelta(hours=6), SENDER.rpartition("@")[2])
    once, whole = composed(rules)
    store.close()
    assert _composed(path) == (size.subscribers, 1 if size.alike else size.subscribers)
    return {
        "once": once,
        "reader": (whole - once) / size.subscribers,
        "day": whole,
    }


def composed(rules: Rules) -> tuple[float, float]:
    """Compose today for everybody: seconds of processor time that it takes once, and in all."""
    _editions.clear()
    module = import_module("newsletter.composing.edition")
    with patch.object(module, "Edition", _Watched), watch() as whole:
        compose(rules, NOW, TODAY, Readers(now=True))
    (edition,) = _editions
    return edition.once.cpu, whole.cpu


def _forget_today(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        today = (TODAY.isoformat(),)
        db.execute(
            "DELETE FROM recipient WHERE delivery_id IN (SELECT id FROM delivery WHERE date = ?)",
            today,
        )
        db.execute("DELETE FROM delivery WHERE date = ?", today)
        db.execute(
            "DELETE FROM pick WHERE issue_id IN (SELECT id FROM issue WHERE date = ?)", today
        )
        db.execute(
            "DELETE FROM explanation WHERE issue_id IN (SELECT id FROM issue WHERE date = ?)", today
        )
        db.execute("DELETE FROM issue WHERE date = ?", today)


def _composed(path: Path) -> tuple[int, int]:
    """How many rows wait to be delivered today, and how many issues stand in them."""
    query = "SELECT count(*), count(DISTINCT issue_id) FROM delivery WHERE date = ? AND state = ?"
    with closing(sqlite3.connect(path)) as db:
        rows, issues = db.execute(query, (TODAY.isoformat(), "pending")).fetchone()
    return int(rows), int(issues)


def one_by_one(path: Path, sample: int) -> Figures:
    """The naive way, for the first few readers."""
    naive.five_newest(["a word"], ["another word"])
    with closing(sqlite3.connect(path)) as db:
        histories = [_texts(db, _HEARD, reader) for reader in range(1, sample + 1)]
        candidates = _texts(db, _FRESH, (TODAY - timedelta(TASTE.window_days - 1)).isoformat())
    with watch() as stopped:
        for history in histories:
            naive.five_newest(history, candidates)
    return {"reader": stopped.cpu / sample}


def _texts(db: sqlite3.Connection, query: str, value: object) -> list[str]:
    return [text for (text,) in db.execute(query, (value,))]


_HEARD = """
    SELECT insight.text FROM delivery JOIN pick USING (issue_id)
    JOIN insight ON insight.id = pick.insight_id
    WHERE delivery.subscriber_id = ? AND delivery.state = 'sent'
"""
_FRESH = "SELECT text FROM insight WHERE date >= ?"
