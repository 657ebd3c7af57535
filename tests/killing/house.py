"""A founded newsletter whose real command is started, killed and started again."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, cycle
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, text

from newsletter.cli import KILL_AT, main
from newsletter.failpoints import POINTS
from tests.builders import unlike
from tests.killing.sink import Sink

ROOT = Path(__file__).parents[2]
CONNECTIONS, CLAIM = 2, 5
LEASE = 2
COMMANDS = 3
COMPOSING = POINTS[:2]
"""Reached only by who makes rows: beside another that makes them all, by luck."""
ONCE = (*COMPOSING, "released")
"""Points that a command reaches at most once."""
CONFIG = f"""\
[newsletter]
from_address = "Five Insights <news@letters.example>"
postal_address = "12 Quay Street, Porthaven"
base_url = "https://letters.example"
[delivery]
channel = "smtp"
connections = {CONNECTIONS}
claim = {CLAIM}
lease_seconds = {LEASE}
[returns]
storm_least = 1_000_000
[delivery.smtp]
host = "127.0.0.1"
security = "none"
"""


@dataclass
class Tally:
    """What a day of killing came to."""

    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    twice: int = 0
    missing: int = 0
    unknown: int = 0
    different: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.kills + other.kills,
            self.points + other.points,
            self.messages + other.messages,
            self.twice + other.twice,
            self.missing + other.missing,
            self.unknown + other.unknown,
            self.different + other.different,
        )


class KillHouse:
    """``readers`` of one day; ``sink`` is where its messages go; ``url`` of an empty PostgreSQL."""

    def __init__(self, folder: Path, sink: Sink, readers: int, url: str = "") -> None:
        self.folder, self.sink = folder / "news", sink
        self.now = datetime.now(UTC)
        self.tally = Tally()
        self.call("init", str(self.folder), bare=True)
        self.url = url or f"sqlite:///{self.folder / 'newsletter.db'}"
        store = f'[store]\nurl = "{url}"\n' if url else ""
        (self.folder / "config.toml").write_text(CONFIG + f"port = {sink.port}\n{store}")
        assert self.call("migrate") == 0
        self._stock(readers)

    @property
    def config(self) -> str:
        return str(self.folder / "config.toml")

    @property
    def date(self) -> str:
        return self.now.date().isoformat()

    def configure(self, old: str, new: str) -> None:
        path = Path(self.config)
        path.write_text(path.read_text().replace(old, new))

    def call(self, *words: str, bare: bool = False) -> int:
        """In this process."""
        given = list(words) if bare else ["--config", self.config, *words]
        return main(given, clock=lambda: self.now, environment={})

    def _stock(self, readers: int) -> None:
        for number in range(12):
            path = self.folder / "inbox" / f"{number:02}.md"
            path.write_text(f"---\npublished: {self.date}\n---\n{unlike(number)}\n")
        table = self.folder / "readers.csv"
        lines = [f"r{number}@d{number % 7}.example" for number in range(readers)]
        table.write_text("address\n" + "\n".join(lines) + "\n")
        assert self.call("subscribers", "import", str(table)) == 0
        assert self.call("ingest") == 0

    def compose(self) -> None:
        """Rows for everybody, nothing sent: what is killed later only delivers."""
        from newsletter.bootstrap import App
        from newsletter.bootstrap.composing import compose_rules
        from newsletter.composing.compose import compose
        from newsletter.services.publish import Readers

        app = App(self.config, {}, lambda: self.now)
        compose(compose_rules(app), self.now, None, Readers(now=True))
        app.close()

    def deliver(self, times: int) -> None:
        """``send --now`` again and again, in this process, until nothing waits."""
        from threading import Event

        from newsletter.bootstrap import App
        from newsletter.bootstrap.delivery import delivery_context
        from newsletter.delivery.worker_pool import deliver
        from newsletter.services.publish import Readers

        app = App(self.config, {}, lambda: self.now)
        for _ in range(times):
            if self.undone():
                at = delivery_context(app, Event(), lambda _outcomes, _total: None)
                deliver(at, app.clock, self.now.date(), Readers(now=True))
        app.close()

    def start(
        self,
        *words: str,
        at: str = "",
        program: Sequence[str] = (),
        errors: IO[str] | int = subprocess.PIPE,
        folder: Path | None = None,
    ) -> "Worker":
        """The command as the operator starts it; ``at`` arms a fault point. What runs for long says
        its ``errors`` into a file: a pipe that nobody reads would hold it up. ``folder`` is another
        machine's."""
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), KILL_AT: at}
        config = str(folder / "config.toml") if folder else self.config
        command = [*(program or [sys.executable, "-m", "newsletter"]), "--config", config]
        process = subprocess.Popen(
            [*command, *(words or ("send", "--now", "--date", self.date))],
            env=surroundings,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            text=True,
            cwd=folder or self.folder,
        )
        return Worker(process, at)

    def rows(self) -> list[tuple[str, str, str | None]]:
        """(address, state, reason) of every delivery."""
        return self.ask(
            "SELECT address, d.state, reason FROM delivery d"
            " JOIN subscriber s ON s.id = subscriber_id ORDER BY d.id"
        )

    def undone(self) -> int:
        """How many readers have no row yet, or one that is on its way."""
        ((count,),) = self.ask(
            "SELECT count(*) FROM subscriber s LEFT JOIN delivery d ON s.id = subscriber_id"
            " WHERE d.id IS NULL OR d.state IN ('pending', 'sending')"
        )
        return int(count)

    def ask(self, query: str) -> list[Any]:
        engine = create_engine(
            self.url, connect_args={} if "postgres" in self.url else {"timeout": 30}
        )
        try:
            with engine.begin() as db:
                answer = db.execute(text(query))
                return [tuple(row) for row in answer] if answer.returns_rows else []
        finally:
            engine.dispose()

    def kill_all_day(self, chance: random.Random, kills: int, senders: int = 1) -> None:
        """Start, kill, start again; half the kills at a named point, half at any moment.

        Who is to die composing works alone.
        """
        later = chain.from_iterable((point, "") for point in POINTS if point not in COMPOSING)
        dooms = chain(COMPOSING, cycle(later))
        pool: list[Worker] = []
        while self.tally.kills < kills and self.undone():
            while len(pool) < senders and not (pool and pool[0].point in COMPOSING):
                point = next(dooms)
                nth = 1 if point in ONCE else chance.randint(1, 4)
                pool.append(self.start(at=f"{point}:{nth}" if point else ""))
                pool[-1].doom(self.sink, chance)
            pool = [one for one in pool if not self._buried(one)]
        for one in pool:
            one.process.kill()
            one.process.communicate()
            self._count(one, one.process.returncode)

    def _buried(self, one: "Worker") -> bool:
        """Whether it has ended; a kill is one that found it at work."""
        one.end_when_due()
        code = one.process.poll()
        if code is None:
            time.sleep(0.01)
            return False
        one.process.communicate()
        self._count(one, code)
        return True

    def _count(self, one: "Worker", code: int) -> None:
        if code == -signal.SIGKILL:
            self.tally.kills += 1
            self.tally.points[one.point or "any moment"] += 1

    def finish(self) -> None:
        """Nobody kills any more: after the leases, the day is done."""
        until = time.monotonic() + 120
        while self.undone() and time.monotonic() < until:
            time.sleep(LEASE)  # to start the command sooner would be in vain
            self.start().process.communicate(timeout=120)
        assert not self.undone()

    def check(self, commands: int = COMMANDS) -> Tally:
        """From the server's record and the ledger, nothing else; ``commands`` previews are run."""
        had = self.sink.record.per_recipient()
        tally = self.tally
        tally.messages = had.total()
        for address, state, reason in self.rows():
            tally.twice += had[address] > 1
            tally.unknown += state == "unknown"
            wanted = {"sent": (1,), "unknown": (0, 1)}.get(state, (0,) if reason else (1,))
            tally.missing += had[address] not in wanted
        tally.different = self._different(commands)
        return tally

    def _different(self, commands: int) -> int:
        """Messages that are not, byte for byte, what ``preview --eml`` shows.

        For all but a few by the function that the command calls: a start of it costs a second.
        """
        from newsletter.bootstrap import App
        from newsletter.bootstrap.composing import compose_rules, house_subscriber
        from newsletter.bootstrap.rendering import branding
        from newsletter.mail.message import message
        from newsletter.services.preview import scheduled_for

        app = App(self.config, {}, lambda: self.now)
        rules, house, look = compose_rules(app), house_subscriber(app.settings), branding(app)
        found = 0
        for number, (recipient, taken) in enumerate(self.sink.record.messages):
            if number < commands:
                shown = self._previewed(recipient)
            else:
                scheduled = scheduled_for(rules, house, self.now, recipient, self.now.date())
                shown = message(scheduled, look)
            found += shown != taken
        app.close()
        return found

    def _previewed(self, recipient: str) -> bytes:
        out = self.folder / "preview.eml"
        words = ("--eml", "--to", recipient, "--date", self.date, "--out", str(out))
        process = self.start("preview", *words).process
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return out.read_bytes()


class Worker:
    """A process, and when it is to end: armed, or a while after it got to work."""

    def __init__(self, process: "subprocess.Popen[str]", at: str) -> None:
        self.process = process
        self.point = at.partition(":")[0]

    def doom(self, sink: Sink, chance: random.Random) -> None:
        """To die within the first messages that the server takes; what is armed has longer."""
        self.sink, self.seen = sink, len(sink.record.messages)
        self.after = chance.random() * 0.05 if self.point in ("", "released") else 0.5
        self.at_work: float | None = None

    def end_when_due(self) -> None:
        """What is armed at its very end is asked to end, instead of sending all that waits."""
        if self.at_work is None and len(self.sink.record.messages) > self.seen:
            self.at_work = time.monotonic()
        if self.at_work is None or time.monotonic() - self.at_work < self.after:
            return
        if self.point == "released":
            self.process.terminate()
        else:
            self.point = ""
            self.process.kill()
