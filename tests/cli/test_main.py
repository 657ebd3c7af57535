import gc
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter import __version__
from newsletter.cli import _STAYING
from newsletter.cli.parser import parser
from newsletter.rendering.templates import read_templates
from tests.cli.conftest import CONFIG, ROOT, House, fill

HEAVY = set(
    "sklearn sqlalchemy premailer apscheduler alembic jinja2 numpy tqdm babel markdown_it".split()
)
PARTS = {"newsletter.services.publish", "newsletter.web", "newsletter.ranking.selection"}


def loaded_by(words: list[str], folder: Path, now: datetime | None = None) -> set[str]:
    """The modules that a command brought in."""
    instant = (now or datetime.now(UTC)).isoformat()
    code = (
        "import sys\nfrom datetime import datetime\nfrom newsletter.cli import main\n"
        f"now = datetime.fromisoformat({instant!r})\n"
        f"try: main({words!r}, clock=lambda: now)\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=surroundings, capture_output=True, check=True
    )
    return set(done.stderr.decode().split())


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    modules = loaded_by(["--help"], tmp_path)
    assert "newsletter.cli.parser" in modules
    assert not modules & (HEAVY | {"newsletter.config", "newsletter.edges"})


def test_status_imports_the_store_and_little_more(house: House) -> None:
    modules = loaded_by(["status"], house.folder)
    assert "sqlalchemy" in modules
    assert not modules & (HEAVY - {"sqlalchemy"} | PARTS)
    assert "sqlalchemy.dialects.postgresql" not in modules


SENDING = {"cryptography", "dns", "email_validator", "idna", "markupsafe", "smtplib"}
"""What only a run that reads, checks or sends something needs, beside all that is heavy."""
READING = {"markdown_it", "yaml", "Stemmer", "newsletter.ingest.parsers"}


@pytest.mark.heavy
def test_a_send_in_which_nobody_is_due_brings_in_what_the_ledger_needs(house: House) -> None:
    house.stock(0, 12)
    house.subscribe("ann@example.org")
    modules = loaded_by(["send"], house.folder, house.now.replace(hour=5))
    assert "newsletter.delivery.worker_pool" in modules
    assert not modules & (HEAVY - {"sqlalchemy"} | SENDING | READING)


@pytest.mark.heavy
def test_only_the_parsers_of_the_files_that_are_new_are_loaded(house: House) -> None:
    (house.folder / "inbox" / "a.txt").write_text(
        "A moored ship swings with the tide, not the wind."
    )
    modules = loaded_by(["ingest"], house.folder, house.now)
    assert "newsletter.ingest.parsers.text" in modules
    assert not modules & {"lxml", "newsletter.ingest.parsers.csv", "newsletter.ingest.parsers.html"}


def test_what_is_wrong_with_the_templates_is_told_before_anything_is_claimed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.rendering.templates.read_templates", read_templates)
    house.stock(0, 12)
    house.subscribe("ann@example.org")
    folder = house.folder / "own"
    folder.mkdir()
    (folder / "issue.txt").write_text("{% if %}", encoding="utf-8")
    house.environment["NEWSLETTER_NEWSLETTER__TEMPLATES"] = "own"
    told = house("send", "--now")
    assert told.code == 2
    assert "issue.txt, line 1" in told.stderr
    assert house.ledger() == [("ann@example.org", "pending", None)]
    del house.environment["NEWSLETTER_NEWSLETTER__TEMPLATES"]
    assert house("send", "--now").code == 0
    assert len(house.messages()) == 1


@pytest.mark.heavy
def test_an_issue_is_chosen_and_sent_without_what_is_slow_to_import(house: House) -> None:
    house.subscribe("ann@example.org", options=["--interests", "sleep, energy grids"])
    fill(house.folder / "inbox", 0, 12, f"{datetime.now(UTC).date()}")
    modules = loaded_by(["send", "--now"], house.folder)
    assert house.messages()
    assert "numpy" in modules
    assert not modules & {"premailer", "cssutils", "sklearn", "alembic"}
    assert not modules & {"scipy", "numpy.f2py", "numpy.ma", "numpy.testing", "unittest"}


@pytest.mark.parametrize("words", [["status"], ["subscribers", "list"]])
def test_a_short_command_collects_no_rubbish(house: House, words: list[str]) -> None:
    kept = gc.get_threshold()
    try:
        assert house(*words).code == 0
        assert gc.get_threshold()[0] > 100_000
    finally:
        gc.set_threshold(*kept)


def test_what_goes_on_for_days_collects_as_often_as_python_has_it() -> None:
    words = [run.partition(":")[2] for run in sorted(_STAYING)]
    assert {parser().parse_args([word]).run for word in words} == _STAYING


def test_python_m_newsletter_is_the_command(house: House) -> None:
    started = house.process("subscribers", "list", "--json")
    out, err = started.communicate(timeout=120)
    assert (started.returncode, json.loads(out), err) == (0, [], "")


def test_help_and_version_exit_with_0(house: House) -> None:
    assert "a first day:" in house.bare("--help").out
    assert house.bare("--help").code == 0
    assert house.bare("--version").out == f"newsletter {__version__}\n"
    assert "--dry-run" in house.bare("send", "--help").out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sned"],
        ["subscribers"],
        ["status", "--date", "yesterday"],
        ["status", "--date", "2026-02-30"],
        ["preview", "--date", "0001-01-01"],
        ["send", "--date", "9999-12-31"],
        ["preview", "--text", "--eml"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "http"],
        ["subscribers", "add"],
        ["subscribers", "add", "ann@letters.example", "--hour", "seven"],
        ["subscribers", "list", "--state", "asleep"],
        ["send", "--as", "ann@letters.example"],
        ["send", "--test", "ann@letters.example", "--dry-run"],
        ["send", "--test", "ann@letters.example", "--now"],
        ["preview", "--out", "-", "--why"],
        ["preview", "--out", "-", "--open"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_so_on_standard_error(
    house: House, words: list[str]
) -> None:
    done = house(*words)
    assert (done.code, done.stdout) == (2, b"")
    assert "newsletter" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--json"],
        ["ingest"],
        ["preview"],
        ["explain", "--json"],
        ["send"],
        ["send", "--dry-run"],
        ["run"],
        ["serve"],
        ["migrate"],
        ["subscribers", "list"],
        ["subscribers", "add", "ann@letters.example"],
    ],
)
def test_without_a_configuration_every_command_says_how_to_make_one(
    house: House, words: list[str]
) -> None:
    done = house.bare("--config", str(house.folder / "none.toml"), *words)
    assert (done.code, done.stdout) == (2, b"")
    assert "none.toml is missing: make one with `newsletter init`" in done.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[newsletter\n", "is not valid TOML: Expected ']'"),
        ("[newsletter]\nnaem = 'x'\n", "newsletter.naem: there is no such key; did you mean"),
        ("[newsletter]\ntimezone = 'Mars'\n", "newsletter.timezone: no zone is called 'Mars'"),
    ],
)
def test_a_broken_configuration_is_one_line(house: House, text: str, complaint: str) -> None:
    house.config.write_text(text, encoding="utf-8")
    done = house("status")
    assert (done.code, done.stdout) == (2, b"")
    assert done.stderr.startswith(f"newsletter: {house.config}")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_invalid_variable_is_one_line(house: House) -> None:
    house.environment["NEWSLETTER_SELECTION__COUNT"] = "several"
    done = house("status")
    assert done.code == 2
    assert done.stderr.startswith("newsletter: NEWSLETTER_SELECTION__COUNT: selection.count: ")


def test_the_configuration_is_named_by_option_by_variable_or_by_place(
    house: House, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = f"{house.folder / 'inbox'}"
    assert house("status", "--json").json["inbox"] == inbox
    house.environment["NEWSLETTER_CONFIG"] = os.path.relpath(house.config, elsewhere)
    assert house.bare("status", "--json").json["inbox"] == f"{elsewhere}/../news/inbox"
    house.environment["NEWSLETTER_CONFIG"] = str(elsewhere / "none.toml")
    assert house.bare("status").code == 2
    assert house("status").code == 0, "the option counts for more"
    house.environment.clear()
    monkeypatch.chdir(house.folder)
    assert house.bare("status", "--json").json["inbox"] == inbox


def test_relative_paths_are_relative_to_the_configuration(house: House, elsewhere: Path) -> None:
    house.config.write_text(
        CONFIG
        + "[inbox]\npath = 'in/tray'\n[store]\nurl = 'sqlite:///data.db'\n"
        + "[delivery.folder]\npath = 'out'\n[web]\nsecret_file = 'key'\n"
    )
    (house.folder / "in/tray").mkdir(parents=True)
    (house.folder / "newsletter.secret").rename(house.folder / "key")
    (house.folder / "inbox").rmdir()
    (house.folder / "inbox").symlink_to("in/tray")
    assert house("migrate").code == 0
    house.stock()
    house.subscribe("ann@letters.example")
    assert house("send", "--json").json["sent"] == 1
    assert [path.name for path in (house.folder / "out").rglob("*.eml")] == [
        "ann@letters.example.eml"
    ]
    assert (house.folder / "data.db").exists()
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "--json"],
        ["ingest", "--dropped", "--json"],
        ["send", "--json"],
        ["send", "--now", "--json"],
        ["send", "--dry-run", "--json"],
        ["explain", "--json"],
        ["status", "--json"],
        ["subscribers", "list", "--json"],
        ["subscribers", "list", "--state", "bounced", "--json"],
        ["subscribers", "add", "ann@letters.example", "--json"],
    ],
)
def test_json_output_is_pure_on_an_empty_newsletter(house: House, words: list[str]) -> None:
    done = house(*words)
    assert done.code == 0
    assert isinstance(done.json, dict | list)
    assert done.stdout.isascii()


def test_json_output_is_pure_when_something_fails(house: House) -> None:
    house.drop("empty.txt")
    (house.folder / "inbox/empty.txt").write_text("")
    house.drop("one.json", "Bees count to four.")
    done = house("ingest", "--json")
    assert (done.code, done.json["rejected"]["new"]) == (1, 1)
    for words in (["subscribers", "show", "nobody@letters.example", "--json"], ["explain", "--to"]):
        assert house(*words).stdout == b""


@pytest.mark.parametrize("command", ["status", "ingest", "preview", "send", "migrate"])
def test_a_file_that_is_no_database_is_reported_and_not_touched(house: House, command: str) -> None:
    database = house.folder / "newsletter.db"
    database.write_text("Shopping: eggs, flour, twine. " * 40)
    done = house(command)
    assert done.code == 1
    assert "store.url names a file that is something else" in done.stderr
    assert database.read_text().startswith("Shopping")


def test_an_invalid_database_address_names_the_key(house: House) -> None:
    house.environment["NEWSLETTER_STORE__URL"] = "newsletter.db"
    assert "store.url is no database address" in house("status").stderr
    assert house("status").code == 2


@pytest.mark.parametrize("command", ["preview", "send", "serve"])
def test_a_secret_that_is_missing_or_open_to_others_stops_what_needs_it(
    house: House, command: str
) -> None:
    house.stock()
    secret = house.folder / "newsletter.secret"
    secret.chmod(0o644)
    assert house(command).code == 2
    assert f"chmod 600 {secret}" in house(command).stderr
    secret.write_text("short")
    secret.chmod(0o600)
    assert "too short" in house(command).stderr
    secret.unlink()
    assert f"{secret} is missing: restore it from the backup" in house(command).stderr
    secret.mkdir()
    errors = house(command).stderr
    assert f"{secret} cannot be read (Is a directory): it must be a file of the user" in errors
    assert "init" not in errors
    assert house("status").code == 0, "looking on needs no secret"


@pytest.mark.heavy
@pytest.mark.parametrize(
    "command",
    [
        "status",
        "subscribers list --json",
        "subscribers export",
    ],
)
def test_output_that_cannot_be_written_is_one_line(house: House, command: str) -> None:
    shell = f"{sys.executable} -m newsletter {command} > /dev/full"
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", shell], cwd=house.folder, env=surroundings, capture_output=True, check=False
    )
    errors = b"newsletter: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, errors)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "ingest",
        "preview --date 2026-03-14 --text --out -",
    ],
)
def test_closed_output_is_reported_if_it_was_needed(stocked: House, command: str) -> None:
    shell = f"{sys.executable} -m newsletter {command} >&-"
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=stocked.folder,
        env=surroundings,
        capture_output=True,
        check=False,
    )
    errors = b"newsletter: standard output cannot be written: it is closed\n"
    quiet = command in ("ingest", "status")
    assert (done.returncode, done.stderr) == ((0, b"") if quiet else (1, errors))


@pytest.mark.heavy
def test_letters_missing_in_the_locale_are_escaped(house: House) -> None:
    house.environment["PYTHONIOENCODING"] = "ascii"
    house.subscribe("ann@letters.example", options=["--interests", "Öl"])
    out, err = house.process("subscribers", "list").communicate(timeout=120)
    assert (err, "\\xd6l" in out) == ("", True)


@pytest.mark.parametrize("words", [["status", "\x1b[31mx"], ["sub\nscribers"], ["x\u2028y"]])
def test_typed_control_characters_are_escaped(house: House, words: list[str]) -> None:
    done = house(*words)
    assert done.code == 2
    assert done.stderr.replace("\n", "").isprintable()
    assert words[-1] not in done.stderr


def test_a_log_record_is_one_line() -> None:
    code = (
        "import logging\nfrom newsletter.cli.output import set_up_log\nset_up_log()\n"
        "try: raise ValueError('one\\n2026-03-14 INFO forged')\n"
        "except ValueError as error: logging.error('%s\\x1b[2J', error, exc_info=error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    first, *rest = done.stderr.splitlines()
    assert first.endswith(r" ERROR one\n2026-03-14 INFO forged\x1b[2J")
    assert rest
    assert all(line.startswith("  | ") for line in rest)


@pytest.mark.heavy
def test_a_closed_pipe_ends_quietly(house: House) -> None:
    house.subscribe("ann@letters.example")
    shell = f"{sys.executable} -m newsletter subscribers export | true"
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", shell], cwd=house.folder, env=surroundings, capture_output=True, check=True
    )
    assert done.stderr == b""
