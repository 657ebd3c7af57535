"""Erasing: nothing of a person is left in the database and its journal, and nothing brings them
back: no import, no command, no backup. They themselves may come."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from newsletter.domain.errors import UsageError
from newsletter.domain.model import Vote
from newsletter.domain.notices import Purpose
from newsletter.services.audit import record
from newsletter.services.personal_data import about, erase_reader
from newsletter.services.subscriber_import import import_subscribers
from newsletter.services.subscriptions import Defaults, Result, leave, subscribe
from newsletter.storage import Store, ledger, notices, subscriber_states, subscribers, votes
from newsletter.storage.replay import catch_up
from newsletter.storage.schema import audit, delivery, metadata
from newsletter.storage.snapshot import save
from tests.builders import NOON, TODAY
from tests.conftest import new_store
from tests.storage.test_ledger import an_issue, claim, entry
from tests.storage.test_replay import put_back

ADDRESS = "mira.sorensen@harbour.example"
TRACES = ("mira", "harbour", "tide tables")
SECRET = b"a secret of the tests"
DEFAULTS = Defaults("UTC", 7)


def fill(store: Store) -> int:
    """A reader with something in every table that is about readers."""
    wishes = {"name": "Mira Sørensen", "interests": "tide tables", "language": "fr"}
    subscribe(store, ADDRESS, wishes, DEFAULTS, NOON - timedelta(days=3), secret=SECRET)
    subscribe(store, "other@example.org", {}, DEFAULTS, NOON, secret=SECRET)
    with store.writing() as db:
        reader = subscribers.find(db, ADDRESS)
        assert reader
        ledger.enter(db, [entry(reader, an_issue(db))], NOON)
        votes.record(db, reader.id, Vote(1, "more", NOON))
        notices.ask(db, reader.id, Purpose.LINK, TODAY, NOON)
        row = {"at": NOON, "entrance": "cli", "who": "x", "action": "add", "about": ADDRESS}
        db.execute(audit.insert().values(row))
    claim(store)
    return reader.id


def erase(store: Store) -> None:
    with store.reading() as db:
        reader = subscribers.find(db, ADDRESS)
    assert reader
    erase_reader(store, reader, SECRET, NOON)


def told(store: Store) -> str:
    """Every value of every table, and the journal."""
    with store.reading() as db:
        rows = [str(db.execute(select(table)).all()) for table in metadata.sorted_tables]
    journal = (
        store.journal.path.read_text() if store.journal and store.journal.path.exists() else ""
    )
    return "\n".join([*rows, journal]).lower()


def test_a_reader_gets_everything_and_can_have_it_erased(store: Store) -> None:
    number = fill(store)
    assert all(trace in told(store) for trace in TRACES)
    kept = msgspec.json.decode(msgspec.json.encode(about(store, number, NOON)))
    assert kept["subscriber"]["interests"] == "tide tables"
    assert [pick["text"] for pick in kept["delivery"][0]["picks"]] == ["One."]
    assert {name for name, rows in kept.items() if rows} >= {"vote", "notice", "recipient"}
    erase(store)
    left = told(store)
    assert [trace for trace in TRACES if trace in left] == []
    with store.reading() as db:
        [row] = db.execute(select(delivery)).mappings()
        assert (row["state"], row["reason"]) == ("skipped", "cancelled")
        assert subscribers.counts(db) == {"active": 1}
        assert [reader.address for reader in subscribers.everyone(db)] == ["other@example.org"]
        assert subscribers.state_of(db, number) is None


@pytest.mark.parametrize("typed", [ADDRESS.upper(), f"Mira <{ADDRESS}>", ADDRESS.title()])
def test_the_audit_forgets_them_however_the_address_was_typed(store: Store, typed: str) -> None:
    fill(store)
    record(store, NOON, "desk", "olga", "send --test", typed)
    erase(store)
    assert "mira" not in told(store)


def test_nothing_but_their_own_wish_brings_them_back(store: Store) -> None:
    number = fill(store)
    erase(store)
    with store.writing() as db:
        subscriber_states.rejoin(db, number, NOON)
        assert subscriber_states.leave(db, number, NOON) is False
    text = b"email\nMira.Sorensen@harbour.example\nnew@example.org\n"
    report = import_subscribers(store, text, "people.csv", DEFAULTS, NOON, SECRET)
    assert (report.added, list(report.refused)) == (1, [2])
    assert "had everything about them erased" in report.refused[2]
    with pytest.raises(UsageError, match="had everything about them erased"):
        subscribe(store, ADDRESS, {}, DEFAULTS, NOON, secret=SECRET)
    _, result = subscribe(store, ADDRESS, {}, DEFAULTS, NOON, resubscribe=True, secret=SECRET)
    assert result is Result.ADDED
    erase(store)  # a second time: both rows stay, and the hash is still known
    with pytest.raises(UsageError, match="had everything about them erased"):
        subscribe(store, ADDRESS, {}, DEFAULTS, NOON, secret=SECRET)


@pytest.mark.parametrize("before", ["joining", "erasing"])
def test_a_backup_that_is_put_back_loses_them_again(tmp_path: Path, before: str) -> None:
    store = new_store(tmp_path)
    if before == "joining":
        save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    fill(store)
    if before == "erasing":
        save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    with store.reading() as db:
        reader = subscribers.find(db, ADDRESS)
    assert reader
    leave(store, reader, NOON)
    erase(store)
    store.close()
    old = put_back(tmp_path / "backup.db")
    catch_up(old)
    left = told(old)
    assert [trace for trace in TRACES if trace in left] == []
    with pytest.raises(UsageError, match="had everything about them erased"):
        subscribe(old, ADDRESS, {}, DEFAULTS, NOON, secret=SECRET)
    old.close()
