import io
import os
import re
import shlex
import subprocess
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from sqlite3 import connect

import pytest

from newsletter.cli import main
from tests.builders import NOON
from tests.cli.conftest import ROOT, House

DATE = "2026-06-30"

pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Shown:
    folder: Path
    out: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return replayed(tmp_path_factory.mktemp("demos"), 1)


def replayed(place: Path, number: int) -> Shown:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr("sys.argv", [".venv/bin/newsletter", "demo"])
        return Shown(place / f"demo/run-{number}", printed())


def printed() -> str:
    """Where the machine's environment asks for something else."""
    surroundings = {
        "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
        "NEWSLETTER_CONFIG": "/no/such.toml",
        "NEWSLETTER_STORE__URL": "sqlite:////no/such.db",
    }
    page = io.StringIO()
    with redirect_stdout(page):
        assert main(["demo", "--date", DATE], clock=lambda: NOON, environment=surroundings) == 0
    return page.getvalue()


def messages(folder: Path) -> dict[str, bytes]:
    paths = sorted((folder / "messages").rglob("*.eml"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def signed(data: bytes) -> str:
    """A message as it reads, without what only the folder's own secret can make."""
    letter = message_from_bytes(data, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    parts = [letter.get_body((subtype,)) for subtype in ("plain", "html")]
    text = "\n".join([*map(str, letter.items()), *(part.get_content() for part in parts if part)])
    return re.sub(r"(/\w+/|unsubscribe%20|%20)[\d.-]+\.[\w-]{22}", r"\1TOKEN", text)


def test_it_prints_where_to_look_and_a_table_of_the_picks(demo: Shown) -> None:
    folder, out = demo.folder, demo.out
    for name in ("ada", "kofi", "mei"):
        page = folder / f"issue-{name}.html"
        assert str(page) in out
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert str(folder / "messages") in out
    assert len(re.findall(r"^  [1-5]\.  [01]\.\d\d +\S", out, re.MULTILINE)) == 15
    assert "novelty" in out
    config = folder / "config.toml"
    why = f"Why these five: .venv/bin/newsletter --config {config} explain --to ada@reader.example"
    assert why in out.splitlines(), "as it was called"


def test_a_feed_becomes_an_issue_with_links_to_the_second(demo: Shown) -> None:
    states = re.findall(r"^  (read|empty)  ", demo.out, re.MULTILINE)
    assert states == ["read", "read", "empty"]
    links = re.findall(r"^  (?:quote|takeaway) .* (https://\S+#t=\d+)$", demo.out, re.MULTILINE)
    assert {link.partition("#")[0][-2:] for link in links} == {"30", "31"}
    page = (demo.folder / "podcast" / "issue.html").read_text(encoding="utf-8")
    assert len(links) >= 3
    assert all(link in page for link in links)


def test_its_last_line_is_a_command_that_opens_the_issue(demo: Shown) -> None:
    last = demo.out.splitlines()[-1]
    seen = demo.folder / "seen"
    browser = demo.folder / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {seen}\n')
    browser.chmod(0o700)
    surroundings = {**os.environ, "BROWSER": f"{browser} %s"}
    assert subprocess.run(shlex.split(last), env=surroundings, check=False).returncode == 0
    assert seen.read_text() == (demo.folder / "issue-ada.html").as_uri()


def test_the_readme_shows_what_it_prints_on_any_date(demo: Shown) -> None:
    block = (ROOT / "README.md").read_text().partition("```text\nAda")[2].partition("  ...\n")[0]
    lines = f"Ada{block}".splitlines()
    assert len(lines) == 4
    printed = demo.out[demo.out.index("Ada, ") :].splitlines()
    for shown, line in zip(lines, printed, strict=False):
        assert line.startswith(shown.removesuffix("…")), line


def test_every_reader_has_an_issue_for_each_of_the_days(demo: Shown) -> None:
    sent = [message_from_bytes(data)["To"] for data in messages(demo.folder).values()]
    assert sorted(set(map(str, sent))) == [
        "Ada <ada@reader.example>",
        "Kofi <kofi@reader.example>",
        "Mei <mei@reader.example>",
    ]
    assert len(sent) == 3 * 7


def test_nobody_reads_the_same_thing_twice(demo: Shown, house: House) -> None:
    config = str(demo.folder / "config.toml")
    for reader in ("ada", "kofi", "mei"):
        words = ["--config", config, "explain", "--json", "--to", f"{reader}@reader.example"]
        picked = [
            pick["insight_id"]
            for day in range(24, 31)
            for pick in house.bare(*words, "--date", f"2026-06-{day}").json["picks"]
        ]
        assert len(picked) == len(set(picked)) == 35


def test_briefs_without_a_date_are_dated_by_the_replayed_day(demo: Shown) -> None:
    """Those without a date of their own are dated by the replayed day that read them."""
    with closing(connect(demo.folder / "newsletter.db")) as db:
        dates = db.execute("SELECT DISTINCT first_seen FROM brief ORDER BY 1").fetchall()
    assert [day for (day,) in dates] == [f"2026-06-{number}" for number in range(24, 31)]


def test_the_last_of_the_samples_is_of_the_date(demo: Shown) -> None:
    days = sorted(path.name for path in (demo.folder / "inbox").iterdir())
    assert (days[0], days[-1], len(days)) == ("2026-06-17", DATE, 14)
    pages = (demo.folder / "inbox" / DATE).iterdir()
    dated = [text for page in pages for text in re.findall(r"2026-\d\d-\d\d", page.read_text())]
    assert set(dated) == {DATE}


def test_a_second_demo_makes_another_folder_and_differs_only_by_its_secret(
    demo: Shown,
) -> None:
    again = replayed(demo.folder.parents[1], 2)
    first, second = (messages(run.folder) for run in (demo, again))
    assert demo.folder != again.folder
    assert first.keys() == second.keys()
    assert first != second
    assert [signed(message) for message in first.values()] == [
        signed(message) for message in second.values()
    ]
    assert demo.out.replace("run-1", "run-2") == again.out


def test_the_demo_can_be_worked_with_afterwards(demo: Shown, house: House) -> None:
    done = house.bare("--config", str(demo.folder / "config.toml"), "status", "--date", DATE)
    assert done.code == 0
    assert "3  sent" in done.out
    assert "Subscribers  3 active" in done.out


def test_each_message_is_dated_at_its_readers_own_hour(demo: Shown) -> None:
    hours = {"ada": (7, "+0200"), "kofi": (6, "-0400"), "mei": (8, "+0900")}
    for name, data in messages(demo.folder).items():
        letter = message_from_bytes(data, policy=policy.default)
        at = parsedate_to_datetime(str(letter["Date"]))
        hour, offset = hours[Path(name).name.partition("@")[0]]
        assert at.astimezone(datetime.strptime(offset, "%z").tzinfo).hour == hour
