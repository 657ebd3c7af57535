"""What grows with all readers: each question that is asked of all of them, on PostgreSQL."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.house import SENDER, TASTE
from benchmarks.measure import Figures, Table, apart, watch
from benchmarks.past import NOW, TODAY
from benchmarks.stores import server
from newsletter.composing.compose import compose, shares
from newsletter.composing.readers import Readers
from newsletter.composing.rules import Rules
from newsletter.domain.states import Transition
from newsletter.storage import Store, due_readers, operator_actions, recovery, send_queue
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.send_queue import Scope
from newsletter.storage.settlements import Settled, settle

_HERE = Steady("this boot", 0.0)


@dataclass(frozen=True)
class Scale:
    readers: Sequence[int] = tuple(
        int(number) for number in os.environ.get("READERS", "100000,1000000").split(",")
    )


FULL = Scale()
QUICK = Scale(readers=(1_000, 5_000))


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    measured: dict[int, Figures] = {}
    with server() as postgresql:
        for count in scale.readers:
            url = postgresql.new("crowd")
            measured[count] = apart(_measured, url, count)
            measured[count] |= _sizes(url)  # type: ignore[operator]
    names = list(measured[scale.readers[0]])
    yield Table(
        "crowd: a question to all readers, PostgreSQL",
        ("what", *(f"{count:,} readers" for count in scale.readers)),
        [(name, *(_figure(name, measured[count][name]) for count in measured)) for name in names],
        "Seconds on the clock, once each, of a day on which everybody is due at the same hour.",
    )


def _figure(name: str, value: float) -> str:
    if name.startswith("peak"):
        return f"{value:,.0f} MB"
    return f"{value:,.0f}" if name.startswith("bytes") else f"{value:.3f} s"


def _sizes(url: str) -> dict[str, float]:
    store = Store(url)
    with store.reading() as db:
        rows = int(db.scalar(text("SELECT count(*) FROM delivery")) or 1)
        sized = {
            name: int(db.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0) / rows
            for name in ("delivery", "recipient", "subscriber")
        }
    store.close()
    return {f"bytes of {name} for a reader and day": size for name, size in sized.items()}


def _measured(url: str, readers: int) -> Figures:
    store = Store(url, create=True)
    with store.writing() as db:
        db.execute(text(_SUBSCRIBERS), {"readers": readers})
    _analyse(store)
    figures: dict[str, float] = {}
    always = lambda *_: True  # noqa: E731
    ask = partial(_ask, store, figures)
    ask("who waits (ids in memory)", lambda db: due_readers.waiting(db, TODAY, always))
    ask("which shares wait", lambda db: due_readers.shares(db, TODAY, always, 2_000))
    with store.writing() as db:
        db.execute(text(_DELIVERIES), {"now": NOW, "end": NOW + timedelta(hours=20)})
    _analyse(store)
    ask("who waits, all composed", lambda db: due_readers.waiting(db, TODAY, always))
    ask("which shares wait, all composed", lambda db: due_readers.shares(db, TODAY, always, 2_000))
    ask("since when the ledger is kept", lambda db: due_readers.kept(db, NOW))
    ask("how many are pending", lambda db: send_queue.pending(db, NOW, Scope()))
    ask("whether any is pending", lambda db: send_queue.any_due(db, NOW, Scope()))
    ask("expire: none of all", lambda db: send_queue.expire(db, NOW))
    ask("wake: none of all", lambda db: send_queue.wake(db, NOW))
    ask("lapse: none is sending", lambda db: recovery.lapse(db, NOW, _HERE))
    ask("status: what waits", lambda db: operator_actions.pending(db, None, None))
    ask("a claim of 100", _claimed)
    ask("a claim and a settlement of 100", lambda db: _settled(db, _claimed(db)))
    rules = Rules(store, TASTE, timedelta(hours=6), SENDER.rpartition("@")[2])
    for name, which in (("of the week", Readers()), ("of this hour", Readers(recent=True))):
        with watch() as taken:
            shares(rules, NOW, 2_000, which)
        figures[f"a look at the clock {name}, all composed"] = taken.wall
    with watch() as taken:
        compose(rules, NOW, None, Readers(between=(2_000, 3_999)))
    figures["a share of 2,000 that is composed"] = taken.wall
    store.close()
    return figures


def _claimed(db: Any) -> list[int]:
    lease = Lease("bench", Steady("this boot", 900.0), NOW + timedelta(minutes=15))
    return [row.id for row in send_queue.claim(db, NOW, lease, 100, Scope())]


def _settled(db: Any, ids: list[int]) -> int:
    values = {"answer": "250 2.0.0 Ok", "attempts": 1}
    done = [Settled(one, Transition.ACCEPTED, NOW, values) for one in ids]
    return len(settle(db, "bench", done))


def _analyse(store: Store) -> None:
    with store.autocommit() as db:
        db.execute(text("VACUUM ANALYZE"))


def _ask(
    store: Store, figures: dict[str, float], name: str, question: Callable[[Any], object]
) -> None:
    with watch() as taken, store.writing() as db:
        question(db)
    figures[name] = taken.wall


_SUBSCRIBERS = """
    INSERT INTO subscriber
        (key, address, name, timezone, hour, interests, state, activated_at)
    SELECT 'r' || n || '@d' || n % 5000 || '.example', 'r' || n || '@d' || n % 5000 || '.example',
        'Reader ' || n, 'UTC', 7, '', 'active', '2025-01-01'
    FROM generate_series(1, :readers) AS n
"""
_DELIVERIES = f"""
    WITH made AS (INSERT INTO issue (date, house, first) VALUES ('{TODAY}', false, false)
        RETURNING id)
    INSERT INTO delivery
        (subscriber_id, date, issue_id, state, message_id, domain, due_at, expires_at,
         next_attempt_at, attempts, answer, changed_at)
    SELECT s.id, '{TODAY}', made.id, 'pending', '<20260314.' || md5(s.key) || '@news.example>',
        split_part(key, '@', 2), CAST(:now AS timestamptz), CAST(:end AS timestamptz),
        CAST(:now AS timestamptz), 0, '', CAST(:now AS timestamptz)
    FROM subscriber s, made
"""  # noqa: S608
