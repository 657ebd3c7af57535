"""What tests would otherwise make anew thousands of times, and what is made cheap for them.

Everything here gives what the program itself would have made; only passwords are hashed with less
work than `PasswordHasher` asks for by itself, which tests/services/test_desk_users.py looks at.
"""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import jinja2
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, event

from newsletter.rendering import fragment_cache
from newsletter.services import desk_users

HASHER = desk_users._HASHER
_QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class StatementCache(dict[tuple[Any, ...], Any]):
    """What all engines have compiled: tests make thousands, each of which would compile anew."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


_statements = StatementCache()


@event.listens_for(Engine, "engine_connect")
def share_statements(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_statements)


_compile = jinja2.Environment.compile
_templates: dict[tuple[Any, ...], Any] = {}


def _compile_once(environment: jinja2.Environment, source: str, *where: Any, **how: Any) -> Any:
    """A template of ours in the same language: what filters make of constants is compiled in."""
    language = environment.filters.get("long_date")
    if language is None:
        return _compile(environment, source, *where, **how)
    key = (language, source, *where, *sorted(how.items()))
    if key not in _templates:
        _templates[key] = _compile(environment, source, *where, **how)
    return _templates[key]


@pytest.fixture(autouse=True, scope="session")
def made_once() -> Iterator[None]:
    """For every test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jinja2.Environment.compile", _compile_once)
        # The number of a fragment's block is compiled in, so no two blocks may have the same.
        numbers = count()
        patch.setattr(fragment_cache, "count", lambda: numbers)
        patch.setattr(desk_users, "_HASHER", _QUICK_HASHER)
        # To read whom the machine trusts takes 20 ms; who needs to trust somebody says whom.
        patch.setenv("SSL_CERT_FILE", os.devnull)
        yield
