"""Bad days: the server misbehaves, the disk fills, the database is locked, the clock jumps."""

import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.delivery.last_look import GOOD_FOR
from tests.killing.house import CONNECTIONS, ROOT, KillHouse, Tally
from tests.killing.sink import Sink, none
from tests.smtp_server import make_certificate

pytestmark = pytest.mark.heavy

ORDERS = {
    "CONNECT": ("drop", "421 4.3.2 Shutting down"),
    "EHLO": ("reset", "421 4.3.2 Shutting down"),
    "MAIL": ("drop", "reset", "421 4.7.0 Too many", "451 4.3.0 Later", "452 4.3.1 No space"),
    "RCPT": (
        "drop",
        "450 4.2.1 Busy",
        "451 4.7.1 Greylisted",
        "452 4.2.2 Full",
        "550 5.1.1 Nobody",
        "552 5.2.2 Full",
        "554 5.7.1 Policy",
        "535 5.7.8 Who are you?",
    ),
    "DATA": ("reset", "421 4.3.2 Shutting down", "451 4.3.0 Later", "554 5.6.0 No"),
    "BODY": ("drop",),
    "DOT": ("drop", "reset", "lost before", "451 4.3.0 Later", "550 5.6.0 No", "552 5.3.4 Too big"),
}


def moody(step: str, _recipient: str, chance: random.Random) -> str | None:
    return chance.choice(ORDERS[step]) if step in ORDERS and chance.random() < 0.12 else None


def hold(tally: Tally) -> None:
    assert (tally.twice, tally.missing, tally.different) == (0, 0, 0), tally


@pytest.mark.parametrize(
    ("seed", "closes_after", "in_fragments", "pipelining"),
    [(1, 0, False, False), (2, 3, False, True), (3, 0, True, True)],
)
def test_a_server_that_misbehaves_at_every_step(
    tmp_path: Path,
    seed: int,
    closes_after: int,
    in_fragments: bool,  # noqa: FBT001
    pipelining: bool,  # noqa: FBT001
) -> None:
    """It grants DATA though it refused everything before it: RFC 2920 3.1 lets it."""
    with Sink(
        moody,
        seed=seed,
        closes_after=closes_after,
        in_fragments=in_fragments,
        pipelining=pipelining,
    ) as sink:
        house = KillHouse(tmp_path, sink, readers=60)
        house.compose()
        house.deliver(times=40)
        sink.trouble = none
        house.deliver(times=2)
        tally = house.check()
        hold(tally)
        states = Counter(state for _, state, _ in house.rows())
        assert states["sent"] > 20
        assert tally.unknown == states["unknown"] <= sink.record.orders.total()
        assert not states["pending"]
        assert not states["sending"]


def test_killed_on_a_bad_day(tmp_path: Path) -> None:
    with Sink(moody, seed=9, pace=0.002) as sink:
        house = KillHouse(tmp_path, sink, readers=300)
        house.compose()
        house.kill_all_day(random.Random(9), kills=20, senders=3)
        sink.trouble = none
        house.finish()
        hold(house.check())


def test_a_certificate_that_has_expired_stops_the_run_and_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_certificate(tmp_path, ends=timedelta(days=-1))
    monkeypatch.setenv("SSL_CERT_FILE", str(made.chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.chain, made.key)
    with Sink(starttls=context) as sink:
        house = KillHouse(tmp_path, sink, readers=3)
        house.configure('security = "none"', 'security = "starttls"')
        house.compose()
        assert house.call("send", "--now", "--date", house.date) == 1
        assert "certificate has expired" in capsys.readouterr().err
        assert {state for _, state, _ in house.rows()} == {"pending"}
        assert not sink.record.messages


def test_a_server_without_starttls_gets_nothing_in_clear(tmp_path: Path) -> None:
    with Sink() as sink:
        house = KillHouse(tmp_path, sink, readers=3)
        house.configure('security = "none"', 'security = "starttls"')
        house.compose()
        assert house.call("send", "--now", "--date", house.date) == 1
        assert {state for _, state, _ in house.rows()} == {"pending"}
        assert not sink.record.messages


def test_a_disk_that_fills_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """No file may grow beyond what it has: writes fail as they do on a full disk."""
    with Sink() as sink:
        house = KillHouse(tmp_path, sink, readers=60)
        house.compose()
        command = f"ulimit -f 300; exec {sys.executable} -m newsletter --config {house.config}"
        full = subprocess.Popen(
            ["bash", "-c", f"{command} send --now --date {house.date}"],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        _, said = full.communicate(timeout=120)
        assert full.returncode == 1, said
        assert "newsletter: the database: " in said
        house.finish()
        tally = house.check()
        hold(tally)
        assert tally.unknown <= 5


def test_a_database_that_is_locked_for_a_while_is_waited_for(tmp_path: Path) -> None:
    with Sink(pace=0.01) as sink:
        house = KillHouse(tmp_path, sink, readers=40)
        house.compose()
        one = house.start()
        assert sink.accepted.wait(60)
        with closing(sqlite3.connect(house.folder / "newsletter.db", timeout=30)) as db:
            db.isolation_level = None
            db.execute("BEGIN IMMEDIATE")
            time.sleep(1.5)
            db.execute("ROLLBACK")
        one.process.communicate(timeout=120)
        house.finish()
        hold(house.check())


JUMPING = """\
import itertools, sys
from datetime import UTC, datetime, timedelta
from newsletter.cli import main
jumps = (hours for hours in itertools.cycle([0, 5, -5, 3, -2, 0.5, -0.01]) for _ in range(9))
sys.exit(main(clock=lambda: datetime.now(UTC) + timedelta(hours=next(jumps))))
"""


def test_a_clock_that_jumps_back_and_forth(tmp_path: Path) -> None:
    """Three senders, each with another idea of the time; one is killed."""
    with Sink(pace=0.01) as sink:
        house = KillHouse(tmp_path, sink, readers=60)
        house.compose()
        pool = [house.start(program=[sys.executable, "-c", JUMPING]) for _ in range(3)]
        assert sink.accepted.wait(60)
        pool[0].process.kill()
        for one in pool:
            one.process.communicate(timeout=120)
        house.finish()
        tally = house.check()
        hold(tally)
        assert tally.unknown <= 5


def test_paused_within_a_quarter_of_a_second_and_for_every_sender(tmp_path: Path) -> None:
    with Sink(hold=3) as sink:
        house = KillHouse(tmp_path, sink, readers=60)
        house.compose()
        one = house.start()
        assert sink.accepted.wait(60)
        assert house.call("pause") == 0
        before = len(sink.record.messages)
        time.sleep(GOOD_FOR)  # a look is relied on for so long
        sink.go.set()
        one.process.communicate(timeout=120)
        assert len(sink.record.messages) - before <= 1 + 1, "the one in hand, and one looked at"
        assert house.call("send", "--now", "--date", house.date) == 1, "it survives a restart"
        assert house.call("resume") == 0
        house.finish()
        tally = house.check()
        hold(tally)
        assert tally.unknown == 0


def test_cancelled_within_a_quarter_of_a_second(tmp_path: Path) -> None:
    with Sink(hold=3) as sink:
        house = KillHouse(tmp_path, sink, readers=60)
        house.compose()
        one = house.start()
        assert sink.accepted.wait(60)
        assert house.call("cancel", "--date", house.date) == 0
        before = len(sink.record.messages)
        time.sleep(GOOD_FOR)  # a look is relied on for so long
        sink.go.set()
        one.process.communicate(timeout=120)
        assert len(sink.record.messages) - before <= 2
        hold(house.check())
        assert {(state, reason) for _, state, reason in house.rows()} == {
            ("sent", None),
            ("skipped", "cancelled"),
        }


@pytest.mark.parametrize("command", ["send", "run"])
def test_a_second_interrupt_stops_at_once_and_leaves_the_ledger_true(
    tmp_path: Path, command: str
) -> None:
    """The server never answers the dot of what it took: one is unknown, nobody is left out."""
    held, over = threading.Event(), threading.Event()

    def silent(step: str, _recipient: str, _chance: random.Random) -> str | None:
        if step == "DOT" and len(sink.record.messages) >= 3:
            held.set()
            sink.record.lock.release()
            over.wait(300)
            sink.record.lock.acquire()
        return None

    with Sink(silent) as sink:
        house = KillHouse(tmp_path, sink, readers=20)
        house.configure(f"connections = {CONNECTIONS}", "connections = 1")
        house.compose()
        one = house.start(*([command] if command == "run" else []))
        assert held.wait(60)
        one.process.send_signal(signal.SIGINT)
        assert one.process.stderr
        for line in one.process.stderr:
            if "finishing the messages in flight" in line:
                break
        time.sleep(0.5)
        assert one.process.poll() is None, "it finishes the message in hand"
        one.process.send_signal(signal.SIGINT)
        one.process.communicate(timeout=120)
        over.set()
        assert one.process.returncode == 130
        assert Counter(state for _, state, _ in house.rows()) == Counter(
            sent=3, unknown=1, pending=16
        )


IMPATIENT = """\
import sys
from newsletter.cli import main, send
send.END_AFTER_SECONDS = 1
sys.exit(main())
"""


@pytest.mark.parametrize("command", ["send", "run"])
def test_sigterm_ends_a_run_that_waits_for_a_server(tmp_path: Path, command: str) -> None:
    """Nobody sends a second signal: the server never answers the dot of what it took."""
    held, over = threading.Event(), threading.Event()

    def silent(step: str, _recipient: str, _chance: random.Random) -> str | None:
        if step == "DOT" and len(sink.record.messages) >= 3:
            held.set()
            sink.record.lock.release()
            over.wait(300)
            sink.record.lock.acquire()
        return None

    with Sink(silent) as sink:
        house = KillHouse(tmp_path, sink, readers=20)
        house.configure(f"connections = {CONNECTIONS}", "connections = 1")
        house.compose()
        program = [sys.executable, "-c", IMPATIENT]
        one = house.start(*([command] if command == "run" else []), program=program)
        assert held.wait(60)
        one.process.send_signal(signal.SIGTERM)
        one.process.communicate(timeout=60)
        over.set()
        assert one.process.returncode == 130
        states = Counter(state for _, state, _ in house.rows())
        assert states == Counter(sent=3, unknown=1, pending=16)
