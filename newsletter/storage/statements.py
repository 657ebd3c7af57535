"""Statements that run for every message: put together once, and handed to the driver as they are.

To put one together takes ten times as long as to run it; to find it again by what it says, as long.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Select, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Float, TypeEngine

Convert = Callable[[Any], Any]


class Compiled:
    """A statement's text for one kind of database, its values as the driver takes them, and what it
    finds as the columns' types have it.

    ``keys`` are the columns that are written; ``counts`` says how many values each list holds that
    is looked for with IN.
    """

    def __init__(
        self,
        statement: Select[Any] | UpdateBase,
        dialect: Dialect,
        keys: Sequence[str] = (),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        made = statement.compile(dialect=dialect, column_keys=keys or None)
        assert isinstance(made, SQLCompiler)
        lists = {name: [None] * count for name, count in (counts or {}).items()}
        state = made.construct_expanded_state({**made.params, **lists})
        self.text, self._lists = state.statement, state.parameter_expansion
        self._fixed = made.params
        # By their place where the driver counts them (SQLite), else by their names.
        self._places = state.positiontup
        binds = ((name, one.type) for name, one in made.binds.items() if name not in lists)
        self._given = _converters(binds, dialect, lambda kind: kind.bind_processor(dialect))
        columns = enumerate(one.type for one in getattr(statement, "selected_columns", ()))
        # Numbers come as they are, and what psycopg's types have to say depends on the server's.
        others = [(place, kind) for place, kind in columns if not isinstance(kind, Float)]
        self._found = _converters(
            others, dialect, lambda kind: kind.result_processor(dialect, None)
        )

    def values(self, given: Mapping[str, Any]) -> Any:
        every = {**self._fixed, **given}
        for name, convert in self._given:
            every[name] = convert(every[name])
        for name, names in self._lists.items():
            every |= zip(names, every.pop(name), strict=True)
        return tuple([every[name] for name in self._places]) if self._places else every

    def found(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in self._found:
            values[place] = convert(values[place])
        return tuple(values)


def _converters(
    kinds: Iterable[tuple[Any, TypeEngine[Any]]],
    dialect: Dialect,
    converter: Callable[[TypeEngine[Any]], Convert | None],
) -> list[tuple[Any, Convert]]:
    """Where there is something to convert, and how."""
    found = ((place, converter(kind.dialect_impl(dialect))) for place, kind in kinds)
    return [(place, convert) for place, convert in found if convert]


class Writer:
    """An INSERT or UPDATE, compiled once for each set of columns, as a function of (connection, the
    values of each row). How many rows it wrote is told for a single one."""

    def __init__(self, statement: UpdateBase) -> None:
        self._statement = statement
        self._known: dict[tuple[str, ...], Compiled] = {}

    def __call__(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        if not rows:
            return 0
        made = self._compiled(db.dialect, tuple(rows[0]))
        return db.exec_driver_sql(made.text, [made.values(row) for row in rows]).rowcount

    def _compiled(self, dialect: Dialect, keys: tuple[str, ...]) -> Compiled:
        key = (dialect.name, *keys)
        if key not in self._known:
            self._known[key] = Compiled(self._statement, dialect, keys)
        return self._known[key]


class Finder:
    """A SELECT, compiled once for each length of the list ``several`` that it looks for with IN."""

    def __init__(self, statement: Select[Any], several: str = "") -> None:
        self._statement, self._several = statement, several
        self._known: dict[tuple[str, int], Compiled] = {}

    def __call__(self, db: Connection, **values: Any) -> list[tuple[Any, ...]]:
        count = len(values[self._several]) if self._several else 0
        made = self._compiled(db.dialect, count)
        return [made.found(row) for row in db.exec_driver_sql(made.text, made.values(values))]

    def _compiled(self, dialect: Dialect, count: int) -> Compiled:
        key = (dialect.name, count)
        if key not in self._known:
            counts = {self._several: count} if self._several else {}
            self._known[key] = Compiled(self._statement, dialect, counts=counts)
        return self._known[key]
