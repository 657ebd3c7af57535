import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select, text

from newsletter.domain.errors import ConfigError, StoreError
from newsletter.resources import resource
from newsletter.storage import Store, archive, ledger
from newsletter.storage.engine import open_engine
from newsletter.storage.schema import HEAD, insight, metadata
from newsletter.turns import Turn
from tests.builders import NOON, TODAY, brief, read, subscribe
from tests.storage.test_ledger import entry


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite's are not compared
def test_migrations_and_metadata_agree(store: Store) -> None:
    with store.reading() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(resource("migrations"))).get_current_head() == HEAD


def test_a_database_with_data_survives_down_and_up(apart: Store) -> None:
    with apart.writing() as db:
        archive.record(db, [read("a.txt", brief("One.", "Two."))], NOON, TODAY)
        subscribe(db)
        before = archive.totals(db)
    apart.migrate("0001")
    assert apart.revision() == "0001"
    apart.migrate()
    with apart.reading() as db:
        assert archive.totals(db) == before
    assert apart.revision() == HEAD


def test_of_a_file_of_several_episodes_the_first_stays_on_the_way_down(apart: Store) -> None:
    episodes = [replace(brief(f"{name}."), episode=name) for name in ("One", "Two")]
    with apart.writing() as db:
        archive.record(db, [read("all.csv", *episodes)], NOON, TODAY)
    apart.migrate("0025")
    apart.migrate()
    with apart.writing() as db:
        assert archive.known(db, "") == {"all.csv": (-1, 1)}  # as if it had changed since
        archive.record(db, [read("all.csv", *episodes)], NOON, TODAY)
        assert archive.totals(db).briefs == 2


@pytest.mark.parametrize("revision", ["0005", HEAD])
def test_a_delivery_is_checked_as_before(store: Store, revision: str) -> None:
    """By a connection that saw the checks change, and by one that finds them so."""
    with store.writing() as db:
        ledger.enter(db, [entry(subscribe(db), None, "too_late")], NOON)
    store.migrate("0005")
    store.migrate(revision)
    for _ in range(2):
        for wrong in ("state = 'posted'", "reason = 'tired'"):
            with pytest.raises(StoreError, match=r"(?i)check"), store.writing() as db:
                db.execute(text(f"UPDATE delivery SET {wrong}"))  # noqa: S608
        with store.writing() as db:
            db.execute(text("UPDATE delivery SET state = 'unknown', reason = NULL"))
        store.engine.dispose()


def address(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def test_all_the_way_down_and_up(apart: Store) -> None:
    apart.migrate("base")
    assert apart.revision() is None
    apart.migrate()
    assert apart.revision() == HEAD


def test_a_newer_database_is_refused(apart: Store) -> None:
    with apart.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"9999.*install the newer"):
        Store(address(apart))


def test_a_database_of_an_unknown_past_is_refused(apart: Store) -> None:
    with apart.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreError, match=r"stands at 0000, which this program does not know"):
        Store(address(apart))


@pytest.mark.parametrize("name", ["q?x#y", "50%25 off", "plus+and&"])
def test_a_file_lies_beside_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    Store("sqlite:///here.db", folder, create=True).close()
    assert [path.name for path in folder.iterdir()] == ["here.db"]
    assert list(tmp_path.iterdir()) == [folder]


def test_opening_together_migrates_once(url: str) -> None:
    errors: list[Exception] = []

    def open_it() -> None:
        try:
            Store(url, create=True).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_new_file_waits_for_whoever_makes_it(tmp_path: Path) -> None:
    """At the same moment, time and again: they meet in one of eight otherwise."""

    def use(path: Path) -> str:
        together.wait()
        engine = open_engine(f"sqlite:///{path}", Path(), create=True)
        with engine.connect() as db:
            mode: str = db.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        engine.dispose()
        return mode

    together = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for number in range(50):
            path = tmp_path / f"{number}.db"
            assert list(pool.map(use, [path] * 4)) == ["wal"] * 4


def test_writers_wait_for_each_other(store: Store) -> None:
    """What a transaction read still holds when it writes: no increment is lost."""
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief("0"))], NOON, TODAY)

    def increment() -> None:
        for _ in range(20):
            with store.writing() as db:
                number = int(db.scalar(select(insight.c.text)) or 0)
                db.execute(insight.update().values(text=str(number + 1)))

    threads = [threading.Thread(target=increment) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as db:
        assert db.scalar(select(insight.c.text)) == "60"


def test_without_a_transaction_each_statement_sees_what_holds_now_and_holds_nobody_up(
    store: Store,
) -> None:
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief("0"))], NOON, TODAY)
    with store.autocommit() as looking:
        for number in range(3):
            with store.writing() as db:
                db.execute(insight.update().values(text=str(number)))
            assert looking.scalar(select(insight.c.text)) == str(number)
    with store.reading() as db:  # the connection may be the same: it is back in transactions
        assert db.scalar(select(insight.c.text)) == "2"
        with store.writing() as other:
            other.execute(insight.update().values(text="3"))
        if db.dialect.name == "sqlite":  # a snapshot; PostgreSQL reads what is committed
            assert db.scalar(select(insight.c.text)) == "2"


def test_sqlite_is_set_up_as_promised(sqlite: Store) -> None:
    with sqlite.reading() as db:
        assert db.scalar(text("PRAGMA journal_mode")) == "wal"
        assert db.scalar(text("PRAGMA foreign_keys")) == 1
        assert db.scalar(text("PRAGMA busy_timeout")) == 30_000
    with sqlite.writing(durable=True) as db:
        assert db.scalar(text("PRAGMA synchronous")) == 2
    with sqlite.writing() as db:
        assert db.scalar(text("PRAGMA synchronous")) == 1


def test_only_the_owner_reads_the_database(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'newsletter.db'}", create=True)
    with store.writing() as db:
        subscribe(db)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("newsletter.db*")}
    store.close()
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("nonsense", "is no database address"),
        ("oracle9://x/y", "is no database address"),
        ("mysql://x/y", "only SQLite and PostgreSQL are known"),
        ("postgresql+pg8000://x/y", "only SQLite and PostgreSQL are known"),
        ("postgresql://[::1", "is no database address"),
        ("postgresql://host:port/x", "is no database address"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_bad_address_names_the_key(bad: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Store(bad)


def test_a_file_that_is_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, and long enough to be read as a header of something " * 20)
    with pytest.raises(StoreError, match=r"store\.url names a file that is something else"):
        Store(f"sqlite:///{path}")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot open the database .*No such file"):
        Store(f"sqlite:///{tmp_path / 'no' / 'where.db'}", create=True)


def test_a_server_that_is_down_is_told() -> None:
    with pytest.raises(StoreError, match="is the server running"):
        Store("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize(
    ("user", "name", "advice"),
    [
        ("postgres", "nowhere", 'database "nowhere" does not exist; create it, or name another'),
        ("nobody", "postgres", 'role "nobody" does not exist; create it, or name another user'),
    ],
)
def test_what_a_server_does_not_have_is_told_with_advice(
    postgresql: str, user: str, name: str, advice: str
) -> None:
    url = make_url(postgresql).set(username=user, database=name)
    with pytest.raises(StoreError, match=advice):
        Store(url.render_as_string(hide_password=False))


def test_a_server_that_is_not_found_is_told() -> None:
    with pytest.raises(StoreError, match=r"is store\.url right\?"):
        Store("postgresql://nobody@host.invalid/nothing")


def test_without_the_driver_no_index_is_named_that_may_hold_a_namesake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError) as caught:
        Store("postgresql://nobody@127.0.0.1:1/nothing")
    assert "store.url needs the package psycopg" in str(caught.value)
    assert str(caught.value).endswith("'.[postgresql]'")


@pytest.mark.parametrize("durable", [True, False])
def test_who_waits_to_write_lets_other_senders_work(store: Store, *, durable: bool) -> None:
    turn, written = Turn(), threading.Event()

    def write() -> None:
        with turn.working(), store.writing(durable=durable):
            written.set()

    with store.writing():
        thread = threading.Thread(target=write)
        thread.start()
        for _ in range(20):
            with turn.working():
                assert not written.is_set()
    thread.join()
    assert written.is_set()


def test_a_sender_asks_for_its_turn_with_no_lock_of_the_database_in_hand(store: Store) -> None:
    """Else who works, and waits for that lock, would wait for ever."""
    turn, writing, go_on = Turn(), threading.Event(), threading.Event()

    def sender() -> None:
        with turn.working(), store.writing():
            writing.set()
            go_on.wait()

    def another() -> None:
        with store.writing():
            pass

    sending, waits = (threading.Thread(target=work, daemon=True) for work in (sender, another))
    sending.start()
    assert writing.wait(60)
    turn.take()
    go_on.set()
    waits.start()
    waits.join(60)
    assert not waits.is_alive()
    turn.give()
    sending.join(60)


def test_a_server_that_is_away_is_told_in_one_line(tmp_path: Path) -> None:
    """The driver adds a second one, with a question."""
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"^the database: .*No such file or directory") as raised:
        Store(f"postgresql://nobody@/newsletter?host={tmp_path}")
    assert str(raised.value).isprintable()
