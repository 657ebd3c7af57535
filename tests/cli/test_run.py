import logging
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from sqlite3 import connect
from threading import Event
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from newsletter.bootstrap import App
from newsletter.cli.run import scheduled_jobs
from newsletter.domain.tokens import token as sign
from newsletter.services.clock import steady
from newsletter.services.scheduled_jobs import ScheduledJobs
from newsletter.storage import heartbeats
from newsletter.storage.leases import Steady
from tests.cli.conftest import INSIGHTS, House, noon_zone
from tests.smtp_server import SmtpServer

ANN, BEA = "ann@letters.example", "bea@letters.example"


PATIENCE = 120
"""Seconds to wait for a process: a machine that has other work is slow, not wrong."""


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


@pytest.fixture
def today(house: House) -> House:
    """By the machine's own clock: Ann's hour has struck, Bea's comes tomorrow."""
    house.now = datetime.now(UTC)
    zone, hour = noon_zone(house.now)
    house.subscribe(ANN, options=["--timezone", zone, "--hour", str(hour)])
    house.subscribe(BEA, options=["--timezone", zone, "--hour", str(hour + 11)])
    for number in range(8):
        (house.folder / "inbox" / f"{number}.txt").write_text(INSIGHTS[number])
    return house


@pytest.fixture
def ending() -> Iterator[list["subprocess.Popen[str]"]]:
    """Whatever a test starts ends with it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.heavy
def test_run_delivers_what_is_due_and_a_signal_ends_it(
    today: House, ending: list["subprocess.Popen[str]"]
) -> None:
    running = today.process("run")
    ending.append(running)
    wait_for(lambda: running.poll() is not None or today.ledger())
    wait_for(lambda: running.poll() is not None or today.ledger()[0][1] == "sent")
    running.send_signal(signal.SIGTERM)
    _, log = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, log
    assert today.ledger() == [(ANN, "sent", None)]
    assert [path.name for path in today.messages()] == [f"{ANN}.eml"]
    assert "read 8 files: 8 new briefs, 0 rejected" in log
    assert "delivered: 1 sent" in log
    assert "@" not in log
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in log.splitlines())
    assert log.rstrip().endswith("stopped")


def test_run_says_what_is_wrong_before_it_starts(house: House) -> None:
    house.environment |= {
        "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
        "NEWSLETTER_DELIVERY__SMTP__HOST": "mail.letters.example",
        "NEWSLETTER_DELIVERY__SMTP__SECURITY": "none",
        "NEWSLETTER_DELIVERY__SMTP__USERNAME": "desk",
    }
    done = house("run")
    assert done.code == 2
    assert "delivery.smtp.security" in done.stderr


@pytest.fixture
def jobs(stocked: House, server: SmtpServer) -> Iterator[ScheduledJobs]:
    """What ``run`` does at each waking, by the clock of ``stocked``."""
    stocked.subscribe(ANN)
    stocked.smtp(server)
    app = App(str(stocked.config), stocked.environment, lambda: stocked.now)
    stop = Event()
    yield scheduled_jobs(app, stop)
    app.close()


def test_old_explanations_are_dropped_by_run(
    jobs: ScheduledJobs, stocked: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "newsletter")
    jobs.tick()
    stocked.now += timedelta(days=30)
    jobs.prune()
    assert caplog.messages[-1:] != ["dropped what explains 1 issue and makes 1 message again"]
    stocked.now += timedelta(seconds=1)
    jobs.prune()
    assert caplog.messages[-1] == "dropped what explains 1 issue and makes 1 message again"


def test_another_scheduler_is_told_at_the_start(
    jobs: ScheduledJobs, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.warn_of_others()
    assert not caplog.records
    with jobs.store.writing() as db:
        heartbeats.beat(db, "quay:31:7:1.5", house.now, steady())
    jobs.warn_of_others()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "another scheduler works beside this one, process 31 on quay: end one" in caplog.text


def test_the_inbox_may_be_a_single_file(
    jobs: ScheduledJobs, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.ingest()
    house.drop("new.json", "Tide tables were secret in wartime.")
    with caplog.at_level(logging.INFO, "newsletter"):
        jobs.ingest()
    assert "read 1 file: 1 new brief, 0 rejected" in caplog.text


def test_a_server_that_is_down_is_tried_at_every_tick(
    jobs: ScheduledJobs, house: House, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("CONNECT", "421 4.3.2 Shutting down", times=2)
    for _ in range(3):
        jobs.tick()
        house.now += timedelta(seconds=30)
    assert [message.recipient for message in server.messages] == [ANN]
    assert caplog.text.count("delivery stopped, the rest waits: 421") == 2


def test_a_server_that_refuses_us_is_left_alone_for_a_while(
    jobs: ScheduledJobs, house: House, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("MAIL", "530 5.7.0 Log in first", times=math.inf)
    for _ in range(4):
        jobs.tick()
        house.now += timedelta(minutes=2)
    assert caplog.text.count("Log in first") == 1
    connections = server.connections
    house.now += timedelta(minutes=10)
    jobs.tick()
    assert caplog.text.count("Log in first") == 2
    assert server.connections == connections + 1


def test_a_clock_set_back_does_not_prolong_that_wait(
    jobs: ScheduledJobs, house: House, server: SmtpServer
) -> None:
    server.fail("MAIL", "530 5.7.0 Log in first")
    jobs.tick()
    house.now -= timedelta(hours=3)
    jobs.tick()
    assert [message.recipient for message in server.messages] == [ANN]


def test_a_slow_rate_lets_readers_who_fall_due_have_their_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second message has its slot in a hundred seconds, and a turn is over after three."""
    monkeypatch.setattr("newsletter.services.scheduled_jobs._TURN_SECONDS", 3)
    house.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = "0.01"
    house.stock()
    house.subscribe(ANN, BEA)
    house("subscribers", "add", "cleo@letters.example", "--hour", "13")
    app, stop = App(str(house.config), house.environment, lambda: house.now), Event()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert sum(slept) < 2 * 4, "of two turns"

    jobs = scheduled_jobs(app, stop)
    clock = lambda: Steady("this boot", sum(slept))  # noqa: E731
    jobs.context = replace(jobs.context, steady=clock, sleep=sleep)
    jobs.tick()
    assert [state for _, state, _ in house.ledger()] == ["sent", "pending"]
    assert sum(slept) >= 3
    house.now += timedelta(hours=1)
    jobs.tick()
    assert [state for _, state, _ in house.ledger()] == ["sent", "sent", "pending"]
    app.close()


def test_what_is_rejected_is_logged_on_one_line(
    jobs: ScheduledJobs, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    (house.folder / "inbox/two\nlines.txt").write_text("")
    with caplog.at_level(logging.INFO, "newsletter"):
        jobs.ingest()
        jobs.ingest()
    assert [record.getMessage().count("\n") for record in caplog.records] == [0, 0]
    assert "the file is empty" in caplog.text


def served(serving: "subprocess.Popen[str]") -> str:
    """Its address, once it listens. Its port is one that is free."""
    assert serving.stdout
    line = serving.stdout.readline()
    match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+); put .*\n", line)
    assert match, line
    return match[1]


def ask(address: str, data: bytes | None = None) -> tuple[int, str]:
    try:
        with urlopen(address, data, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.heavy
def test_serve_lets_a_reader_leave_by_the_link_in_the_message(
    house: House, ending: list["subprocess.Popen[str]"]
) -> None:
    house.stock()
    house.subscribe(ANN, BEA)
    assert house("send", "--to", ANN).code == 0
    (path,) = house.messages()
    header = str(message_from_bytes(path.read_bytes())["List-Unsubscribe"])
    match = re.search(r"<https://letters\.example(/u/[^>]+)>", header)
    assert match
    serving = house.process("serve", "--port", "0")
    ending.append(serving)
    here = served(serving)
    assert ask(f"{here}/u/1.forged")[0] == 404
    status, page = ask(f"{here}{match[1]}")
    assert (status, "<button" in page) == (200, True)
    assert house.state(ANN) == "active", "looking changes nothing"
    click = b"List-Unsubscribe=One-Click"
    first = ask(f"{here}{match[1]}", click)
    assert (first[0], "You have left" in first[1]) == (200, True)
    assert ask(f"{here}{match[1]}", click) == first
    assert house.state(ANN) == "unsubscribed"
    house.now += timedelta(days=1)
    assert house("send", "--json").json["sent"] == 1
    assert house.ledger()[-1] == (BEA, "sent", None)
    assert ANN not in [address for address, state, _ in house.ledger()[1:] if state == "sent"]
    serving.send_signal(signal.SIGTERM)
    _, log = serving.communicate(timeout=PATIENCE)
    assert serving.returncode == 0, log


@pytest.mark.heavy
def test_a_database_in_trouble_is_answered_and_logged_on_one_line(
    house: House, ending: list["subprocess.Popen[str]"]
) -> None:
    house.subscribe(ANN)
    token = sign((house.folder / "newsletter.secret").read_bytes().strip(), 1)
    serving = house.process("serve", "--port", "0")
    ending.append(serving)
    here = served(serving)
    db = connect(house.folder / "newsletter.db")
    db.execute("ALTER TABLE subscriber RENAME TO lost")
    db.close()
    assert ask(f"{here}/u/{token}", b"")[0] == 503
    serving.send_signal(signal.SIGTERM)
    _, log = serving.communicate(timeout=PATIENCE)
    assert log.count("\n") == 1
    assert "ERROR the database: no such table: subscriber" in log
    assert token not in log


def test_a_port_that_is_taken_is_told(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = house("serve", "--port", str(listening.getsockname()[1]))
    assert (done.code, done.stdout) == (1, b"")
    assert "cannot listen on 127.0.0.1:" in done.stderr
    assert "Address already in use: set web.host" in done.stderr
    assert "web.port" in done.stderr


def test_an_address_that_is_not_ours_is_told(house: House) -> None:
    done = house("serve", "--host", "no.such.host.invalid")
    assert done.code == 1
    assert "cannot listen on no.such.host.invalid:8025" in done.stderr


@pytest.mark.heavy
def test_systemd_hears_that_it_is_ready_alive_and_stopping(stocked: House) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = str(stocked.folder / "notify")
        systemd.bind(name)
        systemd.settimeout(60)
        running = subprocess.Popen(
            [sys.executable, "-m", "newsletter", "--config", str(stocked.config), "run"],
            env={**os.environ, **stocked.environment, "NOTIFY_SOCKET": name},
            stderr=subprocess.DEVNULL,
        )
        heard = [systemd.recv(100) for _ in range(2)]
        running.terminate()
        while heard[-1] != b"STOPPING=1":
            heard.append(systemd.recv(100))
        assert running.wait(60) == 0
    assert heard[:2] == [b"READY=1", b"WATCHDOG=1"]
