"""Real databases for every test that needs one: a file, and a PostgreSQL that we start."""

import gc
import os
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from newsletter.storage import Store
from newsletter.storage.schema import metadata
from tests.environment import postgresql_server
from tests.once import made_once

__all__ = ["made_once"]

# A machine that has other work is slow, not wrong. `make test-all` asks for the many examples.
SLOW = (HealthCheck.too_slow,)
settings.register_profile("many", deadline=None, suppress_health_check=SLOW)
settings.register_profile("few", deadline=None, suppress_health_check=SLOW, max_examples=20)
settings.load_profile("few")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A module that is heavy as a whole is not imported, only to leave all its tests out."""
    if collection_path.suffix == ".py" and config.option.markexpr == "not heavy":
        return "\npytestmark = pytest.mark.heavy\n" in collection_path.read_text() or None
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Fast tests write to memory, where there is room: disks took a quarter of the time."""
    if config.option.markexpr == "not heavy" and _room_in(_MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


_MEMORY = Path("/dev/shm")


def _room_in(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and disk_usage(folder).free > 2 * 2**30


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays: the collector need not go through it again.

    Later it looks more seldom than it does for a program that runs for long.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 5)


def pytest_unconfigure() -> None:
    """pytest collects five times now, to find what was left open: once does, where all stays."""
    gc.collect()
    gc.freeze()


_names = (f"test_{number}" for number in count())


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own, without a database's name."""
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as server:
        # A hundred databases would take it twenty seconds to write down before it ends.
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri().replace("postgresql:", "postgresql+psycopg:", 1)


@pytest.fixture(scope="session")
def pristine(postgresql: str) -> str:
    """The address of an empty database there that is up to date, and that nobody opens: to copy."""
    url = new_database(postgresql)
    Store(url, create=True).close()
    return url


@pytest.fixture(scope="session")
def migrated(postgresql: str, pristine: str) -> str:
    """The address of a database that is up to date, and emptied after each test."""
    return new_database(postgresql, pristine)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on either engine."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'newsletter.db'}"
    return new_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def store(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if engine == "sqlite":
        created = new_store(tmp_path)
    else:
        created = Store(request.getfixturevalue("migrated"))
        _empty(created)
    yield created
    created.close()


def _empty(store: Store) -> None:
    """As it was when it was new: to copy another or to truncate it takes three times as long."""
    with store.writing() as db:
        db.execute(text(_EMPTY.format(tables=", ".join(f"'{name}'" for name in metadata.tables))))


_EMPTY = """
DO $$ DECLARE name text; filled boolean; BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY ARRAY[{tables}] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public';
END $$
"""


@pytest.fixture
def apart(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store in a database of its own, for who leaves it other than it was."""
    if engine == "sqlite":
        created = new_store(tmp_path)
    else:
        servers = (request.getfixturevalue(name) for name in ("postgresql", "pristine"))
        created = Store(new_database(*servers))
    yield created
    created.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store where the engine makes no difference."""
    created = new_store(tmp_path)
    yield created
    created.close()


def new_store(folder: Path) -> Store:
    """In a SQLite file; its tables are copied: to migrate takes fifteen times as long."""
    path = folder / "newsletter.db"
    path.write_bytes(_migrated())
    return Store(f"sqlite:///{path}")


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "newsletter.db"
        Store(f"sqlite:///{path}", create=True).close()
        return path.read_bytes()


def new_database(server: str, copied: str = "template1") -> str:
    """An empty one, or a copy of the one at that address."""
    name, template = next(_names), copied.rpartition("/")[2].partition("?")[0]
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)
