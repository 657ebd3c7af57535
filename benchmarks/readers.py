"""``python -m benchmarks.readers URL [COUNT]``: pages among a million readers, each by each search.

Makes the readers, and a week of their deliveries, in the empty database at URL.
"""

import random
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from time import process_time
from typing import Any

from sqlalchemy import text

from benchmarks.measure import Table
from benchmarks.past import NOW, TODAY
from newsletter.storage import Store, reader_search
from newsletter.storage.reader_search import Search, page
from newsletter.storage.schema import subscriber

_A_PAGE, _MOST_PAGES, _BATCH = 50, 200, 20_000
_FIRST = "anna ben carla dmitri elena farid greta hugo ines jonas katja liam mia noah olga".split()
_LAST = "hansen kovacs milova scholler tanotte berger wilson bruini".split()
_DOMAINS = ("gmail.com",) * 6 + ("outlook.com",) * 3
_ZONES = ("Europe/Berlin",) * 5 + ("America/New_York",) * 3 + ("Asia/Tokyo",)
_STATES = ("active",) * 900 + ("unsubscribed",) * 70 + ("bounced",) * 28 + ("complained",) * 2
_SINCE = TODAY - timedelta(days=3)
SEARCHES: Mapping[str, Search] = {
    "everybody": Search(),
    "bounced": Search(state="bounced"),
    "a common zone": Search(timezone="Europe/Berlin"),
    "a common zone, bounced": Search(timezone="Europe/Berlin", state="bounced"),
    "a rare zone": Search(timezone="Pacific/Apia"),
    "an address": Search("anna"),
    "an address, complained": Search("anna", state="complained"),
    "a name": Search("anna", "name"),
    "a common domain": Search("gmail.com", "domain"),
    "a common domain, complained": Search("gmail.com", "domain", "complained"),
    "a rare domain": Search("firm7", "domain"),
    "waits": Search(waits_since=_SINCE),
    "waits, a common domain": Search("gmail.com", "domain", waits_since=_SINCE),
    "sent nothing": Search(nothing_since=_SINCE),
    "sent nothing, a common domain": Search("gmail.com", "domain", nothing_since=_SINCE),
}


def main(url: str, count: int = 1_000_000) -> Table:
    store = Store(url, create=True)
    _fill(store, count)
    rows = [(name, *_walked(store, search)) for name, search in SEARCHES.items()]
    store.close()
    heads = ("search", "pages", "found", "median ms", "p99 ms", "most ms")
    return Table(f"Pages among {count:,} readers", heads, rows, "Milliseconds of our own CPU.")


def _fill(store: Store, count: int) -> None:
    chance = random.Random(1)
    for start in range(0, count, _BATCH):
        with store.writing() as db:
            numbers = range(start, min(count, start + _BATCH))
            db.execute(subscriber.insert(), list(_readers(chance, numbers)))
    with store.writing() as db:
        for ago in range(7):
            day, state = TODAY - timedelta(days=ago), "'sent'"
            if not ago:
                state = "CASE WHEN id % 40 = 0 THEN 'pending' ELSE 'sent' END"
            db.execute(text(_DELIVERIES.format(state=state)), _instants(db.dialect.name, day))
        db.execute(text("ANALYZE"))


def _readers(chance: random.Random, numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        is_common, is_placed = chance.random() < 0.85, chance.random() < 0.9995
        domain = chance.choice(_DOMAINS) if is_common else f"firm{number % 20_000}.example"
        address = f"{first}.{last}{number}@{domain}"
        yield {
            "key": address,
            "address": address,
            "name": f"{first} {last}".title(),
            "timezone": chance.choice(_ZONES) if is_placed else "Pacific/Apia",
            "hour": 7,
            "interests": "",
            "state": chance.choice(_STATES),
            "activated_at": NOW - timedelta(days=chance.randrange(20, 900)),
        }


_DELIVERIES = """
INSERT INTO delivery (subscriber_id, date, state, message_id, domain, due_at, expires_at,
  next_attempt_at, attempts, answer, changed_at)
SELECT id, :day, {state}, 'm', 'x', :at, :at, :at, 1, '250 ok', :at
FROM subscriber WHERE state = 'active' AND id % 10007 <> 0
"""


def _instants(dialect: str, day: date) -> dict[str, Any]:
    at = NOW.replace(month=day.month, day=day.day)
    if dialect != "sqlite":
        return {"day": day, "at": at}
    return {"day": str(day), "at": f"{at:%Y-%m-%d %H:%M:%S}.000000"}


def _walked(store: Store, search: Search) -> tuple[str, ...]:
    """The first pages: how many, how many readers, and what they cost."""
    costs: list[float] = []
    found, after = 0, None
    while len(costs) < _MOST_PAGES:
        begin = process_time()
        with store.reading() as db:
            got = page(db, search, after, _A_PAGE)
            reader_search.latest(db, [reader.id for reader in got.readers], _SINCE)
        costs.append((process_time() - begin) * 1_000)
        found, after = found + len(got.readers), got.end
        if after is None:
            break
    costs.sort()
    middle, most = costs[len(costs) // 2], costs[-1]
    figures = (middle, costs[int(len(costs) * 0.99)], most)
    return str(len(costs)), f"{found:,}", *(f"{figure:.1f}" for figure in figures)


if __name__ == "__main__":
    print(main(sys.argv[1], *map(int, sys.argv[2:])))
