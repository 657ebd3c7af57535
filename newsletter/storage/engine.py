"""How a database is reached: SQLite by default, PostgreSQL by its URL alone; and its errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from sqlite3 import SQLITE_BUSY, OperationalError, connect
from time import monotonic, sleep
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError

from newsletter.domain.errors import ConfigError, StoreError

_BUSY_SECONDS = 30
_BUSY_POLL = 0.01
_IDLE = 1.0
"""Seconds after which a server's connection is asked whether it lives, before it is used."""
_WRITE_LOCK = 7_415_021  # any number, as long as every writer names the same one

_OPTIONS: dict[str, Any] = {
    # As many as there are senders: each keeps one to look with.
    "max_overflow": -1,
    # Knows dataclasses and dates as well, and is faster than the standard library's.
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}

_SERVER = {
    # A machine that was cut off must not hold its locks, or wait for an answer, for hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=30000 -c idle_in_transaction_session_timeout=120000",
}
"""For psycopg and the server: seconds, and milliseconds where it says timeout."""


def missing(finding: str) -> StoreError:
    return StoreError(
        finding,
        "see that its disk is mounted and store.url is right; `newsletter restore FILE` puts a"
        " backup in its place, `newsletter migrate` creates an empty one",
    )


def without_tables(url: URL) -> StoreError:
    """Of a database that is there, and that no newsletter was made in."""
    if path := sqlite_file(url):
        return missing(f"the database {path} is empty")
    return StoreError(
        f"the database {url.set(drivername='postgresql')} holds no newsletter",
        "`newsletter migrate` makes an empty one in it; where there was one, see that store.url is"
        " right, or put its dump back with pg_restore",
    )


_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def open_engine(url: str, beside: Path, *, create: bool = False) -> Engine:
    try:
        parsed = _known(make_url(url))
        if parsed.drivername == "sqlite":
            return _sqlite(parsed, beside, create=create)
        return _postgresql(parsed)
    except (ArgumentError, ValueError) as error:
        raise _no_address(error) from error


def _no_address(error: Exception) -> ConfigError:
    return ConfigError(
        f"store.url is no database address ({error}): write sqlite:///newsletter.db"
        " or postgresql://user@host/name"
    )


def _known(url: URL) -> URL:
    if url.drivername not in _DRIVERS:
        raise ArgumentError("only SQLite and PostgreSQL are known")
    return url.set(drivername=_DRIVERS[url.drivername])


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(url, connect_args=_SERVER, **_OPTIONS)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"store.url needs the package {error.name}",
            "install the newsletter anew with its extra, from the checkout:"
            " pip install --constraint constraints.txt '.[postgresql]'",
        ) from error
    event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_check_idle, engine.dialect))
    return engine


def _note_use(_dbapi: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _check_idle(dialect: Any, dbapi: Any, record: Any, _proxy: Any) -> None:
    """Asked at each use, whether it lives would cost a way to the server and back each time."""
    if monotonic() - record.info.get("used", monotonic()) < _IDLE:
        return
    try:
        dialect.do_ping(dbapi)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def _sqlite(url: URL, beside: Path, *, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError("store.url names no file: write sqlite:///newsletter.db")
    path = beside / url.database
    # Never rendered to text and parsed again: a folder's name may hold a "?" or a "%".
    url = url.set(database=str(path))
    if create:
        _create_private(path)
    elif not path.exists():
        raise missing(f"the database {path} is missing")
    elif not path.stat().st_size:
        raise missing(f"the database {path} is empty")
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, **_OPTIONS)
    event.listen(engine, "do_connect", _connect_sqlite)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def file_of(url: str, beside: Path) -> Path | None:
    """The file of the database at ``url``; None where a server keeps it. Raises ConfigError."""
    try:
        path = sqlite_file(_known(make_url(url)))
    except (ArgumentError, ValueError) as error:
        raise _no_address(error) from error
    return beside / path if path else None


def prepare_server(url: str, schema: str, name: str, script: str) -> None:
    """Run another program's script in a PostgreSQL schema of its own, once: where there is no table
    of the ``name``."""
    engine = _postgresql(_known(make_url(url)))
    with errors_explained(engine), engine.begin() as db:
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
        if not inspect(db).has_table(name, schema=schema):
            db.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            db.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            # Without parameters, even none: only so may it be several statements.
            db.exec_driver_sql(script, execution_options={"no_parameters": True})
    engine.dispose()


def server_address(url: str) -> str:
    """The address of a PostgreSQL database as its own programs take it."""
    return _known(make_url(url)).set(drivername="postgresql").render_as_string(hide_password=False)


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def _create_private(path: Path) -> None:
    """Only its owner may read who subscribes; SQLite gives its side files the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"cannot open the database {path}: {error.strerror}") from error


def _connect_sqlite(_dialect: object, _record: object, args: list[Any], options: Any) -> Any:
    """A file that went away meanwhile (its disk unmounted) is not made anew."""
    return connect(f"{Path(args[0]).absolute().as_uri()}?mode=rw", *args[1:], uri=True, **options)


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late to protect a read that a write depends on.
    dbapi.isolation_level = None
    _use_wal(dbapi)
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL"):
        dbapi.execute(f"PRAGMA {pragma}")


def _use_wal(dbapi: Any) -> None:
    """SQLite does not wait by itself where two connections make the same new file a WAL one."""
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            dbapi.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(_BUSY_POLL)
        else:
            return


def set_pragma(db: Connection, setting: str) -> None:
    """Set outside of any transaction, where SQLite wants it."""
    driver = db.connection.dbapi_connection
    assert driver is not None
    driver.execute(f"PRAGMA {setting}")


def _writes(db: Connection) -> str | None:
    writes: str | None = db.get_execution_options().get("newsletter_writes")
    return writes


def _begin_sqlite(db: Connection) -> None:
    if not db.get_execution_options().get("newsletter_autocommit"):
        db.exec_driver_sql("BEGIN IMMEDIATE" if _writes(db) else "BEGIN")


def _begin_postgresql(db: Connection) -> None:
    if _writes(db):
        shared = "_shared" if _writes(db) == "together" else ""
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock{shared}({_WRITE_LOCK})")


@contextmanager
def errors_explained(engine: Engine) -> Iterator[None]:
    """The driver's errors in the operator's words."""
    try:
        yield
    except _errors(engine) as error:
        raise _in_words(error) from error


def _errors(engine: Engine) -> tuple[type[Exception], ...]:
    """Also where the driver itself is asked."""
    return DBAPIError, engine.dialect.loaded_dbapi.Error


def _in_words(error: Exception) -> StoreError:
    message = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
    advice = next((advice for part, advice in _ADVICE.items() if part in message), "")
    return StoreError(f"the database: {message}{advice}")


_ADVICE = {
    "locked": "; another program holds it: end that program, or try again",
    "not a database": "; store.url names a file that is something else",
    "disk is full": "; free some space and run the command again",
    "readonly": "; its file or folder may not be written by this user",
    "refused": "; is the server running, and store.url right?",
    "resolve host": "; is store.url right?",
    "FATAL: database": "; create it, or name another in store.url",
    "FATAL: role": "; create it, or name another user in store.url",
    "permission denied for schema": "; its user must own the database",
}
