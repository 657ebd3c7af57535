"""Moving a database to the other engine and back."""

from dataclasses import replace
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
    return moving.move(old, new, NOON, HERE, lambda *_: None)


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
    back = Store(f"sqlite:///{tmp_path / 'back.db'}", create=True)
    assert move(sqlite, server)["subscriber"] == 9
    move(server, back)
    assert rows(sqlite) == rows(server) == rows(back)
    with server.writing() as db:
        subscribe(db, "one.more@example.org")  # its id is free
    server.close()
    back.close()


def test_an_interrupted_move_goes_on(
    sqlite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 3)
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)

    def interrupt(table: str, copied: int) -> None:
        if (table, copied) == ("subscriber", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moving.move(sqlite, new, NOON, HERE, interrupt)
    with pytest.raises(StoreError, match="was not finished"):
        Store(f"sqlite:///{tmp_path / 'new.db'}")
    assert move(sqlite, new)["subscriber"] == 9
    assert rows(sqlite) == rows(new)
    new.close()
    Store(f"sqlite:///{tmp_path / 'new.db'}").close()


def test_a_row_that_changed_meanwhile_is_told(sqlite: Store, tmp_path: Path) -> None:
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)

    def change(table: str, _copied: int) -> None:
        if table == "subscriber":
            with sqlite.writing() as db:
                db.execute(subscriber.update().where(subscriber.c.id == 1).values(name="Another"))

    with pytest.raises(StoreError, match="subscriber is not the same"):
        moving.move(sqlite, new, NOON, HERE, change)
    new.close()


def test_a_database_in_use_is_no_new_house(sqlite: Store, tmp_path: Path) -> None:
    fill(sqlite)
    new = Store(f"sqlite:///{tmp_path / 'new.db'}", create=True)
    fill(new)
    with pytest.raises(StoreError, match="has rows already"):
        move(sqlite, new)
    new.close()
