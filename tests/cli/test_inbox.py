"""An inbox that cannot be read: everything but reading goes on, and the operator hears of it."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from newsletter.bootstrap import App
from newsletter.cli.run import scheduled_jobs
from newsletter.domain.errors import StoreError
from newsletter.ingest.ingest import IngestReport
from tests.cli.conftest import House

ANN, BEA = "ann@letters.example", "bea@letters.example"

Break = Callable[[Path], object]


def remove(inbox: Path) -> None:
    shutil.rmtree(inbox)


def link_to_itself(inbox: Path) -> None:
    shutil.rmtree(inbox)
    inbox.symlink_to(inbox)


def link_to_nothing(inbox: Path) -> None:
    shutil.rmtree(inbox)
    inbox.symlink_to(inbox.with_name("unmounted"))


def forbid_listing(inbox: Path) -> None:
    inbox.chmod(0o300)


def forbid_opening(inbox: Path) -> None:
    inbox.chmod(0o600)


def forbid_all(inbox: Path) -> None:
    inbox.chmod(0)


not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
BROKEN = pytest.mark.parametrize(
    "break_",
    [
        remove,
        link_to_itself,
        link_to_nothing,
        pytest.param(forbid_listing, marks=not_as_root),
        pytest.param(forbid_opening, marks=not_as_root),
        pytest.param(forbid_all, marks=not_as_root),
    ],
)


@pytest.fixture
def ready(stocked: House) -> Iterator[House]:
    """Ann and Bea are due, and there is enough for an issue."""
    stocked.subscribe(ANN, BEA)
    yield stocked
    inbox = stocked.folder / "inbox"
    if inbox.is_dir():
        inbox.chmod(0o700)


@BROKEN
def test_send_delivers_what_is_there_and_says_what_is_wrong(ready: House, break_: Break) -> None:
    break_(ready.folder / "inbox")
    done = ready("send")
    assert (done.code, done.out) == (1, "2 sent\n")
    assert f"warning: no briefs were read: the inbox {ready.folder / 'inbox'} " in done.stderr
    assert len(ready.messages()) == 2


@BROKEN
def test_json_has_the_inbox_error(ready: House, break_: Break) -> None:
    assert ready("send", "--json", "--to", ANN).json["ingest_error"] is None
    break_(ready.folder / "inbox")
    done = ready("send", "--json")
    assert (done.code, done.json["sent"], done.json["new_briefs"]) == (1, 1, 0)
    assert done.json["ingest_error"].startswith("the inbox ")


@BROKEN
def test_run_delivers_what_is_there_and_says_what_is_wrong(
    ready: House, break_: Break, caplog: pytest.LogCaptureFixture
) -> None:
    break_(ready.folder / "inbox")
    alerts = ready.folder / "said"
    ready.environment["NEWSLETTER_ALERTS__COMMAND"] = f"['tee', '-a', '{alerts}']"
    app = App(str(ready.config), ready.environment, lambda: ready.now)
    jobs = scheduled_jobs(app, Event())
    with caplog.at_level(logging.INFO, "newsletter"):
        for _ in range(2):
            jobs.ingest()
            jobs.tick()
    app.close()
    assert [state for _, state, _ in ready.ledger()] == ["sent", "sent"]
    assert caplog.text.count("the inbox ") == 2
    assert alerts.read_text().count("No briefs can be read: the inbox ") == 1, "once a day"
    assert "A run stopped" not in alerts.read_text()


@BROKEN
def test_doctor_fails(ready: House, break_: Break) -> None:
    assert ready("doctor").code == 0
    break_(ready.folder / "inbox")
    done = ready("doctor", "--json")
    assert done.code == 1
    (line,) = [line for line in done.json if line["verdict"] == "fail"]
    assert line["check"] == "inbox"
    assert line["finding"].startswith("the inbox ")
    assert line["advice"]


@pytest.mark.parametrize("error", [StoreError("the disk is full"), OSError("a bad sector")])
def test_any_inbox_error_leaves_the_rest_to_be_sent(
    ready: House, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> IngestReport:
        raise error

    monkeypatch.setattr("newsletter.cli.send.ingest", fail)
    if isinstance(error, StoreError):
        assert ready("send").code == 1
    else:
        with pytest.raises(OSError, match="a bad sector"):
            ready("send")
    assert [state for _, state, _ in ready.ledger()] == ["sent", "sent"]


def test_the_inbox_may_be_one_file(ready: House) -> None:
    ready.environment["NEWSLETTER_INBOX__PATH"] = "inbox/00.json"
    assert ready("send").code == 0
    (line,) = [line for line in ready("doctor", "--json").json if line["check"] == "inbox"]
    assert line["verdict"] == "ok"


@pytest.mark.parametrize(
    "words",
    [["preview", "--out", "-"], ["explain"], ["send", "--dry-run"], ["send", "--test", ANN]],
)
def test_what_does_not_read_the_inbox_says_what_waits_there(ready: House, words: list[str]) -> None:
    assert "run `newsletter ingest`" not in ready(*words).stderr
    for name in ("one.json", "two.json"):
        ready.drop(name, f"Otters hold hands while they sleep, says {name} of the aquarium.")
    said = f"warning: 2 files wait in {ready.folder / 'inbox'}: run `newsletter ingest` first\n"
    assert ready(*words).stderr == said
    assert ready("send").stderr == "", "it reads them"
    assert ready(*words).stderr == ""


def test_an_inbox_that_cannot_be_read_hides_no_issue(ready: House) -> None:
    remove(ready.folder / "inbox")
    done = ready("explain")
    assert (done.code, done.stderr.count("\n")) == (0, 1)
    assert f"warning: the inbox {ready.folder / 'inbox'} is missing" in done.stderr
