"""Pages of readers on both engines: everybody who fits, once, and nobody else."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest
from sqlalchemy import text

from newsletter.domain.model import STATES, Subscriber
from newsletter.storage import Connection, Store, ledger, personal_data, reader_search, subscribers
from newsletter.storage.reader_search import Search, kind, page
from tests.builders import NOON, TODAY

ZONES = ("Europe/Oslo", "Europe/Paris", "Pacific/Apia")
DOMAINS = ("example.org", "exämple.net", "letters.example")


@pytest.fixture
def many(store: Store) -> Store:
    return filled(store)


def filled(store: Store) -> Store:
    """Sixty readers; the first was erased."""
    with store.writing() as db:
        for number in range(60):
            domain = DOMAINS[number % 3].encode("idna").decode()
            key = f"{'anna' if number % 2 else 'Ben'.casefold()}{number:02}@{domain}"
            name = f"{'Anna' if number % 2 else 'Ölaf'} the {number}"
            zone = ZONES[number % 4 % 3]
            reader = Subscriber(0, key, zone, 7, name, state=STATES[number % 5])
            subscribers.add_all(db, {key: reader}, NOON - timedelta(days=30))
        personal_data.erase(db, 1, "erased:1", NOON)
    return store


def walked(store: Store, search: Search, most: int = 7) -> list[Subscriber]:
    """Page by page; no reader stands on two of them."""
    found: list[Subscriber] = []
    after = None
    with store.reading() as db:
        while True:
            got = page(db, search, after, most)
            assert len(got.readers) <= most
            found += got.readers
            if got.end is None:
                break
            assert list(map(type, got.end)) == list(get_args(kind(search)))
            after = got.end
    assert len({reader.id for reader in found}) == len(found)
    return found


def everyone(store: Store) -> list[Subscriber]:
    with store.reading() as db:
        return subscribers.everyone(db)


def domain_is(name: str) -> Callable[[Subscriber], bool]:
    return lambda reader: reader.address.endswith(f"@{name}")


FITS: Sequence[tuple[Search, Callable[[Subscriber], bool]]] = [
    (Search(), lambda _: True),
    (Search(state="bounced"), lambda r: r.state == "bounced"),
    (Search(state="active", timezone="Pacific/Apia"), lambda r: r.state == "active"
        and r.timezone == "Pacific/Apia"),
    (Search(state="bounced", timezone="Europe/Oslo"), lambda r: r.state == "bounced"
        and r.timezone == "Europe/Oslo"),
    (Search(timezone="Europe/Paris"), lambda r: r.timezone == "Europe/Paris"),
    (Search(timezone="Asia/Kabul"), lambda _: False),
    (Search("anna"), lambda r: r.address.startswith("anna")),
    (Search("anna0", state="active"), lambda r: r.address.startswith("anna0")
        and r.state == "active"),
    (Search("%"), lambda _: False),
    (Search("anna the 1", "name"), lambda r: r.name.startswith("Anna the 1")),
    (Search("Öl", "name"), lambda r: r.name.startswith("Öl")),
    (Search("letters", "domain"), domain_is("letters.example")),
    (Search("example.org", "domain"), domain_is("example.org")),
    (Search("xn--", "domain", timezone="Europe/Oslo"), lambda r: "@xn--" in r.address
        and r.timezone == "Europe/Oslo"),
]  # fmt: skip


@pytest.mark.parametrize("window", [5, 1_000])
def test_a_search_finds_each_reader_who_fits_once(
    many: Store, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether many are looked at for a page, or so few that many pages hold nobody."""
    monkeypatch.setattr(reader_search, "WINDOW", window)
    for search, fits in FITS:
        wanted = {reader.id for reader in everyone(many) if fits(reader)}
        assert {reader.id for reader in walked(many, search)} == wanted, search


def test_the_order_is_that_of_what_is_searched_and_else_the_newest_come_first(many: Store) -> None:
    ids = [reader.id for reader in walked(many, Search())]
    assert ids == sorted(ids, reverse=True)
    addresses = [reader.address for reader in walked(many, Search("b"))]
    assert addresses == sorted(addresses)


def row(db: Connection, reader: Subscriber, day: date, state: str, minutes: int = 0) -> None:
    skipped = None if state != "skipped" else "too_few"
    entry = ledger.Entry(reader, day, None, skipped, f"{reader.id}-{day}", NOON, NOON)
    ledger.enter(db, [entry], NOON + timedelta(minutes=minutes))
    db.execute(
        text("UPDATE delivery SET state = :state WHERE subscriber_id = :id AND date = :day"),
        {"state": state, "id": reader.id, "day": day if db.dialect.name != "sqlite" else str(day)},
    )


def test_who_waits_and_who_got_nothing_lately(many: Store) -> None:
    active = [reader for reader in everyone(many) if reader.state == "active"]
    since = TODAY - timedelta(days=2)
    with many.writing() as db:
        for number, reader in enumerate(active[:8]):
            row(db, reader, TODAY, "pending", -number)
        row(db, active[0], TODAY - timedelta(days=1), "pending")
        for reader in active[4:]:
            row(db, reader, TODAY - timedelta(days=1), "sent")
        row(db, active[2], TODAY - timedelta(days=3), "sent")
    waits = [reader.id for reader in walked(many, Search(waits_since=since), 50)]
    assert waits == [reader.id for reader in active[7::-1]]
    some = Search(waits_since=since, timezone=active[0].timezone)
    assert {r.id for r in walked(many, some)} == {
        r.id for r in active[:8] if r.timezone == active[0].timezone
    }
    named = Search(active[3].address[:4], waits_since=since)
    assert {r.id for r in walked(many, named)} == {
        r.id for r in active[:8] if r.address.startswith(named.text)
    }
    nothing = Search(nothing_since=since)
    assert {r.id for r in walked(many, nothing)} == {r.id for r in active[:4]}
    assert walked(many, replace(nothing, state="bounced")) == []
    with many.reading() as db:
        newest = reader_search.latest(db, [reader.id for reader in active], since)
    assert (newest[active[0].id]["date"], newest[active[0].id]["state"]) == (TODAY, "pending")
    assert newest[active[5].id]["date"] == TODAY
    assert newest.keys() == {reader.id for reader in active}


def test_each_search_follows_an_index(sqlite: Store) -> None:
    """PostgreSQL reads a table of sixty rows as a whole."""
    with filled(sqlite).reading() as db:
        for search, _ in (*FITS, (Search(waits_since=TODAY), None)):
            walk = reader_search._walk(search)
            values: dict[type, str | int] = {str: "a", int: 1}
            after = tuple(values.get(type_, NOON) for type_ in get_args(kind(search)))
            looked = walk.looked_at(walk.order, after)
            compiled = looked.compile(db, compile_kwargs={"literal_binds": True})
            plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
            steps = [step[-1] for step in plan]
            assert all(step.startswith("SEARCH") for step in steps), (search, steps)
