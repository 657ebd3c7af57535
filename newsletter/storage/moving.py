"""Moving house: every row of one database into another, of the other kind or the same.

Rows are copied in the order of their keys, some thousand in a transaction, so that a copy that was
interrupted goes on where it stood. Indexes are made when all rows are there. The ids stay: links in
messages already sent contain them.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    String,
    Table,
    Text,
    cast,
    func,
    literal_column,
    not_,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE

from newsletter.domain.errors import StoreError
from newsletter.domain.text import counted
from newsletter.storage import bare, heartbeats, places, sets
from newsletter.storage.database import MOVING, Store
from newsletter.storage.leases import SENDING, Steady, process_name
from newsletter.storage.schema import Instant, delivery, mark, metadata

_BATCH = 20_000
_MODULUS = "2147483647"
"""A prime: sums of larger numbers, such as the instants of files, do not fit into SQLite's own."""

Rows = Sequence[tuple[Any, ...]]

Watch = Callable[[str, int, int], None]
"""Told a table's name, or "indexes", how much of it is there by now, and of how much."""


def move(old: Store, new: Store, now: datetime, steady: Steady, watch: Watch) -> dict[str, int]:
    """How many rows each table has; they were counted and summed in both.

    Raises StoreError where somebody works on the old one, the new one is in use, or the two are not
    the same in the end.
    """
    _check_still(old, now, steady)
    _begin(new, now)
    tables = sorted(metadata.sorted_tables, key=lambda table: table.name == mark.name)
    for table in tables:
        total = _counted(old, table)
        for done in _copy(old, new, table):
            watch(table.name, done, total)
    for made, of_all in bare.dress(new):
        watch("indexes", made, of_all)
    counts = {table.name: _compare(old, new, table) for table in tables}
    with new.writing(durable=True) as db:
        _set_sequences(db, tables)
        bare.forget(db)
        db.execute(mark.delete().where(mark.c.name == MOVING))
    return counts


def _check_still(old: Store, now: datetime, steady: Steady) -> None:
    with old.reading() as db:
        working = sorted(set(map(process_name, heartbeats.schedulers(db, now, steady))))
        sending = db.scalar(select(func.count()).select_from(delivery).where(SENDING))
    if working or sending:
        raise StoreError(
            "somebody still works on the database: "
            + (", ".join(working) or f"{counted(sending or 0, 'delivery')} being sent"),
            "end `newsletter run`, `worker`, `send` and `serve`, and see that `newsletter status`"
            " shows no delivery as sending; a process that was killed counts for three minutes",
        )


def _begin(new: Store, now: datetime) -> None:
    with new.writing(durable=True) as db:
        begun = db.scalar(select(mark.c.at).where(mark.c.name == MOVING))
        used = next((table for table in metadata.sorted_tables if _any(db, table)), None)
        if begun is None and used is not None:
            raise StoreError(
                f"the database to move to has rows already (table {used.name})",
                "name an empty one, or the one in which this move was interrupted",
            )
        if begun is None:
            db.execute(mark.insert().values(name=MOVING, at=now, boot="", seconds=0.0))
        bare.strip(db)


def _any(db: Connection, table: Table) -> bool:
    return db.execute(select(*table.primary_key.columns).limit(1)).first() is not None


def _moved(table: Table) -> Sequence[ColumnElement[bool]]:
    """The rows that move: a journal stays with the file that it belongs to."""
    if table.name != mark.name:
        return ()
    return not_(mark.c.name.startswith(places.NAME, autoescape=True)), mark.c.name != MOVING


def _copy(old: Store, new: Store, table: Table) -> Iterator[int]:
    """How many rows are there, after each batch."""
    there = _counted(new, table)
    for rows in _ahead(_batches(old, table, _last(new, table))):
        with new.writing() as db:
            sets.copy(db, table, rows)
        yield (there := there + len(rows))


def _counted(store: Store, table: Table) -> int:
    with store.reading() as db:
        return db.scalar(select(func.count()).select_from(table).where(*_moved(table))) or 0


def _ahead(batches: Iterator[Rows]) -> Iterator[Rows]:
    """A batch is read while the one before it is written: most of the waiting is for a server."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, batches, ())
        while rows := coming.result():
            coming = reader.submit(next, batches, ())
            yield rows


def _batches(old: Store, table: Table, last: Sequence[Any] | None) -> Iterator[Rows]:
    """What comes after the row with the key ``last``."""
    columns = [_as_kept(column, by_server=old.path is None) for column in table.c]
    keys = [type_coerce(column, NULLTYPE) for column in table.primary_key.columns]
    ordered = select(*columns, *keys).where(*_moved(table)).order_by(*keys).limit(_BATCH)
    while True:
        after = ordered if last is None else ordered.where(tuple_(*keys) > tuple_(*last))
        with old.reading() as db:
            cursor = db.execute(after).cursor  # the driver's: objects of ours take as long again
            assert cursor is not None
            rows = cursor.fetchall()
        if not rows:
            return
        yield [row[: len(columns)] for row in rows]
        last = rows[-1][len(columns) :]


def _as_kept(column: ColumnElement[Any], *, by_server: bool) -> ColumnElement[Any]:
    """A column's values as SQLite keeps them, which a server reads as well: to make objects of them
    on the way takes the program as long as all the rest."""
    if by_server and isinstance(column.type, Instant):
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
    if by_server and isinstance(column.type, (Date, JSON)):
        return cast(column, Text)
    return type_coerce(column, NULLTYPE)


def _last(new: Store, table: Table) -> Sequence[Any] | None:
    """The key of the last row that is there."""
    key = list(table.primary_key.columns)
    query = select(*key).where(*_moved(table)).order_by(*(column.desc() for column in key)).limit(1)
    with new.reading() as db:
        row = db.execute(query).one_or_none()
    return None if row is None else list(row)


def _compare(old: Store, new: Store, table: Table) -> int:
    """How many rows there are in both."""
    query = select(func.count(), *_sums(table)).where(*_moved(table)).select_from(table)
    with ThreadPoolExecutor(max_workers=2) as both:
        sums = list(both.map(partial(_summed, query), (old, new)))
    if sums[0] != sums[1]:
        raise StoreError(
            f"the table {table.name} is not the same in both: rows and sums {sums[0]}, {sums[1]}",
            "the old database was written to meanwhile: empty the new one and move again",
        )
    return int(sums[0][0])


def _summed(query: Select[Any], store: Store) -> Sequence[Any]:
    with store.reading() as db:
        return list(db.execute(query).one())


def _sums(table: Table) -> Iterator[ColumnElement[Any]]:
    """What differs where a row differs, most likely: numbers, lengths of texts, the first and the
    last instant, what is there."""
    for column in table.columns:
        if isinstance(column.type, Integer):
            yield func.sum(column % literal_column(_MODULUS))
        elif isinstance(column.type, String):
            yield func.sum(func.length(column))
        elif isinstance(column.type, Date):
            yield func.count(column.distinct())
        elif isinstance(column.type, Instant):
            yield func.count(column)
            yield from (func.min(column), func.max(column))
        else:
            yield func.count(column)


def _set_sequences(db: Connection, tables: Sequence[Table]) -> None:
    """PostgreSQL counts ids on its own: from the last one that was moved."""
    for table in tables if sets.in_sets(db) else ():
        column = table.autoincrement_column
        if column is not None and column.name == "id":
            newest = f"(SELECT coalesce(max(id), 0) FROM {table.name})"  # noqa: S608
            sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
            db.execute(text(f"SELECT setval({sequence}, {newest} + 1, false)"))
