"""Many rows in one statement: row by row they cost a database server many times as much.

On PostgreSQL the values go as an array for each column, so that a statement's text is the same for
any number of rows. SQLite lies in our own process: there each row is a statement, prepared once.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Table,
    TableValuedAlias,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

Rows = Sequence[Mapping[str, Any]]


def in_sets(db: Connection) -> bool:
    return db.dialect.name == "postgresql"


def insert(db: Connection, table: Table, rows: Rows) -> None:
    """All with the same columns. A row that breaks a key is an error."""
    if rows:
        _insert(db, table, rows, new=False)


def copy(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Thousands of whole rows, in the order of the table's columns, with their values as SQLite
    keeps them. A row that breaks a key is an error."""
    names = ", ".join(f'"{column.name}"' for column in table.c)
    if not in_sets(db):
        places = ", ".join("?" * len(table.c))
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({places})'  # noqa: S608
        db.exec_driver_sql(statement, list(rows))
        return
    db.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")  # SQLite's instants do not say theirs
    db.exec_driver_sql("SET LOCAL synchronous_commit = off")
    driver = db.connection.driver_connection
    assert driver is not None
    with driver.cursor().copy(f'COPY "{table.name}" ({names}) FROM STDIN') as out:
        for row in rows:
            out.write_row(row)


def insert_new(db: Connection, table: Table, rows: Rows) -> None:
    """Insert the rows that break no unique key, and pass over the others."""
    if rows:
        _insert(db, table, rows, new=True)


def _insert(db: Connection, table: Table, rows: Rows, *, new: bool) -> None:
    names = tuple(rows[0])
    if in_sets(db) and not any(isinstance(table.c[name].type, JSON) for name in names):
        db.execute(_insert_set(table, names, new=new), arrays(rows, names))
    else:
        # Only the dialect in use is loaded: PostgreSQL's takes a tenth of a second.
        statement = import_module(f"sqlalchemy.dialects.{db.dialect.name}").insert(table)
        db.execute(statement.on_conflict_do_nothing() if new else statement, list(rows))


@cache
def _insert_set(table: Table, names: tuple[str, ...], *, new: bool) -> Insert:
    rows_given = values({name: table.c[name].type for name in names})
    dialect = import_module("sqlalchemy.dialects.postgresql")
    statement: Any = dialect.insert(table).from_select(
        names, select(*(rows_given.c[n] for n in names))
    )
    return statement.on_conflict_do_nothing() if new else statement  # type: ignore[no-any-return]


def values(types: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """A table of rows that are given as ``arrays``, by the names of its columns."""
    parameters = (bindparam(name, type_=ARRAY(column_type)) for name, column_type in types.items())
    columns = (column(name, column_type) for name, column_type in types.items())
    return func.unnest(*parameters).table_valued(*columns).render_derived(name="given")


def arrays(rows: Rows, names: Sequence[str]) -> dict[str, list[Any]]:
    """The parameters of ``values``."""
    return {name: [row[name] for row in rows] for name in names}


def bound(condition: ColumnElement[bool]) -> dict[str, TypeEngine[Any]]:
    """The parameters of a condition that each row has of its own, and their types."""
    parameters: dict[str, TypeEngine[Any]] = {}

    def see(element: Any, **_: Any) -> None:
        if isinstance(element, BindParameter) and element.required:
            parameters[element.key] = element.type

    replacement_traverse(condition, {}, see)
    return parameters


def joined(condition: ColumnElement[bool], rows_given: TableValuedAlias) -> ColumnElement[bool]:
    """The condition with the columns of ``given`` in place of its parameters."""

    def place(element: Any, **_: Any) -> Any:
        ours = isinstance(element, BindParameter) and element.required
        return rows_given.c[element.key] if ours else None

    replaced: ColumnElement[bool] = replacement_traverse(condition, {}, place)
    return replaced
