"""What a reader-day takes in the database, and what composing costs after days, a month, a year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.compose import composed
from benchmarks.house import SENDER, TASTE
from benchmarks.measure import Figures, Table, apart
from benchmarks.past import NOW, TODAY, Size, archive, subscribers
from newsletter.composing.rules import Rules
from newsletter.storage import Store, pruning

_LIMIT = 1024


@dataclass(frozen=True)
class Scale:
    """Every reader has a history of their own."""

    readers: int = 300
    days: tuple[int, ...] = (1, 30, 365)
    archive: int = 20_000
    candidates: int = 200


FULL = Scale()
QUICK = Scale(readers=40, days=(1, 5), archive=1_000, candidates=50)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    rows = []
    for day in scale.days:
        size = Size(scale.readers, day - 1, scale.archive, scale.candidates)
        rows.append((str(day), *_cells(apart(partial(live, folder / f"{day}.db", size)))))
    yield Table(
        f"storage: {scale.readers:,} readers, each with a history of their own",
        ("day", "once", "per reader", "a fresh reader-day", "kept for ever", "to 1,024 bytes"),
        rows,
        "once, per reader: processor time of composing. a fresh reader-day: the pages that"
        " composing and sending the day took. kept for ever: all pages that are in use beyond"
        " archive and subscribers once everything was pruned, divided by the reader-days so far,"
        " indexes and half-empty pages included. On the first day nobody has a history, and readers"
        " with the same interests share an issue.",
    )


def _cells(day: Figures) -> tuple[str, ...]:
    return (
        f"{day['once']:.2f} s",
        f"{day['reader'] * 1000:.2f} ms",
        f"{day['fresh']:,.0f} bytes",
        f"{day['kept']:,.0f} bytes",
        f"{day['kept'] / _LIMIT:.2f}",
    )


def live(path: Path, size: Size) -> Figures:
    """Through all the days before today as they would have been left, and today in full."""
    store = Store(f"sqlite:///{path}", create=True)
    with store.writing() as db:
        archive(db, size)
        subscribers(db, size)
    empty = _used(store)
    for day in range(1, size.issues + 1):
        with store.writing() as db:
            _write_day(db, size, day)
    before = _used(store)
    rules = Rules(store, TASTE, timedelta(hours=6), SENDER.rpartition("@")[2])
    once, whole = composed(rules)
    with store.writing() as db:
        _send(db)
    fresh = _used(store) - before
    pruned = pruning.prune(store, NOW + timedelta(days=1))
    assert pruned.messages == size.subscribers, pruned
    kept = _used(store) - empty
    store.close()
    return {
        "once": once,
        "reader": (whole - once) / size.subscribers,
        "fresh": fresh / size.subscribers,
        "kept": kept / (size.subscribers * (size.issues + 1)),
    }


def _used(store: Store) -> int:
    """Bytes of the pages that hold something."""
    with store.reading() as db:
        pages, free, page = (
            int(db.scalar(text(f"PRAGMA {name}")) or 0)
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * page


def _write_day(db: Connection, size: Size, day: int) -> None:
    """As composing, sending and pruning leave it; the indexes grow as they do then."""
    values = {
        "first": (day - 1) * size.subscribers,
        "day": day,
        "readers": size.subscribers,
        "archive": size.archive,
        "date": (size.today - timedelta(days=size.issues + 1 - day)).isoformat(),
    }
    for statement in (_ISSUES, _PICKS, _DELIVERIES):
        db.execute(text(statement), values)


def _send(db: Connection) -> None:
    """As a mail server answers that says how it calls the message."""
    db.execute(text(_SENT), {"today": TODAY.isoformat()})
    db.execute(text(_ATTEMPTS), {"today": TODAY.isoformat()})


_ISSUES = """
    INSERT INTO issue (id, date, house, first)
    SELECT :first + id, :date, 0, 0 FROM subscriber ORDER BY id
"""

# 7919 is prime to every archive in use: a reader never meets an insight again.
_PICKS = """
    WITH RECURSIVE rank(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rank WHERE n < 5)
    INSERT INTO pick (issue_id, rank, insight_id)
    SELECT :first + subscriber.id, rank.n,
        1 + (subscriber.id * 104729 + (:day * 5 + rank.n) * 7919) % :archive
    FROM subscriber, rank ORDER BY 1, 2
"""

_ANSWER = "'250 2.0.0 Ok: queued as ' || printf('%012X', subscriber.id * 7919)"

_DELIVERIES = f"""
    INSERT INTO delivery
        (subscriber_id, date, issue_id, state, message_id, domain, due_at, expires_at,
         next_attempt_at, attempts, answer, changed_at)
    SELECT id, :date, :first + id, 'sent',
        printf('<%s.%024x@news.example.org>', replace(:date, '-', ''), id), 'example.org',
        :date || ' 07:00:00.000000', date(:date, '1 day') || ' 07:00:00.000000',
        :date || ' 07:00:05.000000', 1, {_ANSWER}, :date || ' 07:01:00.000000'
    FROM subscriber ORDER BY id
"""  # noqa: S608

_SENT = f"""
    UPDATE delivery SET state = 'sent', attempts = 1,
        answer = (SELECT {_ANSWER} FROM subscriber WHERE subscriber.id = subscriber_id)
    WHERE date = :today
"""  # noqa: S608

_ATTEMPTS = """
    INSERT INTO attempt (delivery_id, at, state, rcpt, data)
    SELECT id, changed_at, 'sent', '250 2.1.5 Ok', answer FROM delivery WHERE date = :today
"""
