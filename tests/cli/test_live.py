"""What a person sees while it sends, and what the log says where nobody looks."""

import logging
import os
import pty
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper

import pytest

from newsletter.cli.output import OneLine, discreet, live, progress
from newsletter.domain.model import digest
from tests.cli.conftest import House
from tests.smtp_server import SmtpServer

ANN, BEA = "ann@letters.example", "bea@letters.example"


@dataclass
class Terminal:
    """A real one, that does not know how wide it is."""

    master: int
    stderr: TextIOWrapper
    patch: pytest.MonkeyPatch

    def use(self) -> None:
        """Called by the test itself: pytest sets what it captures between the fixtures and it."""
        self.patch.setattr(sys, "stderr", self.stderr)

    def seen(self) -> str:
        """Up to a mark: what was written comes through in pieces, and not always at once."""
        print(end="\0", file=self.stderr, flush=True)
        seen = b""
        while not seen.endswith(b"\0"):
            seen += os.read(self.master, 1_000_000)
        return seen[:-1].decode()


@dataclass
class Clock:
    """Moved by the test alone: what is drawn when is no matter of how busy the machine is."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("tqdm.std.time", made)
    monkeypatch.setattr("newsletter.cli.output.monotonic", made)
    return made


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stderr:
        yield Terminal(master, stderr, monkeypatch)
    os.close(master)


def counted(sent: int) -> Counter[str]:
    return Counter(sent=sent, failed=1, pending=2, unknown=3)


def test_a_terminal_shows_one_live_line(terminal: Terminal, clock: Clock) -> None:
    terminal.use()
    with live() as tell:
        for sent in range(30):
            tell(counted(sent), 1000)
            clock.now += 0.25
        during = terminal.seen()
    assert "\n" not in during
    last = during.rpartition("\r")[2].rstrip()
    assert re.fullmatch(
        r"\d+ of 1000, \d+ sent, 1 failed, 2 pending, 3 unknown; +[\d.]+/s, \d\d:\d\d left", last
    )
    assert len(last) < 80
    assert not terminal.seen().strip("\r ")


def test_log_lines_are_printed_above_the_live_line(terminal: Terminal, clock: Clock) -> None:
    terminal.use()
    root = logging.getLogger()
    handler = logging.StreamHandler(terminal.stderr)
    handler.setFormatter(OneLine("%(levelname)s %(message)s"))
    before, root.handlers = root.handlers, [handler]
    try:
        with live() as tell:
            tell(counted(1), 1000)
            clock.now += 0.4
            tell(counted(2), 1000)
            logging.getLogger("newsletter").error("the disk of %s is full", ANN)
            clock.now += 0.2
            tell(counted(3), 1000)
        assert f"\rERROR the disk of {digest(ANN)[:12]} is full\r\n" in terminal.seen()
        assert root.handlers == [handler]
    finally:
        root.handlers = before


def test_reading_leaves_the_terminal_before_sending_begins(
    terminal: Terminal, clock: Clock
) -> None:
    terminal.use()
    with progress("reading") as reading, live() as sending:
        for done in range(1, 21):
            reading(done, 20)
            clock.now += 0.25
        first = terminal.seen()
        for sent in range(1, 21):
            sending(Counter(sent=sent), 100)
            clock.now += 0.25
        second = terminal.seen()
    assert "reading: " in first
    assert "reading" not in second
    assert "\n" not in first + second, "neither stands below the other"
    assert not first.split("\r")[-2].strip(), "it was wiped away"
    assert "20 of 100, 20 sent" in second


def test_a_short_run_shows_no_progress(terminal: Terminal, clock: Clock) -> None:
    terminal.use()
    with live() as tell:
        tell(Counter(sent=1), 2)
        clock.now += 0.2
        tell(Counter(sent=2), 2)
    assert not terminal.seen().strip("\r ")


def test_without_a_terminal_progress_is_logged(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "newsletter")
    with live() as tell:
        for sent in range(1, 26):
            tell(counted(sent), 1000)
            clock.now += 6
    assert caplog.messages == [
        "sending sent=11 failed=1 pending=2 unknown=3 of=1000 rate=0.3/s left=3469s",
        "sending sent=21 failed=1 pending=2 unknown=3 of=1000 rate=0.2/s left=4324s",
    ]


def test_no_time_is_left_before_anything_was_sent(
    terminal: Terminal, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "newsletter")
    with live() as tell:
        tell(Counter(), 1000)
        clock.now += 60
        tell(Counter(pending=6), 1000)
    assert caplog.messages == ["sending sent=0 failed=0 pending=6 unknown=0 of=1000 rate=0.1/s"]
    terminal.use()
    with live() as tell:
        for waiting in range(30):
            tell(Counter(pending=waiting), 1000)
            clock.now += 0.2
        seen = terminal.seen()
    assert "of 1000, 0 sent" in seen
    assert "left" not in seen


@pytest.mark.heavy
def test_a_server_that_is_down_is_one_line(house: House) -> None:
    house.now = datetime.now(UTC)
    house.stock(published=f"{house.now:%Y-%m-%d}")
    house.environment |= {
        "NEWSLETTER_DELIVERY__CONNECTIONS": "8",
        "NEWSLETTER_DELIVERY__CLAIM": "4",
        "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
        "NEWSLETTER_DELIVERY__SMTP__HOST": "127.0.0.1",
        "NEWSLETTER_DELIVERY__SMTP__PORT": "1",
        "NEWSLETTER_DELIVERY__SMTP__SECURITY": "none",
    }
    house.subscribe(*(f"r{number}@letters.example" for number in range(9)))
    _, log = house.process("send", "--now").communicate(timeout=60)
    assert log.count("127.0.0.1:1 cannot be reached") == 1


@pytest.mark.heavy
def test_state_changes_are_debug_lines_without_addresses(house: House, server: SmtpServer) -> None:
    house.now = datetime.now(UTC)
    house.stock(published=f"{house.now:%Y-%m-%d}")
    house.subscribe(ANN, BEA)
    house.smtp(server)
    server.fail("RCPT", f"550 5.1.1 <{ANN}> is gone", recipient=ANN)
    sending = house.process("--verbose", "send", "--now")
    _, log = sending.communicate(timeout=120)
    lines = [line for line in log.splitlines() if "reader=" in line]
    assert len(lines) == 4, "both on their way, and what became of each"
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d{4} DEBUG delivery=\d+ ", o) for o in lines)
    assert f"reader={digest(ANN)[:12]} state=failed" in log
    assert f"reader={digest(BEA)[:12]} state=sent" in log
    quiet = [line for line in log.splitlines() if " DEBUG " not in line]
    assert not [line for line in quiet if "@" in line]


@pytest.mark.parametrize(
    "text",
    [
        f"550 5.1.1 <{ANN}>: no such user",
        f"'{ANN}' was refused",
        f"smtp;550 {ANN}; {ANN}, ({ANN})",
        f"mailto:{ANN}?subject=x",
        f"it was {ANN}.",
    ],
)
def test_an_address_is_always_the_same_short_hash(text: str) -> None:
    assert "@" not in discreet(text)
    assert digest(ANN)[:12] in discreet(text)
