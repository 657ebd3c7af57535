"""An older database is put back: what the journal knows is true in it again."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from newsletter.domain.errors import StoreError
from newsletter.domain.states import Transition
from newsletter.storage import (
    Store,
    ledger,
    send_queue,
    settlements,
    subscriber_states,
    subscribers,
)
from newsletter.storage.journal import Journal
from newsletter.storage.journal_lines import Change, Claim
from newsletter.storage.places import note
from newsletter.storage.replay import Replayed, catch_up
from newsletter.storage.settlements import Settled
from newsletter.storage.snapshot import save
from tests.builders import NOON, TODAY, subscribe
from tests.conftest import new_store
from tests.storage.test_ledger import LEASE, claim, fill, lease, states


@pytest.fixture
def yesterday(tmp_path: Path) -> Path:
    """A backup with three readers whose rows wait; after it all is delivered in their way."""
    store = new_store(tmp_path)
    fill(store, readers=4)
    save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    with store.writing() as db:
        subscribe(db, "late@example.org")
    claim(store)
    assert store.journal
    for row in (1, 2, 3):
        store.journal.offered(row, "me")
    store.journal.answered(1, "me", accepted=True)
    store.journal.answered(3, "me", accepted=False)
    with store.writing() as db:
        settlements.settle(db, "me", [Settled(1, Transition.ACCEPTED, NOON, {})])
        subscriber_states.leave(db, 2, NOON)
        subscriber_states.bounce(db, 3, NOON, "550")
        subscriber_states.leave(db, 4, NOON)
        four = subscribers.everyone(db)[-1]
        subscribers.add(db, "r3@example.org", four, NOON, resubscribe=True)
        subscriber_states.leave(db, 5, NOON)
    store.close()
    return tmp_path / "backup.db"


def put_back(backup: Path) -> Store:
    path = backup.with_name("newsletter.db")
    for end in ("-wal", "-shm"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    shutil.copyfile(backup, path)
    return Store(f"sqlite:///{path}")


def test_who_was_served_stays_so_and_who_left_stays_away(yesterday: Path) -> None:
    store = put_back(yesterday)
    done = catch_up(store)
    assert done.deliveries == {"sent": 1, "unknown": 1}
    assert done.readers == {"unsubscribed": 2, "bounced": 1}
    assert done.strangers == ["late@example.org"]
    assert [state for state, _ in states(store)] == ["sent", "unknown", "pending", "pending"]
    with store.reading() as db:
        now = {reader.address: reader.state for reader in subscribers.everyone(db)}
        assert subscribers.state_since(db, 3)[0] == NOON, "as it was, not as it is replayed"
    store.close()
    assert now == {
        "r0@example.org": "active",
        "r1@example.org": "unsubscribed",
        "r2@example.org": "bounced",
        "r3@example.org": "active",
        "late@example.org": "unsubscribed",
    }


def test_a_second_time_changes_nothing(yesterday: Path) -> None:
    store = put_back(yesterday)
    catch_up(store)
    assert catch_up(store) == Replayed()
    store.close()
    store = put_back(yesterday)
    assert catch_up(store).anything, "put back once more it is told once more"
    store.close()


def test_a_database_that_is_up_to_date_is_left_alone(sqlite: Store) -> None:
    fill(sqlite, readers=2)
    claim(sqlite)
    before = states(sqlite)
    assert catch_up(sqlite) == Replayed()
    assert states(sqlite) == before


def test_a_row_of_who_joined_since_keeps_them_from_a_second_copy(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    fill(store, readers=1)
    claim(store)
    assert store.journal
    store.journal.offered(1, "me")
    store.journal.answered(1, "me", accepted=True)
    store.close()
    store = put_back(tmp_path / "backup.db")
    assert catch_up(store).strangers == ["r0@example.org"]
    with store.reading() as db:
        (reader,) = subscribers.everyone(db)
        row = ledger.find(db, reader.id, TODAY)
    store.close()
    assert reader.state == "pending"
    assert row
    assert (row["state"], row["message_id"]) == ("sent", "<1@x>")


def test_a_claim_that_was_not_committed_changes_nothing(sqlite: Store) -> None:
    fill(sqlite, readers=2)

    class KilledError(Exception):
        pass

    def killed_before_the_commit() -> None:
        with sqlite.writing() as db:
            send_queue.claim(db, NOON, lease("dead", NOON + LEASE), 9, send_queue.Scope())
            sqlite._record(db, db.get_execution_options()["newsletter_records"])
            raise KilledError

    with pytest.raises(KilledError):
        killed_before_the_commit()
    assert catch_up(sqlite) == Replayed()
    assert states(sqlite) == [("pending", None)] * 2
    assert len(claim(sqlite)) == 2


def test_a_journal_of_another_database_is_refused(yesterday: Path, tmp_path: Path) -> None:
    another = tmp_path / "other"
    another.mkdir()
    store = new_store(another)
    fill(store)
    claim(store)
    store.close()
    shutil.copyfile(another / "newsletter.db", tmp_path / "newsletter.db")
    store = Store(f"sqlite:///{tmp_path / 'newsletter.db'}")
    with pytest.raises(StoreError, match=r"belongs to another database.*move the journal away"):
        catch_up(store)
    store.close()


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.heavy)])
def test_cut_at_any_byte_it_replays_what_is_left(yesterday: Path, step: int) -> None:
    """Never an error, never a reader's return made of half a line, and what is torn is told."""
    journal = yesterday.with_name("newsletter.db.journal")
    whole = journal.read_bytes()
    lines = [n for n in range(len(whole)) if whole[:n].endswith(b"\n")]
    for end in sorted({*range(0, len(whole), step), *lines, len(whole) - 1}):
        os.truncate(journal, end)
        store = put_back(yesterday)
        done = catch_up(store)
        assert done.unreadable <= 1
        assert {"sent": 1, "unknown": 1}.items() >= done.deliveries.items()
        store.close()
        with journal.open("r+b") as file:
            file.write(whole)


def test_no_new_database_is_made_beside_a_journal(yesterday: Path) -> None:
    """Restoring after that would not know who was served and who left."""
    path = yesterday.with_name("newsletter.db")
    path.unlink()
    with pytest.raises(StoreError, match="restore FILE"):
        Store(f"sqlite:///{path}", create=True)
    store = put_back(yesterday)
    assert catch_up(store).anything
    store.close()


def test_a_reader_keeps_the_number_that_is_in_the_links_of_their_messages(tmp_path: Path) -> None:
    """Else the link in a message already sent would unsubscribe somebody else."""
    store = new_store(tmp_path)
    save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    fill(store, readers=3)
    with store.writing() as db:
        zoe = subscribe(db, "zoe@example.org").id
        adam = subscribe(db, "adam@example.org").id
    store.close()
    assert (zoe, adam) == (4, 5)
    store = Store(f"sqlite:///{tmp_path}/newsletter.db")
    with store.writing() as db:
        for reader, name in ((zoe, "zoe"), (adam, "adam")):
            claimed = Claim(reader, "me", NOON, f"{name}@example.org", TODAY, f"<{name}>", reader)
            note(db, claimed)
    store.close()
    journal = Journal(tmp_path / "newsletter.db.journal")
    data = journal.path.read_bytes().replace(b"\nc ", b"\na ")
    journal.path.write_bytes(data)
    store = put_back(tmp_path / "backup.db")
    catch_up(store)
    with store.reading() as db:
        ids = {reader.address: reader.id for reader in subscribers.everyone(db)}
    store.close()
    assert ids["zoe@example.org"] == zoe
    assert ids["adam@example.org"] == adam


def test_coming_back_is_replayed_only_if_it_was_committed(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.writing() as db:
        reader = subscribe(db, "ann@example.org")
        subscriber_states.leave(db, reader.id, NOON)
    with suppress(RuntimeError), store.writing() as db:
        subscribers.add(db, "ann@example.org", reader, NOON, resubscribe=True)
        raise RuntimeError
    assert not catch_up(store).anything
    with store.writing() as db:
        subscribers.add(db, "ann@example.org", reader, NOON, resubscribe=True)
    assert not catch_up(store).anything, "the database knows it already"
    assert store.journal
    states = [
        record.state for _, record in store.journal.since(0).records if isinstance(record, Change)
    ]
    store.close()
    assert states == ["unsubscribed", "active"]


def test_a_journal_that_is_gone_is_missed(
    yesterday: Path, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday.with_name("newsletter.db.journal").unlink()
    store = Store(f"sqlite:///{yesterday.with_name('newsletter.db')}")
    catch_up(store)
    store.close()
    assert "is missing, or has lost its end" in caplog.text


def test_who_answered_that_they_are_still_there_is_not_silent_after_it(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.writing() as db:
        ann, bob = subscribe(db), subscribe(db, "bob@example.org")
    save(tmp_path / "newsletter.db", tmp_path / "backup.db")
    with store.writing() as db:
        subscriber_states.stay(db, ann.id, NOON)
    store.close()
    store = put_back(tmp_path / "backup.db")
    catch_up(store)
    with store.reading() as db:
        assert subscriber_states.last_sign(db, ann.id) == NOON
        assert subscriber_states.last_sign(db, bob.id) is None
    store.close()
