"""Opening the database: SQLite by default, PostgreSQL by its URL alone; brought up to date."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from shutil import disk_usage
from sqlite3 import connect
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError

from newsletter.domain.errors import ConfigError, SchemaChanged, StoreError
from newsletter.resources import resource
from newsletter.storage import places
from newsletter.storage.journal import Journal, Record
from newsletter.storage.schema import HEAD
from newsletter.turns import waiting

log = logging.getLogger("newsletter")

_BUSY_SECONDS = 30
_IDLE = 1.0
"""Seconds after which a server's connection is asked whether it lives, before it is used."""
_MB = 1_000_000
_ROOM = 10 * _MB
"""More than it takes to write what becomes of all that is claimed. To read and to compose may take
more; nothing is lost where that fails."""
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

T = TypeVar("T")


class Store:
    """One database. ``reading`` and ``writing`` give a connection in one transaction each.

    Writers wait for each other from the first statement on, so that what a transaction read still
    holds when it writes; who writes together does not wait for others who do. A SQLite file named
    relatively lies in the folder ``beside``, and its journal beside it; another database has one
    where ``journal`` says. Only with ``create`` is a database made where there is none. Raises
    StoreError where the database cannot be used, ConfigError where ``url`` is no address of one.
    """

    def __init__(
        self, url: str, beside: Path = Path(), *, create: bool = False, journal: Path | None = None
    ) -> None:
        self.engine = _engine(url, beside, create=create)
        self.path = _path(self.engine.url)
        path = self.path.with_name(f"{self.path.name}.journal") if self.path else journal
        self.journal = Journal(path) if path else None
        self._turn = Lock()
        try:
            self._bring_up_to_date(create=create)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with _told(self.engine), self.engine.begin() as db:
            yield db

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """To read without a transaction: each statement sees what holds at that moment, and costs a
        third of one with a transaction of its own."""
        with _told(self.engine), self.engine.connect() as plain:
            options: dict[str, Any] = {"newsletter_autocommit": True}
            if plain.dialect.name != "sqlite":  # our driver never begins by itself there
                options["isolation_level"] = "AUTOCOMMIT"
            yield plain.execution_options(**options)

    @contextmanager
    def writing(self, *, durable: bool = False, together: bool = False) -> Iterator[Connection]:
        """``durable``: what was committed survives a power cut, not only a crash.

        ``together``: on PostgreSQL at the same time as others who write together, and never beside
        one who does not. Who writes together locks the rows that it reads to change them, or
        changes only what is its own.
        """
        together = together and self.path is None
        # Those of this process wait here in turn: SQLite would let them look again now and then.
        turn = nullcontext() if together else self._turn
        # First of all: who waited for a sender's turn with a lock of the database in hand would
        # hold up all who wait for that lock.
        with waiting(), turn, _told(self.engine), self.engine.connect() as plain:
            if plain.dialect.name == "sqlite":
                _pragma(plain, f"synchronous = {'FULL' if durable else 'NORMAL'}")
            records: list[Record] = []
            db = plain.execution_options(
                newsletter_writes="together" if together else "alone", newsletter_records=records
            )
            with db.begin():
                yield db
                if early := [record for record in records if not record.may_send]:
                    self._record(db, early)
            if late := [record for record in records if record.may_send]:
                with db.begin():  # of what is committed: replayed, it must be a fact
                    self._record(db, late)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A server is waited for at each statement; SQLite works in this thread."""
        with nullcontext() if self.path else waiting():
            yield

    def _record(self, db: Connection, records: Sequence[Record]) -> None:
        """Before the commit: what the journal says too much does no harm (see ``replay``)."""
        if self.journal is None:
            return
        try:
            end = self.journal.append(records, places.known(db))
            places.set_known(db, end)
        except (OSError, ValueError) as error:
            log.warning(
                "the journal cannot be written, and a crash or a restore knows less: %s", error
            )

    def room(self) -> int | None:
        """Bytes that are left to the SQLite file; None where a server sees to that.

        Raises StoreError where they are too few to keep account of what is sent.
        """
        if self.path is None:
            return None
        path = self.path.resolve()
        left = disk_usage(path.parent).free
        if left < _ROOM:
            raise StoreError(
                f"the disk of {path} has {left // _MB} MB left, and {_ROOM // _MB} are needed to"
                " keep account of what is sent",
                "free some space",
            )
        return left

    def close(self) -> None:
        self.engine.dispose()
        if self.journal:
            self.journal.close()

    def _bring_up_to_date(self, *, create: bool) -> None:
        at = self.revision()
        if at is None and not create:
            raise missing(f"the database {self.path or self.engine.url} is empty")
        if at is None and self.journal and self.journal.path.exists():
            raise StoreError(
                f"no database is made beside {self.journal.path}: it knows who was served and left",
                "`newsletter restore FILE` puts a backup back and replays it; to begin anew, move"
                " the journal away",
            )
        if at is not None and at > HEAD:
            raise StoreError(*newer(at))
        if at != HEAD:
            self.migrate()

    def verify(self) -> None:
        """Raises SchemaChanged where another program has migrated the database meanwhile."""
        at = self.revision()
        if at == HEAD:
            return
        if at is not None and at > HEAD:
            raise SchemaChanged(*newer(at))
        raise SchemaChanged(f"the database was taken back to {at}", "start this program again")

    def revision(self) -> str | None:
        """The migration the database stands at; None when it is empty."""
        with _told(self.engine), self.engine.connect() as db:
            return _revision(db)

    def migrate(self, to: str = "head") -> None:
        """Up to ``to``, or down to it (a revision, or "base")."""
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
        with self.writing() as db:
            config.attributes["connection"] = db
            here = _revision(db)
            down = to == "base" or (to != "head" and here is not None and to < here)
            try:
                (command.downgrade if down else command.upgrade)(config, to)
            except CommandError as error:
                raise StoreError(
                    f"the database stands at {here}, which this program does not know ({error}):"
                    " restore a copy of it, or name another in store.url"
                ) from error


def newer(at: str) -> tuple[str, str]:
    """What is wrong with a database of a program to come, and what to do."""
    return f"the database stands at {at}, this program knows {HEAD}", "install the newer program"


def missing(found: str) -> StoreError:
    return StoreError(
        found,
        "see that its disk is mounted and store.url is right; `newsletter restore FILE` puts a"
        " backup in its place, `newsletter migrate` makes a new and empty one",
    )


def revision(url: str, beside: Path = Path()) -> str:
    """Of a database that is looked at and left as it is. Raises as ``Store`` does."""
    engine = _engine(url, beside)
    try:
        with _told(engine), engine.connect() as db:
            at = _revision(db)
    finally:
        engine.dispose()
    if at is None:
        raise missing(f"the database {_path(engine.url) or engine.url} is empty")
    return at


def _revision(db: Connection) -> str | None:
    if not inspect(db).has_table("alembic_version"):
        return None
    found: str | None = db.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Slices small enough for an IN (...) on every database."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def _engine(url: str, beside: Path, *, create: bool = False) -> Engine:
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
        path = _path(_known(make_url(url)))
    except (ArgumentError, ValueError) as error:
        raise _no_address(error) from error
    return beside / path if path else None


def prepare_server(url: str, schema: str, name: str, script: str) -> None:
    """Run another program's script in a PostgreSQL schema of its own, once: where there is no table
    of the ``name``."""
    engine = _postgresql(_known(make_url(url)))
    with _told(engine), engine.begin() as db:
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


def _path(url: URL) -> Path | None:
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
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL"):
        dbapi.execute(f"PRAGMA {pragma}")


def _pragma(db: Connection, setting: str) -> None:
    """Set outside of any transaction, where SQLite wants it."""
    driver = db.connection.dbapi_connection
    assert driver is not None
    driver.execute(f"PRAGMA {setting}")


def _writes(db: Connection) -> str | None:
    kind: str | None = db.get_execution_options().get("newsletter_writes")
    return kind


def _begin_sqlite(db: Connection) -> None:
    if not db.get_execution_options().get("newsletter_autocommit"):
        db.exec_driver_sql("BEGIN IMMEDIATE" if _writes(db) else "BEGIN")


def _begin_postgresql(db: Connection) -> None:
    if _writes(db):
        shared = "_shared" if _writes(db) == "together" else ""
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock{shared}({_WRITE_LOCK})")


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    """The driver's errors in the operator's words."""
    try:
        yield
    except _errors(engine) as error:
        raise _in_words(error) from error


def _errors(engine: Engine) -> tuple[type[Exception], ...]:
    """Also where the driver itself is asked."""
    return DBAPIError, engine.dialect.loaded_dbapi.Error


def _in_words(error: Exception) -> StoreError:
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    mend = _MENDS.get(next((key for key in _MENDS if key in said), ""), "")
    return StoreError(f"the database: {said}{mend}")


_MENDS = {
    "locked": "; another program holds it: end that program, or try again",
    "not a database": "; store.url names a file that is something else",
    "disk is full": "; free some space and run the command again",
    "readonly": "; its file or folder may not be written by this user",
    "refused": "; is the server running, and store.url right?",
}
