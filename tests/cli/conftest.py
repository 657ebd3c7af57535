"""A founded newsletter in a folder, and the command line driven inside this process."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from newsletter.cli import main
from newsletter.cli.parser import parser
from tests.builders import NOON, renderer
from tests.smtp_server import SmtpServer

ROOT = Path(__file__).parents[2]

CONFIG = """\
[newsletter]
name = "Five Insights"
from_address = "Five Insights <news@letters.example>"
reply_to = "desk@letters.example"
postal_address = "12 Quay Street, Porthaven"
base_url = "https://letters.example"
"""

INSIGHTS = (
    "Lighthouse keepers logged the weather better than the ships they warned.",
    "A goat that can choose its pasture eats around the poisonous plants.",
    "Concrete cures faster at noon, which is why bridges are poured before dawn.",
    "Choirs breathe together, and after an hour their heartbeats follow.",
    "Printed maps made borders straight long before any army marched along them.",
    "Salmon find their river by its smell, and a dam changes the smell first.",
    "Queues feel shorter where people can see the clerk finish with somebody.",
    "Violin makers tune the wood before there is any string to hear.",
    "Deserts feed forests: dust from one continent fertilises another.",
    "Chess players burn no more energy thinking than a clerk does filing.",
    "Typewriters jammed less once their keys were arranged against the fingers.",
    "Snow muffles a street because its flakes are mostly trapped air.",
    "Tax forms grew longer every time somebody tried to make them fair.",
    "Octopus arms taste what they touch and decide without asking the brain.",
    "Railway clocks taught villages to agree about what time it was.",
    "Sourdough keeps because its own acids keep other moulds away.",
    "Elevators, not steel, let cities build upwards.",
    "Volcanic soil grows the best tomatoes and buries the town every few centuries.",
)


def drop(path: Path, texts: Sequence[str], published: str, **about: str) -> Path:
    page = {"podcast": "Harbour Talk", "published": published, "insights": texts, **about}
    path.write_text(json.dumps(page), encoding="utf-8")
    return path


def fill(inbox: Path, first: int, last: int, published: str) -> None:
    for number in range(first, last, 2):
        drop(inbox / f"{number:02}.json", INSIGHTS[number : number + 2], published)


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: its exit code, and what it printed."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class House:
    """A folder with a configuration, and what stands around the program: clock, environment."""

    folder: Path
    capture: pytest.CaptureFixture[bytes]
    now: datetime = NOON
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def bare(self, *words: str) -> Outcome:
        """The command line as it stands."""
        self.capture.readouterr()
        try:
            code = main(words, clock=lambda: self.now, environment=self.environment)
        except SystemExit as left:  # argparse refuses and helps this way
            code = int(left.code or 0)
        out, err = self.capture.readouterr()
        return Outcome(code, out, err.decode())

    def __call__(self, *words: str) -> Outcome:
        return self.bare("--config", str(self.config), *words)

    def drop(self, name: str, *texts: str, published: str = "2026-03-14", **about: str) -> Path:
        """A brief in the inbox."""
        return drop(self.folder / "inbox" / name, texts, published, **about)

    def stock(self, first: int = 0, last: int = 18, published: str = "2026-03-14") -> None:
        """Insights for an issue or three, two in a brief, read in."""
        fill(self.folder / "inbox", first, last, published)
        assert self("ingest").code == 0

    def subscribe(self, *addresses: str, options: Sequence[str] = ()) -> None:
        """Active since yesterday, so that today's issue is due at seven, UTC."""
        now, self.now = self.now, self.now - timedelta(days=1)
        if options or len(addresses) == 1:
            for address in addresses:
                assert self("subscribers", "add", address, *options).code == 0
        else:  # one command for all of them
            rows = self.folder.with_name("addresses.csv")
            rows.write_text("\n".join(["email", *addresses]), encoding="utf-8")
            assert self("subscribers", "import", str(rows)).code == 0
        self.now = now

    def smtp(self, server: SmtpServer) -> None:
        """Over one connection, so that one message comes after the other."""
        self.environment |= {
            "NEWSLETTER_DELIVERY__CONNECTIONS": "1",
            "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
            "NEWSLETTER_DELIVERY__SMTP__HOST": server.host,
            "NEWSLETTER_DELIVERY__SMTP__PORT": str(server.port),
            "NEWSLETTER_DELIVERY__SMTP__SECURITY": "none",
        }

    def messages(self) -> list[Path]:
        return sorted((self.folder / "messages").rglob("*.eml"))

    def dump(self) -> list[str]:
        """The whole database."""
        db = connect(self.folder / "newsletter.db")
        try:
            return list(db.iterdump())
        finally:
            db.close()

    def state(self, address: str) -> str:
        state: str = self("subscribers", "show", address, "--json").json["state"]
        return state

    def ledger(self) -> list[tuple[str, str, str | None]]:
        """(address, state, reason) of every delivery."""
        db = connect(self.folder / "newsletter.db")
        try:
            return db.execute(
                "SELECT address, d.state, reason FROM delivery d"
                " JOIN subscriber s ON s.id = subscriber_id ORDER BY address, date"
            ).fetchall()
        finally:
            db.close()

    def process(self, *words: str, config: bool = True) -> "subprocess.Popen[str]":
        """The program as the operator starts it, with the machine's own clock."""
        start = [sys.executable, "-m", "newsletter", *(["--config", str(self.config)] * config)]
        surroundings = {**os.environ, **self.environment, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [*start, *words],
            cwd=self.folder,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once by ``init``; every test works on a copy."""
    folder = tmp_path_factory.mktemp("founded") / "news"
    assert main(["init", str(folder)], clock=lambda: NOON, environment={}) == 0
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def stocked_once(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """And with the insights that ``stock`` reads in."""
    folder = tmp_path_factory.mktemp("stocked") / "news"
    shutil.copytree(founded, folder)
    fill(folder / "inbox", 0, 18, "2026-03-14")
    words = ["--config", str(folder / "config.toml"), "ingest"]
    assert main(words, clock=lambda: NOON, environment={}) == 0
    return folder


@pytest.fixture
def house(
    founded: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[House]:
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    shutil.copytree(founded, tmp_path / "news")
    yield House(tmp_path / "news", capsysbinary)
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.fixture
def stocked(house: House, stocked_once: Path) -> House:
    """As after ``house.stock()``, for a third of its time."""
    shutil.copytree(stocked_once, house.folder, dirs_exist_ok=True)
    db = connect(house.folder / "newsletter.db")
    with closing(db), db:  # a file is known by its path
        moved = str(stocked_once), str(house.folder)
        db.execute("UPDATE file SET path = replace(path, ?, ?)", moved)
    return house


_parser = cache(parser)
_rsa_key = cache(generate_private_key)


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of tests stand still at once. Templates, parser and RSA key are made once for all."""
    monkeypatch.setattr("newsletter.cli.ingest._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("newsletter.cli.parser", _parser)
    monkeypatch.setattr("newsletter.mail.dkim.keys.generate_private_key", _rsa_key)
    monkeypatch.setattr("newsletter.rendering.templates.read_templates", lambda _custom: {})
    monkeypatch.setattr("newsletter.rendering.renderer.Renderer", lambda *_: renderer())


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is not the newsletter's folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def noon_zone(now: datetime) -> tuple[str, int]:
    """A zone where it is about noon, and its hour: no test runs into a midnight."""
    ahead = 12 - now.astimezone(UTC).hour
    return (f"Etc/GMT{-ahead:+}" if ahead else "Etc/GMT", 12)
