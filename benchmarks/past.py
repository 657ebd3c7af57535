"""A store with a past: an archive, the day's candidates, and subscribers who have read for months.

Written past the program's own inserts: two million deliveries are set up in a minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.corpus import Corpus
from newsletter.storage import Store
from newsletter.storage.schema import brief, insight, mention, subscriber

TODAY = date(2026, 3, 14)
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
_PER_BRIEF = 5
_PICKS = 5
THEMES = ("chip supply chains", "sleep science", "ports", "soil", "cheap loans", "night trains")


@dataclass(frozen=True)
class Size:
    """``issues`` of five were sent to each subscriber, on as many days before ``today``; ``alike``:
    the same five to all, who share their interests as well. ``words``: of an insight."""

    subscribers: int
    issues: int = 200
    archive: int = 20_000
    candidates: int = 200
    alike: bool = False
    words: tuple[int, int] = (40, 60)
    today: date = TODAY


def past(path: Path, size: Size) -> None:
    """Write a database at ``path``. No reader was sent any of the candidates."""
    store = Store(f"sqlite:///{path}", create=True)
    with store.writing() as db:
        archive(db, size)
        subscribers(db, size)
        history(db, size)
    store.close()


def archive(db: Connection, size: Size) -> None:
    corpus = Corpus()
    old = corpus.insights(size.archive, size.words)
    new = corpus.insights(size.candidates, size.words)
    new[::10] = [corpus.restatement(earlier) for earlier in old[: len(new[::10])]]
    texts = list(enumerate([*old, *new], start=1))
    briefs = sorted({_brief_of(number) for number, _ in texts})
    days = {number: _day(number, size) for number, _ in texts}
    db.execute(brief.insert(), [_brief(number, days[number * _PER_BRIEF + 1]) for number in briefs])
    db.execute(
        insight.insert(),
        [{"id": n, "key": f"{n:064}", "text": words, "date": days[n]} for n, words in texts],
    )
    db.execute(mention.insert(), [_mention(number) for number, _ in texts])


def _day(number: int, size: Size) -> date:
    """Candidates are of the last fortnight, the rest of the two years before."""
    fresh = number - size.archive
    return size.today - timedelta(days=fresh % 14 if fresh > 0 else 20 + number % 700)


def _brief_of(number: int) -> int:
    return (number - 1) // _PER_BRIEF


def _brief(number: int, day: date) -> dict[str, Any]:
    return {
        "id": number,
        "fingerprint": f"{number:064}",
        "version": 1,
        "podcast": f"Show {number % 40}",
        "episode": f"Episode {number}",
        "title": "",
        "url": f"https://show{number % 40}.example/{number}",
        "topics": [THEMES[number % len(THEMES)]],
        "published": day,
        "first_seen": day,
    }


def _mention(number: int) -> dict[str, Any]:
    place = (number - 1) % _PER_BRIEF
    return {
        "brief_id": _brief_of(number),
        "position": place,
        "insight_id": number,
        "role": "related" if place else "lead",
        "speaker": "",
        "at": 60 * place,
        "topics": [],
    }


def subscribers(db: Connection, size: Size) -> None:
    db.execute(subscriber.insert(), list(_subscribers(size)))


def _subscribers(size: Size) -> Iterator[dict[str, Any]]:
    for number in range(1, size.subscribers + 1):
        address = f"reader{number}@example.org"
        yield {
            "id": number,
            "key": address,
            "address": address,
            "name": f"Reader {number}",
            "timezone": "UTC",
            "hour": 7,
            "interests": _interests(0 if size.alike else number),
            "state": "active",
            "activated_at": _SINCE,
        }


def _interests(number: int) -> str:
    first, second = number % len(THEMES), number // len(THEMES) % len(THEMES)
    return f"{THEMES[first]}, {THEMES[second]}"


def history(db: Connection, size: Size) -> None:
    """Issues of five, told apart by (reader, day): distinct insights within a reader's history.

    The keys to what is sent are set aside while it is written, and made anew at once.
    """
    assert size.issues * _PICKS <= size.archive
    indexes = db.execute(text(_INDEXES)).all()
    for name, _ in indexes:
        db.exec_driver_sql(f"DROP INDEX {name}")
    values = {
        "readers": 1 if size.alike else size.subscribers,
        "subscribers": size.subscribers,
        "issues": size.issues,
        "picks": _PICKS,
        "archive": size.archive,
        "today": size.today.isoformat(),
    }
    for statement in (_ISSUES, _PICKED, _SENT):
        db.execute(text(statement), values)
    for _, statement in indexes:
        db.exec_driver_sql(statement)


_INDEXES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('delivery', 'pick')
"""

_ISSUES = """
    WITH RECURSIVE
        day(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM day WHERE n < :issues),
        reader(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM reader WHERE n < :readers)
    INSERT INTO issue (id, date, house)
    SELECT (day.n - 1) * :readers + reader.n, date(:today, (day.n - :issues - 1) || ' days'),
        0
    FROM day, reader
"""

# 7919 is prime to every archive in use: five by five, a reader never meets an insight again.
_PICKED = """
    WITH RECURSIVE rank(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rank WHERE n < :picks)
    INSERT INTO pick (issue_id, rank, insight_id)
    SELECT issue.id, rank.n,
        1 + ((issue.id - 1) % :readers * 104729
             + ((issue.id - 1) / :readers * :picks + rank.n) * 7919) % :archive
    FROM issue, rank
"""

_SENT = """
    INSERT INTO delivery
        (subscriber_id, date, issue_id, state, message_id, due_at, expires_at, next_attempt_at,
         attempts, answer, changed_at)
    SELECT subscriber.id, issue.date, issue.id, 'sent', '<' || issue.id || '@example.org>',
        issue.date || ' 07:00:00.000000', issue.date || ' 08:00:00.000000',
        issue.date || ' 07:00:00.000000', 1, '250 ok', issue.date || ' 07:00:00.000000'
    FROM issue JOIN subscriber ON subscriber.id BETWEEN
        (issue.id - 1) % :readers + 1 AND (issue.id - 1) % :readers + :subscribers / :readers
"""
