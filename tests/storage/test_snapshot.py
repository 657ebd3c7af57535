"""Whole copies, made while the database is used, and put back while it is not."""

import stat
from pathlib import Path
from sqlite3 import connect

import pytest

from newsletter.domain.errors import StoreError, UsageError
from newsletter.storage import Store, subscribers
from newsletter.storage.snapshot import copy_database, look, put_back, save
from tests.builders import subscribe
from tests.conftest import new_store


def readers(path: Path) -> int:
    store = Store(f"sqlite:///{path}")
    with store.reading() as db:
        count = len(subscribers.everyone(db))
    store.close()
    return count


def test_a_copy_holds_what_was_committed_and_is_one_file_of_its_owner(
    sqlite: Store, tmp_path: Path
) -> None:
    with sqlite.writing() as db:
        subscribe(db, "ann@example.org")
    folder = tmp_path / "copies"
    folder.mkdir()
    with sqlite.writing() as db:  # in the middle of a writer's work
        subscribe(db, "bea@example.org")
        save(tmp_path / "newsletter.db", folder / "copy.db")
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert look(folder / "copy.db").revision
    assert readers(folder / "copy.db") == 1


def test_a_file_that_is_there_is_not_written_over(sqlite: Store, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        save(tmp_path / "newsletter.db", tmp_path / "notes")
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        save(tmp_path / "newsletter.db", tmp_path / "no" / "where")
    assert (tmp_path / "notes").read_text() == "precious"


def test_no_database_makes_no_copy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is missing"):
        copy_database(tmp_path / "none.db", tmp_path / "copy.db")
    with pytest.raises(StoreError, match="is missing"):
        save(tmp_path / "none.db", tmp_path / "copy.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [None, b"", b"dear diary " * 100, b"SQLite format 3\0" * 64])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"is missing|is no database of a newsletter"):
        look(path)


def test_a_backup_of_a_newer_program_is_refused(sqlite: Store, tmp_path: Path) -> None:
    save(tmp_path / "newsletter.db", tmp_path / "copy.db")
    with connect(tmp_path / "copy.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    with pytest.raises(UsageError, match="install the newer program"):
        look(tmp_path / "copy.db")


def test_it_is_put_back_and_what_was_there_is_kept(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    path, copy, aside = (tmp_path / name for name in ("newsletter.db", "copy.db", "aside.db"))
    save(path, copy)
    with store.writing() as db:
        subscribe(db, "ann@example.org")
    with pytest.raises(StoreError, match="something runs on the database"):
        put_back(copy, path, aside)
    assert not aside.exists()
    store.close()
    assert put_back(copy, path, aside)
    assert (readers(path), readers(aside)) == (0, 1)


@pytest.mark.parametrize("damage", [b"dear diary " * 500, None])
def test_it_is_put_back_where_there_is_nothing_to_keep_or_it_is_damaged(
    tmp_path: Path, damage: bytes | None
) -> None:
    new_store(tmp_path).close()
    path, copy, aside = (tmp_path / name for name in ("newsletter.db", "copy.db", "aside.db"))
    save(path, copy)
    path.unlink()
    if damage:
        path.write_bytes(damage)
    assert put_back(copy, path, aside) == bool(damage)
    assert readers(path) == 0
    assert not damage or aside.read_bytes() == damage
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
