"""The documents are true: commands run, links lead somewhere, tables are whole."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from threading import Timer
from typing import IO

import pytest

from newsletter import config
from newsletter.cli import main
from newsletter.cli.parser import parser
from newsletter.config.sections import Web
from newsletter.rendering.renderer import Renderer

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
INSTALL = ROOT / "docs" / "install.md"
BRIEF_FILES = ROOT / "docs" / "brief-files.md"
SITE = ROOT / "docs" / "site.md"
EXAMPLE = ROOT / "config.example.toml"
OPERATING = ROOT / "docs" / "operating.md"
LEDGER = ROOT / "docs" / "ledger.md"
COMMANDS = ROOT / "docs" / "commands.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
ARCHITECTURE = ROOT / "docs" / "ARCHITECTURE.md"
GUIDES = [README, INSTALL, OPERATING]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FOLDER = {"NEWSLETTER_DELIVERY__CHANNEL": "folder"}
HOME = "/srv/newsletter"
STAYS = ("run", "serve")
# The system's own programs: what they do is not ours to test. CI runs pip and the build.
NOT_OURS = {"chmod", "curl", "git", "journalctl", "pip", "python", "ssh", "systemctl", "useradd"}
PLACEHOLDERS = {"ADDRESS": "you@example.org", "COMMAND": "status", "FILE": "a.md"}
READERS = "address,name,timezone,hour,interests\nkim@example.org,Kim,Asia/Seoul,8,cooking\n"


def fences(path: Path, *languages: str) -> list[str]:
    """The bodies of the fenced blocks in these languages, in order."""
    blocks = re.findall(r"^ *(```|~~~)(\w*)\n(.*?)^ *\1$", path.read_text(), re.M | re.S)
    return [dedent(body) for _, language, body in blocks if language in languages]


def command_lines(path: Path) -> list[list[str]]:
    """The words of each line that a reader is told to type, `sudo -u somebody` left out."""
    shell = "".join(fences(path, "sh", "bash", "shell"))
    typed = re.findall(r"^\$ (.*)", "".join(fences(path, "console")), re.M)
    lines = [*shell.replace("\\\n", " ").splitlines(), *typed]
    split = [shlex.split(line, comments=True) for line in lines]
    return [words[3:] if words[0] == "sudo" else words for words in split if words]


def ours(words: list[str]) -> list[str] | None:
    """The arguments of a line that calls newsletter, with or without a path."""
    return words[1:] if Path(words[0]).name == "newsletter" else None


def commands(of: ArgumentParser, prefix: str = "") -> Iterator[tuple[str, ArgumentParser]]:
    """Every command by its full name: ("subscribers add", its parser)."""
    groups = [action for action in of._actions if isinstance(action, _SubParsersAction)]
    if of.get_default("run"):
        yield prefix.strip(), of
    for group in groups:
        for name, inner in group.choices.items():
            yield from commands(inner, f"{prefix} {name}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_link_leads_somewhere(path: Path) -> None:
    prose = re.sub(r"^ *(```|~~~).*?^ *\1$", "", path.read_text(), flags=re.M | re.S)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    assert not [link for link in links if not (path.parent / link.partition("#")[0]).exists()]
    for file, _, anchor in (link.partition("#") for link in links if "#" in link):
        target = path.parent / file if file else path
        assert anchor in anchors(target), f"{file}#{anchor}"


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    bare = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in bare}


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 125
    assert text.startswith("![")
    pictures = [README.parent / name for name in re.findall(r"^!\[.*\]\((.*)\)$", text, re.M)]
    assert [picture.name for picture in pictures] == ["issue.png", "workbench.png"]
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 400_000


@pytest.mark.parametrize("path", [README, INSTALL, BRIEF_FILES, SITE, EXAMPLE])
def test_what_comes_in_is_said_to_be_public(path: Path) -> None:
    """Where notes of one's own are put in, and how to keep them: the default shows them."""
    assert Web().public
    text = path.read_text()
    assert re.search(r"public = (false|true)", text)
    assert "private by default" not in text.lower()


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_line_to_type_is_known(path: Path) -> None:
    """Ours are parsed here and run below; a target of make exists; a module can be run."""
    for words in command_lines(path):
        program = Path(words[0]).name.removesuffix("3")
        if (arguments := ours(words)) is not None:
            parser().parse_args(arguments)
        elif program == "make":
            assert all(re.search(rf"^{word}:", makefile(), re.M) for word in words[1:]), words
        else:
            assert program in NOT_OURS | {"cd"}, words
            assert program != "python" or find_spec(words[2]), words


def makefile() -> str:
    return (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_command_named_in_passing_is_one(path: Path) -> None:
    for text in re.findall(r"(?<!`)`newsletter ([^`\n]+)`(?!`)", path.read_text()):
        words = [PLACEHOLDERS.get(word, word) for word in shlex.split(text)]
        if words[-1] == "--help":
            words.pop()
        parser().parse_args(words)


@pytest.mark.parametrize("path", [INSTALL, OPERATING], ids=lambda path: path.stem)
def test_units_and_cron_lines_call_commands_that_exist(path: Path) -> None:
    started = re.findall(r"^ExecStart=(.*)", "".join(fences(path, "ini")), re.M)
    timed = re.findall(r"^(?:\S+ ){5} *newsletter +(\S.*)", "".join(fences(path, "cron")), re.M)
    assert started
    assert timed
    for line in started + timed:
        arguments = ours(shlex.split(line.partition(">")[0]))
        assert arguments, line
        assert parser().parse_args(arguments).config == f"{HOME}/config.toml"


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_piece_of_configuration_is_valid(path: Path) -> None:
    for text in fences(path, "toml"):
        config.settings(tomllib.loads(text))


def test_the_table_names_every_command_and_its_options() -> None:
    section = COMMANDS.read_text()
    table = {
        re.match(r"[a-z]+(?: [a-z]+){0,2}", cell)[0]: cell  # type: ignore[index]
        for cell in re.findall(r"^\| `([^`]+)` \|", section, re.M)
    }
    known = dict(commands(parser()))
    assert set(table) == set(known)
    for name, cell in table.items():
        options = {option for action in known[name]._actions for option in action.option_strings}
        assert set(re.findall(r"--[a-z0-9-]+", cell)) == options - {"-h", "--help", "--json"}, name


def test_it_is_told_which_commands_speak_json() -> None:
    sentence = re.search(r"([^.]*)take `--json`", COMMANDS.read_text().replace("\n", " "))
    assert sentence
    named = set(re.findall(r"`([a-z]+)`", sentence[1]))
    speaks = {name for name, command in commands(parser()) if "--json" in command.format_help()}
    assert named == {name.split()[0] for name in speaks} | {"export"}
    assert "subscribers export" not in speaks


def test_every_command_has_its_function() -> None:
    for name, command in commands(parser()):
        module, function = command.get_default("run").split(":")
        assert callable(getattr(import_module(f"newsletter.cli.{module}"), function)), name


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("docs/decisions/*.md")), ids=lambda path: path.stem
)
def test_a_decision_says_why_what_and_what_follows(path: Path) -> None:
    number = int(path.stem.partition("-")[0])
    assert path.read_text().startswith(f"# {number}. ")
    titles = re.findall(r"^\*\*(\w+)\.\*\*", path.read_text(), re.M)
    assert [title for title in titles if title != "Rejected"] == [
        "Context",
        "Decision",
        "Consequences",
    ]


def test_the_architecture_lists_the_rooms_that_there_are() -> None:
    text = ARCHITECTURE.read_text()
    assert len(text.splitlines()) < 90
    listed = re.findall(r"^  (\w+)/ ", fences(ARCHITECTURE, "text")[0], re.M)
    package = ROOT / "newsletter"
    rooms = {path.name for path in package.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert sorted(listed) == sorted(rooms | {"samples"})
    inner = {path.parent.name for path in package.glob("*/*/__init__.py")}
    assert inner <= set(re.findall(r"(\w+)/", fences(ARCHITECTURE, "text")[0]))
    outside = re.findall(r"^(\w+)/ ", fences(ARCHITECTURE, "text")[0], re.M)
    assert all((ROOT / name).is_dir() for name in outside)


def test_the_architecture_draws_the_arrows_that_are_checked() -> None:
    """A room stands in the list above those that it may import."""
    listed = re.findall(r"^  (\w+)/ ", fences(ARCHITECTURE, "text")[0], re.M)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(
        contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers"
    )
    levels = [[room.rpartition(".")[2] for room in layer.split(" | ")] for layer in layers]
    level = {room: number for number, rooms in enumerate(levels) for room in rooms}
    assert [level[room] for room in listed if room in level] == sorted(
        level[room] for room in listed if room in level
    )


@pytest.mark.parametrize("path", [ARCHITECTURE, CONTRIBUTING], ids=lambda path: path.stem)
def test_every_file_that_is_named_is_there(path: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+(?:/|\.(?:py|toml|md|html)))`", path.read_text())
    assert len(named) > 5
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "newsletter" / name).exists(), name


@pytest.mark.parametrize("path", [CONTRIBUTING], ids=lambda path: path.stem)
def test_every_name_in_code_that_is_named_is_there(path: Path) -> None:
    """Registries and classes of the lists of how to add a thing: `NAME` in `path/to/file.py`."""
    pairs = re.findall(r"`([A-Za-z_]+)` (?:in|of) `([\w/]+\.py)`", path.read_text())
    assert len(pairs) > 5
    for name, file in pairs:
        assert re.search(rf"\b{name}\b", (ROOT / "newsletter" / file).read_text()), (name, file)


def paper(sources: dict[str, str], *_places_and_language: object) -> Renderer:
    """The same templates are compiled once, however many commands are told of."""
    return _paper(tuple(sources.items()))


@cache
def _paper(sources: tuple[tuple[str, str], ...]) -> Renderer:
    return Renderer(dict(sources))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to stand in; `send` sets handlers for signals, and they are put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("newsletter.cli.ingest._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("newsletter.rendering.renderer.Renderer", paper)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield tmp_path
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.heavy
@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_its_commands_run_in_their_order(
    path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In process. What stays running is started below, the demo elsewhere and by CI."""
    home = f"{place}{HOME}"
    for words in command_lines(path):
        real = [word.replace(HOME, home) for word in words]
        arguments = ours(real)
        if real[0] == "cd":
            monkeypatch.chdir(real[1])
        elif arguments is not None and arguments[0] not in STAYS:
            assert main(arguments, clock=lambda: NOON, environment=FOLDER) == 0, words
            if arguments[0] == "init":
                furnish(Path(home))


def furnish(home: Path) -> None:
    """What the reader of the documents has by now: the configuration, briefs, readers."""
    (home / "config.toml").write_text(fences(INSTALL, "toml")[0])
    (home / "readers.csv").write_text(READERS)
    for day in (12, 13, 14):
        samples = ROOT / "newsletter" / "samples" / f"day-{day}"
        shutil.copytree(samples, home / "inbox" / samples.name, dirs_exist_ok=True)
    call = ["--config", str(home / "config.toml")]
    for words in (["ingest"], ["subscribers", "add", "you@example.org"]):
        assert main([*call, *words], clock=lambda: NOON, environment=FOLDER) == 0


@pytest.mark.heavy
@pytest.mark.parametrize("command", STAYS)
def test_what_stays_running_says_that_it_is_ready_and_ends_well(command: str, place: Path) -> None:
    """As a process, which goes by the real clock, where the guides have led."""
    assert any(command in words for path in GUIDES for words in command_lines(path))
    assert main(["init", "."], clock=lambda: NOON, environment=FOLDER) == 0
    (place / "config.toml").write_text(fences(INSTALL, "toml")[0])
    environment = os.environ | FOLDER | {
        "NEWSLETTER_WEB__PORT": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    assert main(["migrate"], clock=lambda: NOON, environment=environment) == 0
    with subprocess.Popen(
        [sys.executable, "-m", "newsletter", command],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        patience = Timer(120, process.kill)
        patience.start()
        line = wait_for_line(
            process.stdout, {"run": "running; ", "serve": "listening on "}[command]
        )
        if command == "serve":
            assert status_of(line.split()[2].rstrip(";"), "/u/test") == 404
        process.send_signal(signal.SIGTERM)
        output = process.stdout.read()
        assert process.wait() == 0, output
        patience.cancel()


def wait_for_line(output: IO[str], beginning: str) -> str:
    lines = []
    for line in output:
        lines.append(line)
        if beginning in line:
            return line
    raise AssertionError(f"it ended without {beginning!r}: {''.join(lines)}")


def status_of(address: str, path: str) -> int:
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=60)) as client:
        client.request("GET", path)
        with client.getresponse() as answer:
            return answer.status


def test_the_reliability_table_is_what_the_harness_counted() -> None:
    text = (ROOT / "docs" / "killed.jsonl").read_text()
    days = sorted((json.loads(line) for line in text.splitlines()), key=lambda day: day["senders"])
    columns = ("senders", "kills", "messages", "twice", "missing", "unknown", "different")
    rows = [" | ".join(f"{day[name]:,}" for name in columns) for day in days]
    assert sum(day["kills"] for day in days) >= 300
    for row in rows:
        assert f"| {row} |" in LEDGER.read_text()
