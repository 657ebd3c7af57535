"""Tables without secondary indexes and foreign keys, while all of a database comes into them.

What is taken away is written down in the same transaction and the same database, as statements that
make it again: a move that was killed leaves what the next one finishes.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, bindparam, select, text

from newsletter.storage import sets
from newsletter.storage.database import Store
from newsletter.storage.schema import metadata

_later = Table(
    "made_after_moving",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("statement", Text, nullable=False),
)
_MEMORY = "SET LOCAL maintenance_work_mem = '256MB'"
"""For an index on PostgreSQL: the rows of a year are sorted in a few runs."""


class _Taken(NamedTuple):
    drop: str
    make: str


def strip(db: Connection) -> None:
    """Nothing where it was done before."""
    if db.dialect.has_table(db, _later.name):
        return
    taken = list(_on_postgresql(db) if sets.in_sets(db) else _on_sqlite(db))
    _later.create(db)
    db.execute(_later.insert(), [{"statement": each.make} for each in taken])
    for each in taken:
        _run(db, each.drop)


def dress(store: Store) -> Iterator[tuple[int, int]]:
    """Make again what ``strip`` took, one in a transaction; how many are made of how many, after
    each."""
    with store.reading() as db:
        rows = db.execute(select(_later).order_by(_later.c.id)).all()
    for done, row in enumerate(rows, start=1):
        with store.writing() as db:
            if sets.in_sets(db):
                _run(db, _MEMORY)
            _run(db, row.statement)
            db.execute(_later.delete().where(_later.c.id == row.id))
        yield done, len(rows)


def forget(db: Connection) -> None:
    """All is there again."""
    _later.drop(db)


def _run(db: Connection, statement: str) -> None:
    """As it is: a percent sign in it stands for no parameter."""
    db.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _on_sqlite(db: Connection) -> Iterator[_Taken]:
    """Foreign keys stay: a parent is found by its primary key, and most are in memory."""
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    for name, statement in db.execute(query).all():
        yield _Taken(f'DROP INDEX "{name}"', statement)


def _on_postgresql(db: Connection) -> Iterator[_Taken]:
    """In the order in which they are made again: a foreign key may need what is unique."""
    ours = {"tables": list(metadata.tables)}
    for name, statement in db.execute(_INDEXES, ours).all():
        yield _Taken(f'DROP INDEX "{name}"', statement)
    for table, name, definition in db.execute(_CONSTRAINTS, ours).all():
        yield _Taken(
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}',
        )


_INDEXES = text(
    "SELECT indexname, indexdef FROM pg_indexes"
    " WHERE schemaname = current_schema() AND tablename IN :tables"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname"
).bindparams(bindparam("tables", expanding=True))
_CONSTRAINTS = text(
    "SELECT relname, conname, pg_get_constraintdef(c.oid)"
    " FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid"
    " WHERE connamespace = to_regnamespace(current_schema()) AND contype = 'f'"
    " AND relname IN :tables ORDER BY conname"
).bindparams(bindparam("tables", expanding=True))
