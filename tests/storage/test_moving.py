"""Moving a database to the other engine and back."""

import itertools
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select

from newsletter.domain.errors import StoreError
from newsletter.storage import Store, archive, moving
from newsletter.storage.leases import Steady
from newsletter.storage.schema import metadata, subscriber
from tests.builders import NOON, TODAY, brief, read, subscribe
from tests.conftest import new_database
from tests.storage.test_ledger_boundaries import enter

HERE = Steady("this boot", 0.0)
NANOSECONDS = 1_800_000_000_000_000_000
"""When a file was changed: six such are more than 64 bits hold."""


def fill(store: Store) -> None:
    with store.writing() as db:
        enter(db, readers=2, lease_end=1.25)
        for number in range(3, 10):
            subscribe(db, f"r{number}@exämple.org")
        texts = brief("Ports are slow.", "Trains are late.")
        files = [replace(read(f"{name}.md", texts), mtime_ns=NANOSECONDS) for name in range(9)]
        archive.record(db, files, NOON, TODAY)


def move(old: Store, new: Store) -> dict[str, int]:
    return move_watched(old, new, lambda *_: None)


def move_watched(old: Store, new: Store, watch: moving.Watch) -> dict[str, int]:
    return moving.move(old, new, NOON, HERE, watch)


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as db:
        return {
            table.name: [
                tuple(row)
                for row in db.execute(select(table).order_by(*table.primary_key.columns))
                if not str(row[0]).startswith("journal ")
            ]
            for table in metadata.sorted_tables
        }


def killed(old: str, new: str, steps: int) -> bool:
    """Whether a process that dies at its step of this number was killed before it was done."""
    process = subprocess.run(
        [sys.executable, "-c", _DIES, old, new, str(steps)], check=False, capture_output=True
    )
    assert process.returncode in (0, -signal.SIGKILL), process.stderr.decode()
    return process.returncode != 0


_DIES = """
import itertools, os, signal, sys
from tests.storage.test_moving import Store, move_watched, moving
moving._BATCH = 3
old, new, steps = Store(sys.argv[1]), Store(sys.argv[2], create=True), itertools.count()
def die(*_):
    if next(steps) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
move_watched(old, new, die)
"""


@pytest.mark.heavy
def test_killed_again_and_again_a_move_ends_there_and_back(
    sqlite: Store, postgresql: str, tmp_path: Path
) -> None:
    fill(sqlite)
    here, there = f"sqlite:///{sqlite.path}", new_database(postgresql)
    server = Store(there, create=True)
    as_made = shape(server)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    for old, new in ((here, there), (there, back)):
        kills = sum(1 for _ in itertools.takewhile(partial(killed, old, new), itertools.repeat(13)))
        assert kills > 2
    returned = Store(back)
    assert rows(sqlite) == rows(server) == rows(returned)
    assert (shape(server), shape(returned)) == (as_made, shape(sqlite))
    server.close()
    returned.close()


@pytest.mark.heavy
def test_there_and_back_everything_is_the_same(
    sqlite: Store, postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 3)
    fill(sqlite)
    url = new_database(postgresql)
    first = create_engine(url)
    with first.begin() as db:  # an instant in SQLite does not say its zone, which is not this one
        name = make_url(url).database
        db.exec_driver_sql(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    first.dispose()
    server = Store(url, create=True)
    as_made = shape(server)
    back = Store(f"sqlite:///{tmp_path / 'back.db'}", create=True)
    assert move(sqlite, server)["subscriber"] == 9
    move(server, back)
    assert rows(sqlite) == rows(server) == rows(back)
    assert shape(server) == as_made
    assert shape(sqlite) == shape(back)
    with server.writing() as db:
        subscribe(db, "one.more@example.org")  # its id is free
    server.close()
    back.close()


def shape(store: Store) -> list[str]:
    """Indexes and keys, as the database itself says them."""
    if store.path:
        query = "SELECT coalesce(sql, '') || name FROM sqlite_master WHERE type = 'index'"
    else:
        query = (
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
            " SELECT relname || conname || pg_get_constraintdef(c.oid)"
            " FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid"
        )
    with store.reading() as db:
        return sorted(db.exec_driver_sql(query).scalars())


@pytest.mark.parametrize("at", [("subscriber", 3), ("indexes", 5), ("indexes", 23)])
def test_an_interrupted_move_goes_on(
    sqlite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: tuple[str, int]
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 3)
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)

    def interrupt(step: str, done: int, _total: int) -> None:
        if (step, done) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_watched(sqlite, new, interrupt)
    with pytest.raises(StoreError, match="was not finished"):
        Store(f"sqlite:///{tmp_path / 'new.db'}")
    assert move(sqlite, new)["subscriber"] == 9
    assert rows(sqlite) == rows(new)
    assert shape(sqlite) == shape(new)
    new.close()
    Store(f"sqlite:///{tmp_path / 'new.db'}").close()


def test_a_row_that_changed_meanwhile_is_told(sqlite: Store, tmp_path: Path) -> None:
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)

    def change(table: str, _done: int, _total: int) -> None:
        if table == "subscriber":
            with sqlite.writing() as db:
                db.execute(subscriber.update().where(subscriber.c.id == 1).values(name="Another"))

    with pytest.raises(StoreError, match="subscriber is not the same"):
        move_watched(sqlite, new, change)
    new.close()


def test_a_database_in_use_is_no_new_house(sqlite: Store, tmp_path: Path) -> None:
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)
    fill(new)
    with pytest.raises(StoreError, match="has rows already"):
        move(sqlite, new)
    new.close()
