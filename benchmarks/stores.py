"""SQLite and PostgreSQL: a day with one shared issue, delivered by one process and by several."""

import multiprocessing
import os
import resource
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter
from typing import Any

from sqlalchemy import NullPool, create_engine, text

from benchmarks.compose import composed
from benchmarks.house import SENDER, TASTE
from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from benchmarks.past import NOW, TODAY, Size, archive, subscribers
from benchmarks.send import bare_loop, postings
from benchmarks.sink import Sink, sink
from benchmarks.waiting import How, context
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.mail.channels.smtp import Smtp
from newsletter.mail.message import message
from newsletter.services.clock import steady
from newsletter.services.publish import Readers, Rules
from newsletter.storage import Store
from tests.environment import postgresql_server


@dataclass(frozen=True)
class Scale:
    readers: int = int(os.environ.get("READERS", "20000"))
    runs: int = 3
    processes: Sequence[int] = (1, 2, 4)
    paced: int = 8


FULL = Scale(runs=int(os.environ.get("RUNS", "3")))
QUICK = Scale(readers=400, runs=1, processes=(1, 2), paced=2)


@dataclass(frozen=True)
class Senders:
    """``connections`` of each process."""

    processes: int
    connections: int = 4
    pace: RateLimits = FREE


_PACE = RateLimits(per_domain=100_000)
"""More than is reached: what it costs to keep it, all readers being of one domain."""
_LOOP = "a bare smtplib loop, 1 connection"


class Server:
    """A PostgreSQL of our own as an operator has it: ``fsync`` is on."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.url = raw.get_uri().replace("postgresql:", "postgresql+psycopg:", 1)
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def named(self, name: str) -> str:
        return self._engine.url.set(database=name).render_as_string(hide_password=False)

    def new(self, name: str, template: str = "template1") -> str:
        with self._engine.connect() as db:
            db.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            db.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            db.execute(text("CHECKPOINT"))
        return self.named(name)

    def cpu(self) -> float:
        """Seconds of processor time of the server and all that it ever started."""
        main = self.raw.get_pid()
        ours = [pid for pid in _pids() if pid == main or _stat(pid)[1] == main]
        ticks = sum(sum(_stat(pid)[2][:2]) for pid in ours) + sum(_stat(main)[2][2:])
        return ticks / os.sysconf("SC_CLK_TCK")


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _stat(pid: int) -> tuple[int, int, list[int]]:
    """Its id, its parent's, and ticks: user and system, its own and its ended children's."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return pid, 0, [0, 0, 0, 0]
    return pid, int(words[1]), [int(word) for word in words[11:15]]


@contextmanager
def server() -> Iterator[Server]:
    with TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server is another user where we are root
        data = Path(folder) / "data"
        with postgresql_server(data) as raw:
            yield Server(raw)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    with sink() as counting, server() as postgresql:
        base = f"sqlite:///{folder / 'newsletter.db'}"
        made = {
            "SQLite": apart(make, base, scale.readers),
            "PostgreSQL": _with_server(
                postgresql, partial(apart, make, postgresql.new("base"), scale.readers)
            ),
        }
        apart(letters, folder, base, scale.readers)
        ways = {_LOOP: partial(apart, bare_loop, folder, counting.port)}
        senders = [*map(Senders, scale.processes), Senders(2, connections=1)]
        for each in senders:
            ways[f"SQLite, {_named(each)}"] = partial(_sqlite, folder, counting, each, scale)
        for each in [*senders, Senders(scale.paced, pace=_PACE)]:
            ways[f"PostgreSQL, {_named(each)}"] = partial(
                _postgresql, postgresql, counting, each, scale
            )
        yield _composing(made, scale)
        yield _rates(in_turns(ways, scale.runs), scale)


def _named(senders: Senders) -> str:
    name = f"{senders.processes} process{'es' if senders.processes > 1 else ''}"
    if senders.connections == 1:
        name += " of 1 connection"
    limit = senders.pace.per_domain
    return f"{name}, {limit:,.0f} a second a domain" if limit else name


def make(url: str, readers: int) -> Figures:
    """A small archive, and readers who are alike: today is composed for them."""
    store = Store(url, create=True)
    size = Size(readers, issues=0, archive=1_000, alike=True, words=(15, 30))
    with store.writing() as db:
        archive(db, size)
        subscribers(db, size)
    rules = Rules(store, TASTE, timedelta(hours=6), SENDER.rpartition("@")[2])
    with watch() as whole:
        once, cpu = composed(rules)
    store.close()
    return {"once": once, "cpu": (cpu - once) / readers, "wall": (whole.wall - once) / readers}


def letters(folder: Path, url: str, readers: int) -> Figures:
    """Messages of the day for the bare loop: the same bytes that the program sends."""
    copy = Path(shutil.copyfile(url.removeprefix("sqlite:///"), folder / "claimed.db"))
    head = context(Store(f"sqlite:///{copy}"), _none, How()).branding()
    for number, scheduled in enumerate(postings(copy)[: min(readers, 5_000)]):
        (folder / f"{number:06}.eml").write_bytes(message(scheduled, head))
    return {}


def _none() -> Any:
    raise AssertionError


def _with_server(postgresql: Server, work: Any) -> dict[str, float]:
    before = postgresql.cpu()
    figures: dict[str, float] = work()
    return {**figures, "server": postgresql.cpu() - before}


def _sqlite(folder: Path, counting: Sink, senders: Senders, scale: Scale) -> dict[str, float]:
    copy = Path(shutil.copyfile(folder / "newsletter.db", folder / "copy.db"))
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    figures = _at_once(f"sqlite:///{copy}", folder, counting, senders, scale.readers)
    for path in folder.glob("copy.db*"):
        path.unlink()
    return figures


def _postgresql(
    postgresql: Server, counting: Sink, senders: Senders, scale: Scale
) -> dict[str, float]:
    url = postgresql.new("copy", "base")
    with TemporaryDirectory() as folder, _sampled(url) as waits:
        work = partial(_at_once, url, Path(folder), counting, senders, scale.readers)
        figures = _with_server(postgresql, work)
    return {**figures, **_shares(waits)}


@contextmanager
def _sampled(url: str) -> Iterator[Counter[str]]:
    """What the server's processes that are at work wait for, asked some times a second."""
    waits, end = Counter[str](), Event()

    def sample() -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            while not end.wait(0.05):
                waits.update(db.scalars(text(_WAITS)))
        engine.dispose()

    thread = Thread(target=sample)
    thread.start()
    try:
        yield waits
    finally:
        end.set()
        thread.join()


_WAITS = """
    SELECT coalesce(wait_event_type, 'nothing') FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
"""


def _shares(waits: Counter[str]) -> dict[str, float]:
    return {kind: waits[kind] / max(1, waits.total()) for kind in _KINDS}


_KINDS = ("nothing", "Lock", "LWLock", "IO")


def _at_once(
    url: str, folder: Path, counting: Sink, senders: Senders, readers: int
) -> dict[str, float]:
    """So many processes, from the moment that all are ready until the last has ended."""
    count, spawn = senders.processes, multiprocessing.get_context("spawn")
    ready, results = spawn.Barrier(count + 1), spawn.Queue()
    given = (url, folder, counting.port, senders, ready, results)
    counting.taken()
    processes = [spawn.Process(target=_one, args=(*given, number)) for number in range(count)]
    for process in processes:
        process.start()
    ready.wait()
    began = perf_counter()
    figures = [results.get() for _ in processes]
    wall = perf_counter() - began
    for process in processes:
        process.join()
    taken = Counter(counting.taken())
    assert len(taken) == readers, f"{len(taken):,} of {readers:,}"
    return {
        "rate": readers / wall,
        "twice": taken.total() - readers,
        "cpu": sum(figure["cpu"] for figure in figures) / readers,
        "peak": max(figure["peak"] for figure in figures),
    }


def _one(
    url: str, folder: Path, port: int, senders: Senders, ready: Any, results: Any, number: int
) -> None:
    store = Store(url, journal=folder / "newsletter.journal")
    desk = context(store, lambda: Smtp("127.0.0.1", port, "none"), How(senders.connections))
    desk = replace(desk, owner=f"bench{number}", steady=steady, pace=senders.pace)
    desk.branding()
    ready.wait()
    clock = _running() if senders.pace.limits else lambda: NOW
    with watch() as whole:
        deliver(desk, clock, TODAY, Readers())
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.put({"cpu": whole.cpu, "peak": peak})


def _running() -> Callable[[], datetime]:
    """A clock that begins at the benchmark's own instant: slots lie in time."""
    began = perf_counter()
    return lambda: NOW + timedelta(seconds=perf_counter() - began)


def _composing(made: Mapping[str, Figures], scale: Scale) -> Table:
    return Table(
        f"stores: composing one shared issue for {scale.readers:,} readers",
        ("store", "CPU each", "of the database each", "a second"),
        [
            (
                name,
                f"{figures['cpu'] * 1000:.3f} ms",
                f"{figures['server'] / scale.readers * 1000:.3f} ms" if "server" in figures else "",
                f"{1 / figures['wall']:,.0f}",
            )
            for name, figures in made.items()
        ],
        "Once each. Of the database: with its migration.",
    )


def _rates(measured: Mapping[str, Figures], scale: Scale) -> Table:
    loop, one = measured[_LOOP], measured["SQLite, 1 process"]
    alone = measured["PostgreSQL, 1 process"]
    return Table(
        f"stores: delivering one shared issue to {scale.readers:,}, 4 connections a process",
        (
            *("way", "a second", "to the loop", "to SQLite", "to 1 on PostgreSQL", "CPU each"),
            *("of the database", "nothing, locks, LWLocks, disk", "twice", "peak"),
        ),
        [
            (
                name,
                f"{figures['rate']:,.0f}",
                times(figures["rate"] / loop["rate"]),
                times(figures["rate"] / one["rate"]),
                times(figures["rate"] / alone["rate"]),
                f"{figures['cpu'] * 1000:.2f} ms",
                f"{figures['server'] / scale.readers * 1000:.3f} ms" if "server" in figures else "",
                ", ".join(f"{figures[kind]:.0%}" for kind in _KINDS if kind in figures),
                f"{figures['twice']:.0f}" if "twice" in figures else "",
                f"{figures['peak']:.0f} MB",
            )
            for name, figures in measured.items()
        ],
        "Of the database: its processor time for each message. Nothing, locks, LWLocks,"
        " disk: what its processes at work wait for, by pg_stat_activity. Twice: messages that the"
        " server took for a reader who had one, by its own count.",
    )
