"""The file beside the database: what a dead sender's rows are judged by, whatever befell it."""

import os
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import StoreError
from newsletter.domain.states import Transition
from newsletter.storage import Store, leases, recovery, send_queue
from newsletter.storage.journal import Journal, Place
from newsletter.storage.journal_lines import (
    ACCEPTED,
    ANSWERED,
    CHANGED,
    CLAIMED,
    OFFERED,
    Change,
    Claim,
)
from tests.builders import NOON, TODAY
from tests.conftest import new_store
from tests.storage.test_ledger import LEASE, claim, fill, lease, states, steady

AT = NOON.astimezone(UTC)
OVER = NOON + LEASE


def a_claim(row: int, owner: str = "me", at: datetime = AT) -> Claim:
    return Claim(row, owner, at, f"r{row}@example.org", TODAY, f"<{row}@x>")


def of(row: int, owner: str = "me", at: datetime = AT) -> tuple[int, str, datetime]:
    return row, owner, at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "newsletter.db.journal"


def written(path: Path, rows: int = 4) -> Journal:
    """Row 2 was offered, row 3 accepted, row 4 refused."""
    journal = Journal(path)
    journal.append([a_claim(row) for row in range(1, rows + 1)], None)
    for row in (2, 3, 4):
        journal.offered(row, "me")
    journal.answered(3, "me", accepted=True)
    journal.answered(4, "me", accepted=False)
    return journal


TRUE = {of(1): CLAIMED, of(2): OFFERED, of(3): ACCEPTED, of(4): ANSWERED}


def test_what_was_written_is_read_by_another_process(path: Path) -> None:
    written(path)
    assert Journal(path).states(set(TRUE)) == TRUE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_claim_is_known_by_its_row_owner_and_instant(path: Path) -> None:
    journal = written(path)
    later = AT.replace(minute=1)
    assert journal.states({of(1, "you"), of(9), of(1, at=later)}) == {}


def test_nothing_is_made_before_there_is_something_to_write(path: Path) -> None:
    journal = Journal(path)
    assert journal.place() is None
    assert journal.states({of(1)}) == {}
    journal.offered(1, "me")
    assert not path.exists()


def test_cut_at_every_byte_it_says_less_and_nothing_false(path: Path) -> None:
    written(path).close()
    whole = path.read_bytes()
    for end in range(len(whole)):
        os.truncate(path, end)
        found = Journal(path).states(set(TRUE))
        assert found.items() <= TRUE.items()
        with path.open("r+b") as file:  # the same inode: nobody put a copy there
            file.write(whole)
    assert Journal(path).states(set(TRUE)) == TRUE


@given(place=st.integers(0, 2_000), value=st.integers(0, 255))
def test_with_any_byte_changed_it_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    path = tmp_path_factory.mktemp("changed") / "journal"
    written(path).close()
    with path.open("r+b") as file:
        file.seek(place % path.stat().st_size)
        file.write(bytes([value]))
    assert set(Journal(path).states(set(TRUE))) <= set(TRUE)
    with suppress(ValueError):  # where the first line is torn
        assert Journal(path).since(0).unreadable <= 2


def test_after_a_torn_line_the_next_one_stands_alone(path: Path) -> None:
    written(path, 4).close()
    os.truncate(path, path.stat().st_size - 10)
    journal = Journal(path)
    journal.append([a_claim(5)], None)
    assert journal.states({of(5)}) == {of(5): CLAIMED}
    entries = journal.since(0)
    assert entries.unreadable == 1
    assert [record.row for _, record in entries.records if isinstance(record, Claim)] == [
        1,
        2,
        3,
        5,
    ]


def test_a_copy_says_nothing_of_what_was_offered(path: Path) -> None:
    """While it was away nobody wrote into it."""
    written(path).close()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    assert Journal(path).states(set(TRUE)) == {}
    assert len(Journal(path).since(0).records) == 4, "to replay it serves all the same"


def test_a_full_file_is_set_aside_and_still_read(path: Path) -> None:
    journal = Journal(path, most=700)
    known = None
    for row in range(1, 21):
        known = journal.append([a_claim(row)], known)
        journal.offered(row, "me")
    assert path.with_name("newsletter.db.journal.1").exists()
    assert journal.place() == known
    assert path.stat().st_size + journal.before.stat().st_size < 3_000
    assert journal.states({of(19), of(20)}) == {of(19): OFFERED, of(20): OFFERED}
    everything = journal.since(0)
    assert everything.incomplete
    assert everything.unreadable == 0
    (last,) = (record.row for _, record in everything.records[-1:] if isinstance(record, Claim))
    assert last == 20
    assert not journal.since(known.end if known else 0).records


def test_another_process_goes_on_in_the_new_file(path: Path) -> None:
    one, two = Journal(path, most=500), Journal(path, most=500)
    known = one.append([a_claim(1)], None)
    for row in range(2, 12):
        known = two.append([a_claim(row, "two")], known)
    one.offered(1, "me")
    known = one.append([a_claim(12)], known)
    assert one.place() == two.place() == known
    assert two.states({of(12)}) == {of(12): CLAIMED}


def test_positions_go_on_where_the_end_was_lost(path: Path) -> None:
    journal = written(path)
    known = journal.place()
    assert known
    journal.close()
    os.truncate(path, known.end - 100)
    after = Journal(path).append([a_claim(9)], known)
    assert after.id == known.id
    assert after.end > known.end
    assert [r.row for _, r in Journal(path).since(known.end).records if isinstance(r, Claim)] == [9]


def test_a_file_that_is_none_or_anothers_is_not_written_to(path: Path) -> None:
    path.write_text("dear diary\n")
    with pytest.raises(ValueError, match="is no journal"):
        Journal(path).append([a_claim(1)], None)
    path.unlink()
    written(path)
    with pytest.raises(ValueError, match="belongs to another database"):
        Journal(path).append([a_claim(1)], Place("another", 0))


def test_readers_lines_stay_as_they_are(path: Path) -> None:
    journal = Journal(path)
    journal.append([Change("ann@example.org", "unsubscribed")], None)
    assert journal.since(0).records == [(CHANGED, Change("ann@example.org", "unsubscribed"))]


# What the ledger makes of it.


def dead_sender(store: Store) -> None:
    """Row 1 was accepted, row 2 offered, row 3 answered, the other two never offered."""
    fill(store, readers=5)
    claim(store)
    journal = store.journal
    assert journal
    for row in (1, 2, 3):
        journal.offered(row, "me")
    journal.answered(1, "me", accepted=True)
    journal.answered(3, "me", accepted=False)


def lapse(store: Store, *, boot: str = "this boot", sure: bool = True) -> int:
    now = replace_boot(boot, sure=sure)
    with store.writing() as db:
        return recovery.lapse(db, OVER + LEASE, now, store.journal)


def replace_boot(boot: str, *, sure: bool) -> leases.Steady:
    return steady(OVER)._replace(boot=boot, sure=sure)


def test_only_what_was_on_the_wire_stays_unknown(sqlite: Store) -> None:
    dead_sender(sqlite)
    assert lapse(sqlite) == 1
    assert [state for state, _ in states(sqlite)] == [
        *("sent", "unknown", "pending"),
        *("pending", "pending"),
    ]


@pytest.mark.parametrize("now", [{"boot": "another"}, {"sure": False}])
def test_after_another_start_of_the_machine_what_was_not_accepted_is_unknown(
    sqlite: Store, now: dict[str, bool]
) -> None:
    """The end of the journal may be lost by a power cut; a 250 in it is true all the same."""
    dead_sender(sqlite)
    assert lapse(sqlite, **now) == 4  # type: ignore[arg-type]
    assert [state for state, _ in states(sqlite)] == ["sent", *["unknown"] * 4]


@pytest.mark.parametrize("ruin", ["gone", "torn", "another's", "a folder"])
def test_without_a_journal_all_is_unknown_as_it_was(sqlite: Store, ruin: str) -> None:
    dead_sender(sqlite)
    assert sqlite.journal
    path = sqlite.journal.path
    if ruin in ("gone", "a folder"):
        path.unlink()
    if ruin == "a folder":
        path.mkdir()
    if ruin == "torn":
        os.truncate(path, 30)
    if ruin == "another's":
        path.unlink()
        Journal(path).append([a_claim(row, "you") for row in range(1, 6)], None)
    assert lapse(sqlite) == 5


def test_cut_at_every_byte_nobody_is_sent_a_message_twice(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    dead_sender(store)
    assert store.journal
    path = store.journal.path
    whole = path.read_bytes()
    seen = set()
    for end in range(len(whole) + 1):
        os.truncate(path, end)
        with store.reading() as db:
            found = recovery.lapsed(db, OVER, steady(OVER), store.journal)
        waits = set(found.get(Transition.NEVER_OFFERED, ()))
        assert waits <= {3, 4, 5}
        assert set(found.get(Transition.FOUND_ACCEPTED, ())) <= {1}
        seen.add(len(waits))
        with path.open("r+b") as file:
            file.write(whole)
    store.close()
    assert seen == {0, 1, 2, 3}


def test_a_row_claimed_again_is_judged_by_its_last_claim(sqlite: Store) -> None:
    dead_sender(sqlite)
    lapse(sqlite)
    again = OVER + LEASE
    with sqlite.writing() as db:
        rows = send_queue.claim(db, again, lease("me", again + LEASE), 9, send_queue.Scope())
    assert {row.id for row in rows} == {3, 4, 5}
    assert sqlite.journal
    sqlite.journal.offered(4, "me")
    with sqlite.reading() as db:
        found = recovery.lapsed(db, again + LEASE, steady(again + LEASE), sqlite.journal)
    assert found == {Transition.NEVER_OFFERED: [3, 5], Transition.LEASE_OVER: [4]}


def test_a_journal_that_cannot_be_written_is_told_and_claims_go_on(
    sqlite: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert sqlite.journal
    sqlite.journal.path.mkdir()
    fill(sqlite, readers=2)
    assert len(claim(sqlite)) == 2
    assert "the journal cannot be written" in caplog.text
    sqlite.journal.offered(1, "me")
    assert lapse(sqlite) == 2


def test_a_mark_that_cannot_be_written_stops_the_message(sqlite: Store) -> None:
    dead_sender(sqlite)
    assert sqlite.journal
    file = sqlite.journal._file
    assert file
    descriptor = os.open(sqlite.journal.path, os.O_RDONLY)
    os.dup2(descriptor, file.fd)
    os.close(descriptor)
    with pytest.raises(StoreError, match="cannot be written"):
        sqlite.journal.offered(5, "me")
