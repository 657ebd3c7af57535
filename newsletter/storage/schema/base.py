"""What the tables share: the metadata with its naming, column types, functions and checks."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class DomainOf(FunctionElement[str]):
    """The part of a subscriber's key after the @."""

    type = Text()
    inherit_cache = True


@compiles(DomainOf)
def _domain_on_postgresql(element: DomainOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, '@', 2)"


@compiles(DomainOf, "sqlite")
def _domain_on_sqlite(element: DomainOf, compiler: SQLCompiler, **options: Any) -> str:
    key = compiler.process(element.clauses, **options)
    return f"substr({key}, instr({key}, '@') + 1)"


BY_CODE_POINT = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted the same on every database, so that an index finds the values with a given beginning."""


def one_of(name: str, *values: str) -> str:
    """No IN: of a list of more than two SQLite builds a table, for every row that is written."""
    return " OR ".join(f"{name} = {value!r}" for value in values)
