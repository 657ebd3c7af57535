"""Whole copies of a SQLite database: to try things in, to keep, and to put back."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection, DatabaseError, Error, OperationalError, connect
from typing import NamedTuple

from newsletter.domain.errors import StoreError, UsageError
from newsletter.storage.database import newer
from newsletter.storage.engine import missing
from newsletter.storage.places import NAME
from newsletter.storage.schema import HEAD


class Found(NamedTuple):
    """A copy's migration, and the id of its journal."""

    revision: str
    journal: str | None


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy, made beside running writers. StoreError where there is no source."""
    if not source.exists():
        raise missing(f"the database {source} is missing")
    with _failing(source, "copied"), _reading(source) as old, closing(connect(target)) as new:
        old.backup(new)


def forget_journal(path: Path) -> None:
    """A copy to try things in has no journal: it shall not be missed."""
    with _failing(path, "written"), closing(connect(path)) as db, db:
        db.execute("DELETE FROM mark WHERE substr(name, 1, ?) = ?", (len(NAME), NAME))


def save(source: Path, target: Path) -> None:
    """``copy_database`` into a new file that is whole or not there: one file, its owner's only.

    Raises UsageError where ``target`` is there already, and StoreError where the copy is damaged.
    """
    if target.exists():
        raise UsageError(f"{target} is there already", "name a new file")
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        copy_database(source, half)
        with _failing(source, "copied"), closing(connect(half)) as db:
            _check(db, source)
            db.execute("SELECT version_num FROM alembic_version")
            db.execute("PRAGMA journal_mode = DELETE")
        _sync(half)
        half.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)


def look(path: Path) -> Found:
    """Raises UsageError unless ``path`` is a whole database that this program can use."""
    if not path.is_file():
        raise UsageError(f"{path} is missing", "name a file that `newsletter backup` wrote")
    try:
        with _reading(path) as db:
            (revision,) = db.execute("SELECT version_num || '' FROM alembic_version").fetchone()
            for table in ("subscriber", "delivery", "issue", "insight"):
                db.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
            marks = db.execute("SELECT name FROM mark").fetchall()
            _check(db, path)
    except (Error, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no database of a newsletter ({error})") from error
    if not revision:
        raise UsageError(f"{path} is no database of a newsletter (it has no revision)")
    if revision > HEAD:
        raise UsageError(*newer(revision))
    names = (name.removeprefix(NAME) for (name,) in marks if name.startswith(NAME))
    return Found(revision, next(names, None))


def put_back(source: Path, target: Path, aside: Path) -> bool:
    """Write ``source`` into ``target``, after copying ``target`` to ``aside``; False if it was not
    there.

    It is written in place and in one transaction, so that a crash leaves the one or the other, and
    other programs wait. Raises StoreError while somebody has it open.
    """
    if target.exists():
        try:
            with _alone(target) as db:
                _copy(db, aside)
                _overwrite(db, source)
        except DatabaseError as error:
            if isinstance(error, OperationalError):
                raise StoreError(f"{target} cannot be written: {error}") from error
            _move(target, aside)
        else:
            return True
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    with _failing(target, "written"), _alone(target) as db:
        _overwrite(db, source)
    return aside.exists()


def _copy(db: Connection, aside: Path) -> None:
    os.close(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with closing(connect(aside)) as copy:
        db.backup(copy)


def _overwrite(db: Connection, source: Path) -> None:
    with _reading(source) as old:
        old.backup(db)


def _move(target: Path, aside: Path) -> None:
    """A damaged database cannot be copied: keep its files, in case they can be repaired."""
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            target.with_name(f"{target.name}{end}").replace(f"{aside}{end}")


@contextmanager
def _alone(path: Path) -> Iterator[Connection]:
    """Exclusive: no other program has it open, or can read it until we are done."""
    with closing(connect(path, timeout=0)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            # The mode cannot change while another program has the file open.
            (mode,) = db.execute("PRAGMA journal_mode = DELETE").fetchone()
            db.execute("BEGIN EXCLUSIVE")
            db.execute("COMMIT")
        except OperationalError as error:
            mode = str(error)
        if "full" in mode:
            raise StoreError(f"{path} cannot be written: {mode}", "free some space")
        if mode != "delete":
            raise StoreError(
                f"something runs on the database {path} ({mode})",
                "stop `newsletter run`, `newsletter serve` and whatever cron starts",
            )
        yield db


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    with closing(connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        yield db


@contextmanager
def _failing(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except Error as error:
        raise StoreError(f"{path} cannot be {done}: {error}") from error


def _check(db: Connection, path: Path) -> None:
    (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise StoreError(f"{path} is damaged: {answer}", "use an older backup")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
