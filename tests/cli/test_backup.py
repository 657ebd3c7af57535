"""Backup and restore as the operator runs them, and a database put back by hand."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import IO

import pytest

from newsletter.storage.schema import HEAD
from tests.builders import NOON
from tests.cli.conftest import House
from tests.smtp_server import SmtpServer

ANN, BEA, CLEO, DORA = (f"{name}@letters.example" for name in ("ann", "bea", "cleo", "dora"))


@pytest.fixture
def mailing(stocked: House, server: SmtpServer) -> House:
    with stocked.config.open("a") as config:
        config.write(
            f'[delivery]\nchannel = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\n'
            f'security = "none"\nport = {server.port}\n'
        )
    stocked.subscribe(ANN, BEA, CLEO)
    return stocked


def backed_up(house: House) -> Path:
    path = house.folder.parent / "backup.db"
    assert house("backup", str(path)).code == 0
    return path


def by_hand(house: House, backup: Path) -> None:
    """As an operator does it who has not read the manual."""
    shutil.copyfile(backup, house.folder / "newsletter.db")


def test_yesterdays_backup_serves_nobody_twice_and_brings_nobody_back(
    mailing: House, server: SmtpServer
) -> None:
    backup = backed_up(mailing)
    mailing.subscribe(DORA)
    assert mailing("send", "--json").json["sent"] == 4
    assert mailing("subscribers", "remove", BEA).code == 0
    done = mailing("restore", str(backup))
    assert done.code == 0
    assert "4 deliveries sent, 1 reader unsubscribed" in done.out
    assert f"pending until you add them again: {DORA}" in done.out
    assert "not known after the restore" in done.out
    assert (done.stderr, mailing("send", "--json").json["sent"]) == ("", 0)
    assert len(server.messages) == 4
    assert "is not known: it is sent" in mailing("explain", "--to", ANN).stderr
    assert "by the operator" in mailing("subscribers", "show", BEA).out
    assert mailing("subscribers", "add", DORA).code == 0
    assert mailing("send", "--now", "--json").json["sent"] == 0
    states = {row["address"]: row["state"] for row in mailing("subscribers", "list", "--json").json}
    assert states == {ANN: "active", BEA: "unsubscribed", CLEO: "active", DORA: "active"}


def test_with_nothing_to_replay_nothing_is_unknown(mailing: House) -> None:
    backup = backed_up(mailing)
    done = mailing("restore", str(backup))
    assert (done.code, "from the journal: nothing to replay" in done.out) == (0, True)
    mailing("send")
    backup.unlink()
    assert mailing("backup", str(backup)).code == 0
    later = mailing("restore", str(backup))
    assert (later.code, "from the journal: nothing to replay" in later.out) == (0, True)
    assert "known" not in done.out + later.out


def test_a_copy_put_back_by_hand_is_found_by_the_next_command(
    mailing: House, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    backup = backed_up(mailing)
    assert mailing("send", "--json").json["sent"] == 3
    mailing("subscribers", "remove", BEA)
    by_hand(mailing, backup)
    done = mailing("send", "--json")
    assert (done.code, done.json["sent"]) == (0, 0)
    warning = "the database was older than its journal, which says: 3 deliveries sent"
    assert warning in caplog.text
    assert len(server.messages) == 3
    caplog.clear()
    assert mailing("send").code == 0
    assert not caplog.text, "it is told once"


def test_a_backup_from_before_there_was_a_journal(mailing: House, server: SmtpServer) -> None:
    """It knows of none: all that the journal has is newer."""
    backup = backed_up(mailing)
    with connect(backup) as db:
        assert db.execute("SELECT count(*) FROM mark WHERE name LIKE 'journal%'").fetchone() == (0,)
    db.close()
    mailing("send")
    by_hand(mailing, backup)
    assert mailing("send", "--json").json["sent"] == 0
    assert len(server.messages) == 3


def test_without_a_journal_restore_says_what_it_cannot_know(mailing: House) -> None:
    backup = backed_up(mailing)
    mailing("send")
    (mailing.folder / "newsletter.db.journal").unlink()
    done = mailing("restore", str(backup))
    assert done.code == 0
    assert "there is no journal: the readers who were served or left since" in done.out
    assert "newsletter cancel --date" in done.out


def test_the_database_that_was_there_is_kept(mailing: House) -> None:
    backup = backed_up(mailing)
    mailing("send")
    mailing("restore", str(backup))
    (kept,) = mailing.folder.glob("newsletter.db.before-*")
    with connect(kept) as db:
        assert db.execute("SELECT count(*) FROM delivery WHERE state = 'sent'").fetchone() == (3,)
    db.close()


@pytest.mark.parametrize("lost", ["absent", "damaged"])
def test_it_restores_where_the_database_is_lost(mailing: House, lost: str) -> None:
    backup = backed_up(mailing)
    mailing("send")
    path = mailing.folder / "newsletter.db"
    path.unlink()
    if lost == "damaged":
        path.write_bytes(b"what a bad disk left " * 1000)
    assert mailing("restore", str(backup)).code == 0
    assert mailing("send", "--json").json["sent"] == 0


def test_no_command_makes_a_new_database_beside_the_journal(mailing: House) -> None:
    """Who makes one and restores after that would serve everybody again."""
    backup = backed_up(mailing)
    assert mailing("send", "--json").json["sent"] == 3
    (mailing.folder / "newsletter.db").unlink()
    refused = mailing("migrate")
    assert (refused.code, "restore FILE" in refused.stderr) == (1, True)
    assert mailing("restore", str(backup)).code == 0
    assert mailing("send", "--now", "--json").json["sent"] == 0


def test_wrong_use_is_told(mailing: House, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("dear diary")
    for words, complaint in {
        ("backup", str(notes)): "is there already",
        ("backup", str(tmp_path / "no" / "copy.db")): "cannot be written: No such file",
        ("restore", str(notes)): "is no database of a newsletter",
        ("restore", str(tmp_path / "none.db")): "is missing",
        ("restore", str(mailing.folder / "newsletter.db")): "is the database itself",
    }.items():
        done = mailing(*words)
        assert done.code in (1, 2)
        assert complaint in done.stderr
    mailing.environment["NEWSLETTER_STORE__URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    for command in ("backup", "restore"):
        done = mailing(command, str(tmp_path / "x"))
        assert (done.code, "pg_dump" in done.stderr) == (2, True)


def test_what_waited_for_approval_waits_again(mailing: House, server: SmtpServer) -> None:
    """What was approved, edited and sent since is told by the journal and by the list."""
    mailing.environment["NEWSLETTER_SCHEDULE__APPROVAL"] = "true"
    mailing.now = NOON.replace(hour=6)
    mailing("send")
    assert len(mailing("status", "--json").json["approvals"]) == 1
    backup = backed_up(mailing)
    mailing("approve", "--date", "2026-03-14")
    mailing.now = NOON.replace(hour=7)
    server.fail("RCPT", "451 4.2.0 later", recipient=BEA)
    assert mailing("send", "--json").json["sent"] == 2
    done = mailing("restore", str(backup))
    assert "from the journal: 2 deliveries sent" in done.out
    assert "approvals and resolved deliveries since: do them again" in done.out
    [waits] = mailing("status", "--json").json["approvals"]
    assert (waits["readers"], waits["approval"]) == (1, None)
    assert mailing("send", "--json").json["sent"] == 0
    assert mailing("approve", "--date", "2026-03-14").code == 0
    assert mailing("send", "--json").json["sent"] == 1
    recipients = sorted(message.recipient for message in server.messages)
    assert recipients == [ANN, BEA, CLEO]


@pytest.fixture
def working(house: House, server: SmtpServer) -> Iterator["subprocess.Popen[str]"]:
    """``run``, which has done its first round."""
    house.subscribe(ANN)
    process = house.process("run")
    until(process.stderr, "running;")
    time.sleep(1)
    yield process
    process.kill()
    process.communicate()


def until(stream: IO[str] | None, text: str) -> None:
    assert stream
    for line in stream:
        if text in line:
            return
    pytest.fail(f"it never said {text!r}")


@pytest.mark.heavy
def test_it_refuses_while_something_runs_and_backs_up_all_the_same(
    house: House, working: "subprocess.Popen[str]"
) -> None:
    backup = backed_up(house)
    done = house("restore", str(backup))
    assert done.code == 1
    assert "something runs on the database" in done.stderr
    assert not list(house.folder.glob("*.before-*"))
    working.send_signal(signal.SIGTERM)
    assert working.wait(60) == 0
    assert house("restore", str(backup)).code == 0


def migrate_with_a_newer_program(house: House) -> None:
    with connect(house.folder / "newsletter.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()


NEWER = f"the database stands at 9999, this program knows {HEAD}: install the newer program"


@pytest.mark.parametrize("words", [("send",), ("run",), ("serve",), ("migrate",), ("status",)])
def test_a_newer_database_has_one_advice(house: House, words: tuple[str, ...]) -> None:
    migrate_with_a_newer_program(house)
    done = house(*words)
    assert (done.code, done.stderr) == (1, f"newsletter: {NEWER}\n")


def test_doctor_gives_the_same(house: House) -> None:
    migrate_with_a_newer_program(house)
    (line,) = (line for line in house("doctor", "--json").json if line["check"] == "database")
    assert f"{line['finding']}: {line['advice']}" == NEWER
    assert line["verdict"] == "fail"


@pytest.mark.heavy
def test_a_running_scheduler_stops_with_it(house: House, working: "subprocess.Popen[str]") -> None:
    migrate_with_a_newer_program(house)
    _, errors = working.communicate(timeout=90)
    assert (working.returncode, NEWER in errors) == (1, True)


@pytest.mark.heavy
def test_a_running_server_stops_with_it(house: House) -> None:

    process = house.process("serve", "--port", "0")
    assert process.stdout
    assert process.stdout.readline().startswith("listening")
    migrate_with_a_newer_program(house)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, NEWER in errors) == (1, True)


def test_what_only_the_journal_knows_is_not_sent_again(mailing: House, server: SmtpServer) -> None:
    backup = backed_up(mailing)
    server.fail("DOT", "drop", recipient=ANN)
    mailing("send")
    assert mailing("restore", str(backup)).code == 0
    assert mailing("deliveries", "--state", "unknown").code == 0
    refused = mailing("deliveries", "resolve", "--as", "pending")
    assert (refused.code, "cannot be sent again" in refused.stderr) == (2, True)
    assert mailing("deliveries", "resolve", "--as", "sent").code == 0
    assert mailing("send", "--now").code == 0


@pytest.mark.parametrize("damage", ["bytes", "revision", "name"])
def test_a_backup_that_cannot_be_used_is_refused_in_words(mailing: House, damage: str) -> None:
    backup = backed_up(mailing)
    if damage == "bytes":
        data = bytearray(backup.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)
        backup.write_bytes(data)
    elif damage == "revision":
        with closing(connect(backup)) as db, db:
            db.execute("DROP TABLE delivery")
    else:
        backup = backup.with_name("n" * 300)
    refused = mailing("restore", str(backup))
    assert refused.code in (1, 2)
    assert "Traceback" not in refused.stderr
    assert refused.stderr.startswith("newsletter: ")
