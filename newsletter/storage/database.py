"""The store: one database, its transactions, its journal and its migrations."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import disk_usage
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, inspect, select, text

from newsletter.domain.errors import SchemaChanged, StoreError
from newsletter.resources import resource
from newsletter.storage import places
from newsletter.storage.engine import (
    errors_explained,
    open_engine,
    set_pragma,
    sqlite_file,
    without_tables,
)
from newsletter.storage.journal import Journal
from newsletter.storage.journal_lines import Record
from newsletter.storage.schema import HEAD, mark
from newsletter.turns import waiting

log = logging.getLogger("newsletter")

_MB = 1_000_000
_ROOM = 10 * _MB
"""More than it takes to write what becomes of all that is claimed. To read and to compose may take
more; nothing is lost where that fails."""

MOVING = "moving"
"""A mark in a database while `newsletter move` has not brought all of it there."""

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
        self.engine = open_engine(url, beside, create=create)
        self.path = sqlite_file(self.engine.url)
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
        with errors_explained(self.engine), self.engine.begin() as db:
            yield db

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """To read without a transaction: each statement sees what holds at that moment, and costs a
        third of one with a transaction of its own."""
        with errors_explained(self.engine), self.engine.connect() as plain:
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
        with waiting(), turn, errors_explained(self.engine), self.engine.connect() as plain:
            if plain.dialect.name == "sqlite":
                set_pragma(plain, f"synchronous = {'FULL' if durable else 'NORMAL'}")
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
                "the journal cannot be written; a crash or a restore would leave more unknown: %s",
                error,
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
            raise without_tables(self.engine.url)
        if at is None and self.journal and self.journal.path.exists():
            raise StoreError(
                f"no database is created beside {self.journal.path}, which lists readers who were"
                " served or left",
                "`newsletter restore FILE` puts a backup back and replays it; to begin anew, move"
                " the journal away",
            )
        if at is not None and at > HEAD:
            raise StoreError(*newer(at))
        if at != HEAD:
            self.migrate()
        if not create:
            self._refuse_half_moved()

    def _refuse_half_moved(self) -> None:
        with self.reading() as db:
            if db.scalar(select(mark.c.at).where(mark.c.name == MOVING)):
                raise StoreError(
                    f"{self.path or self.engine.url} holds a part of another database: a move into"
                    " it was not finished",
                    "run the same `newsletter move --to` again from where the rows come from, or"
                    " empty it",
                )

    def verify(self) -> None:
        """Raises SchemaChanged where another program has migrated the database meanwhile."""
        at = self.revision()
        if at == HEAD:
            return
        if at is not None and at > HEAD:
            raise SchemaChanged(*newer(at))
        raise SchemaChanged(f"the database was downgraded to {at}", "start this program again")

    def revision(self) -> str | None:
        """The migration the database stands at; None when it is empty."""
        with errors_explained(self.engine), self.engine.connect() as db:
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


def revision(url: str, beside: Path = Path()) -> str:
    """Of a database that is looked at and left as it is. Raises as ``Store`` does."""
    engine = open_engine(url, beside)
    try:
        with errors_explained(engine), engine.connect() as db:
            at = _revision(db)
    finally:
        engine.dispose()
    if at is None:
        raise without_tables(engine.url)
    return at


def _revision(db: Connection) -> str | None:
    if not inspect(db).has_table("alembic_version"):
        return None
    number: str | None = db.scalar(text("SELECT version_num FROM alembic_version"))
    return number


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Slices small enough for an IN (...) on every database."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
