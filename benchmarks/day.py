"""A whole day as the operator has it: files in the inbox, one command, everybody served.

For Linux: what a command takes while it runs is read from /proc.
"""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.corpus import Corpus
from benchmarks.measure import Table
from benchmarks.past import THEMES, Size, archive, history
from benchmarks.sink import sink
from newsletter.storage import Store

_OFTEN = 0.05
_PER_BRIEF = 5
_INTERESTS = [", ".join(themes) for most in (1, 2, 3) for themes in combinations(THEMES, most)][:40]
_ZONES = (
    "Europe/Lisbon", "Africa/Lagos", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland",
    "America/Sao_Paulo", "America/New_York", "America/Denver", "Pacific/Honolulu",
)  # fmt: skip
_SETTINGS = {
    "NEWSLETTER__FROM_ADDRESS": "Five Insights <five@news.example.org>",
    "NEWSLETTER__POSTAL_ADDRESS": "12 Quay Street, Porthaven",
    "NEWSLETTER__BASE_URL": "https://news.example.org",
    "DELIVERY__CHANNEL": "smtp",
    "DELIVERY__SMTP__HOST": "127.0.0.1",
    "DELIVERY__SMTP__SECURITY": "none",
    "DKIM__SELECTOR": "s1",
    "DKIM__KEY_FILE": "dkim-s1.pem",
}


@dataclass(frozen=True)
class Scale:
    """``days`` of issues were sent to each reader, no two of whom have the same history; ``briefs``
    of five insights came in this morning."""

    readers: int = 100_000
    days: int = 20
    archive: int = 20_000
    candidates: int = 200
    briefs: int = 40


FULL = Scale()
QUICK = Scale(readers=500, days=5, archive=1_000, candidates=50, briefs=10)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    with sink() as server:
        house = _House(folder / "news", server.port)
        come_in = house.create(scale)
        sent = house.send(scale)
        looked = house.run("status")["status"]
    whole = _Step(
        *(sum(each) for each in zip(*(step.taken for step in sent.values()), strict=True))
    )
    whole.peak = max(step.peak for step in sent.values())
    steps = {"subscribers import": come_in, **sent, "send, the whole": whole, "status": looked}
    yield Table(
        f"day: {scale.readers:,} subscribers, from the inbox to the last 250",
        ("step", "seconds", "CPU", "peak", "readers a second"),
        [_row(name, step, scale.readers) for name, step in steps.items()],
        f"{scale.briefs} new briefs, {scale.days} days of history.",
    )


@dataclass
class _Step:
    """Seconds on the wall and of processor time, and the most memory, in MB."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0

    @property
    def taken(self) -> tuple[float, float]:
        return self.wall, self.cpu


def _row(name: str, step: _Step, readers: int) -> tuple[str, ...]:
    each = "–" if name in ("send: ingest", "status") else f"{readers / step.wall:,.0f}"
    return name, f"{step.wall:,.1f} s", f"{step.cpu:,.1f} s", f"{step.peak:.0f} MB", each


@dataclass
class _House:
    """A folder made by ``init``, and the commands run in it."""

    folder: Path
    port: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def create(self, scale: Scale) -> _Step:
        """All that there is before this morning; returns what the import of the readers took."""
        self.run("init", str(self.folder), bare=True)
        self.run("dkim", "new", "s1")
        self._write_readers(scale.readers)
        came_in = self.run("subscribers", "import", str(self.folder / "readers.csv"))
        self._remember(scale)
        self.run("related", "The index of the archive stands since yesterday.")
        self._write_briefs(scale.briefs)
        return came_in["subscribers"]

    def send(self, scale: Scale) -> dict[str, _Step]:
        """By name the steps of the one command that the morning takes."""
        with closing(sqlite3.connect(self.folder / "newsletter.db", timeout=30)) as db:
            steps = self.run("send", "--json", step=lambda: _step(db, scale.briefs, self.today))
        report = json.loads((self.folder / "said").read_text())
        assert report["sent"] == scale.readers, report
        return steps

    @property
    def today(self) -> date:
        return self.now.date()

    def run(
        self, *words: str, bare: bool = False, step: Callable[[], str] | None = None
    ) -> dict[str, _Step]:
        """What the command took, by the steps that ``step`` names while it runs."""
        given = [] if bare else ["--config", str(self.folder / "config.toml")]
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "said").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "newsletter", *given, *words],
                env={**os.environ, **_environment(self.port)},
                stdout=output,
            )
            steps = _watched(process, step or (lambda: words[0]))
        assert process.returncode == 0, words
        return steps

    def _write_readers(self, readers: int) -> None:
        """In four zones, where an hour has just struck of a day that is today all around."""
        here = [self.now.astimezone(ZoneInfo(name)) for name in _ZONES]
        due = [instant for instant in here if instant.date() == self.today][:4]
        with (self.folder / "readers.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("address", "name", "timezone", "hour", "interests"))
            for number in range(1, readers + 1):
                at = due[number % len(due)]
                address = f"reader{number}@mail{number % 200}.example"
                about = _INTERESTS[number % len(_INTERESTS)]
                place = str(at.tzinfo), str(max(0, at.hour - 1))
                writer.writerow((address, f"Reader {number}", *place, about))

    def _remember(self, scale: Scale) -> None:
        """They have all been here for long, and were sent an issue on each day up to yesterday."""
        size = Size(scale.readers, scale.days, scale.archive, scale.candidates, today=self.today)
        store = Store(f"sqlite:///{self.folder / 'newsletter.db'}")
        with store.writing() as db:
            db.exec_driver_sql("UPDATE subscriber SET activated_at = '2020-01-01 00:00:00.000000'")
            archive(db, size)
            history(db, size)
        store.close()

    def _write_briefs(self, briefs: int) -> None:
        texts = Corpus(seed=2).insights(briefs * _PER_BRIEF)
        for number in range(briefs):
            page = {
                "podcast": f"Show {number}",
                "episode": f"Episode {number}",
                "url": f"https://show{number}.example/today",
                "published": self.today.isoformat(),
                "topics": [THEMES[number % len(THEMES)]],
                "insights": texts[number * _PER_BRIEF : (number + 1) * _PER_BRIEF],
            }
            (self.folder / "inbox" / f"{number:03}.json").write_text(json.dumps(page))


def _environment(port: int) -> Mapping[str, str]:
    settings = {**_SETTINGS, "DELIVERY__SMTP__PORT": str(port)}
    return {f"NEWSLETTER_{key}": value for key, value in settings.items()}


def _step(db: sqlite3.Connection, briefs: int, today: date) -> str:
    """Where a morning's ``send`` is, by what it has written."""
    (offered,) = db.execute(_OFFERED, (today.isoformat(),)).fetchone()
    (read,) = db.execute("SELECT count(*) FROM file").fetchone()
    return "send: deliver" if offered else "send: compose" if read == briefs else "send: ingest"


_OFFERED = """
    SELECT EXISTS (SELECT 1 FROM delivery WHERE date = ? AND state IN ('sending', 'sent'))
"""


def _watched(process: "subprocess.Popen[bytes]", step: Callable[[], str]) -> dict[str, _Step]:
    """Looks twenty times a second, until it has ended."""
    steps: dict[str, _Step] = {}
    last, cpu = time.perf_counter(), 0.0
    while process.poll() is None:
        name = step()
        if name not in steps:
            steps[name] = _Step()
            _forget_peak(process.pid)
        current = steps[name]
        time.sleep(_OFTEN)
        now = time.perf_counter()
        with suppress(OSError, IndexError):  # it has ended
            used, current.peak = _used(process.pid)
            current.cpu, cpu = current.cpu + used - cpu, used
        current.wall, last = current.wall + now - last, now
    return steps


def _used(number: int) -> tuple[float, float]:
    """Seconds of processor time so far, and the most MB held since the peak was forgotten."""
    times: Sequence[str] = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{number}/status").read_text()
    ticks = int(times[11]) + int(times[12])
    return ticks / os.sysconf("SC_CLK_TCK"), int(status.split("VmHWM:")[1].split()[0]) / 1024


def _forget_peak(number: int) -> None:
    with suppress(OSError):  # not allowed here: then it is the peak of all the steps so far
        Path(f"/proc/{number}/clear_refs").write_text("5")
