"""A database with real rows comes up to 0008, goes down again, and says the same as before."""

import socket
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.domain.model import Citation, Echo, Issue, Pick, RunnerUp
from newsletter.storage import (
    Connection,
    Store,
    archive,
    issues,
    ledger,
    recipients,
    send_queue,
    subscribers,
)
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.send_queue import Scope

DAY = date(2026, 3, 13)
DUE = datetime(2026, 3, 13, 7, tzinfo=UTC)
LATER = datetime(2026, 3, 14, 7, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

JSON = ("topics", "dropped", "runners_up", "signals", "citation", "echoes", "related")
DATES = ("date", "published", "first_seen")

ECHO = {
    "insight_id": 1,
    "text": "Bread was once dated by its smell",
    "similarity": 0.25,
    "heard": "2026-03-01",
    "shared": [["bread", 0.75], ["smell", 0.25]],
}
UNHEARD = {**ECHO, "insight_id": 3, "text": "Ovens remember", "heard": None, "shared": []}
CITATION = {"podcast": "Crust", "episode": "7", "speaker": "Ana", "url": "https://c.x/7", "at": 65}
RUNNER_UP = {
    "insight_id": 3,
    "text": "Ovens remember",
    "score": 0.5,
    "signals": {"novelty": 0.5},
    "why": "below pick 1, “Ovens”",
}

ROWS: dict[str, list[dict[str, Any]]] = {
    "insight": [
        {"id": 1, "key": "a", "text": "Bread was once dated by its smell", "date": DAY},
        {"id": 2, "key": "b", "text": "A lock that is easy is locked more often", "date": DAY},
        {"id": 3, "key": "c", "text": "Ovens remember", "date": None},
    ],
    "subscriber": [
        {"id": number, "key": f"{name}@x.org", "address": f"{name}@x.org", "name": name.title(),
         "timezone": "Europe/Paris", "hour": 7, "interests": "bread", "state": state,
         "activated_at": SINCE}
        for number, name, state in ((1, "ann", "active"), (2, "bob", "bounced"))
    ],
    "issue": [
        {"id": 1, "date": DAY, "house": True, "first": False, "runners_up": []},
        {"id": 2, "date": DAY, "house": False, "first": True, "runners_up": [RUNNER_UP]},
    ],
    "pick": [
        {"issue_id": 1, "rank": 1, "insight_id": 1, "score": 0.1, "signals": {}, "citation": {},
         "echoes": [], "related": [], "reason": "New to you."},
        {"issue_id": 2, "rank": 1, "insight_id": 2, "score": 0.75, "signals": {"novelty": 0.9},
         "citation": CITATION, "echoes": [ECHO], "related": [ECHO, UNHEARD], "reason": "Why."},
        {"issue_id": 2, "rank": 2, "insight_id": 1, "score": 0.5, "signals": {"novelty": 0.5},
         "citation": {}, "echoes": [], "related": [], "reason": "Also."},
    ],
    "delivery": [
        {"id": 1, "subscriber_id": 1, "date": DAY, "issue_id": 2, "state": "pending",
         "reason": None, "message_id": "<1@x>", "domain": "x.org", "due_at": DUE,
         "expires_at": LATER, "next_attempt_at": DUE, "attempts": 1, "answer": "451 later",
         "changed_at": DUE},
        {"id": 2, "subscriber_id": 2, "date": DAY, "issue_id": None, "state": "skipped",
         "reason": "too_few", "message_id": "<2@x>", "domain": "x.org", "due_at": DUE,
         "expires_at": LATER, "next_attempt_at": DUE, "attempts": 0, "answer": "",
         "changed_at": DUE},
    ],
    "attempt": [
        {"id": 1, "delivery_id": 1, "at": DUE, "state": "pending", "rcpt": "", "data": "451 later"}
    ],
    "file": [
        {"path": "/inbox/a.txt", "size": 3, "mtime_ns": 4, "brief_id": None, "reason": "no brief",
         "line": 2, "dropped": [], "seen_at": DUE}
    ],
}  # fmt: skip


def table(name: str) -> Any:
    return sa.table(name, *(sa.column(key, column_type(key)) for key in ROWS[name][0]))


def column_type(key: str) -> sa.types.TypeEngine[Any]:
    if key in JSON:
        return sa.JSON()
    if key in DATES:
        return sa.Date()
    if key in ("house", "first"):
        return sa.Boolean()
    if key == "at" or key.endswith("_at"):
        return sa.DateTime(timezone=True)
    return sa.Float() if key == "score" else sa.types.NullType()


def fill(db: Connection) -> None:
    for name, rows in ROWS.items():
        for row in rows:
            db.execute(table(name).insert().values(**row))


def stored(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [
            tuple(_aware(value) for value in row)
            for row in db.execute(sa.select(table(name)).order_by(*list(table(name).c)[:2]))
        ]
        for name in ROWS
    }


def _aware(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return value


def written() -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row.values()) for row in rows] for name, rows in ROWS.items()}


def composed() -> Issue:
    echo = Echo(1, ECHO["text"], 0.25, date(2026, 3, 1), (("bread", 0.75), ("smell", 0.25)))  # type: ignore[arg-type]
    unheard = Echo(3, "Ovens remember", 0.25)
    first, second = ROWS["insight"][1]["text"], ROWS["insight"][0]["text"]
    cited = Citation("Crust", "7", "Ana", "https://c.x/7", 65)
    picks = (
        Pick(1, 2, first, cited, 0.75, {"novelty": 0.9}, (echo,), (echo, unheard), "Why."),
        Pick(2, 1, second, Citation(), 0.5, {"novelty": 0.5}, (), (), "Also."),
    )
    runner_up = RunnerUp(3, "Ovens remember", 0.5, {"novelty": 0.5}, "below pick 1, “Ovens”")
    return Issue(DAY, picks, (runner_up,), first=True)


def test_what_was_composed_and_waits_comes_up_as_it_was(apart: Store) -> None:
    apart.migrate("0007")
    with apart.writing() as db:
        fill(db)
    apart.migrate()
    with apart.writing() as db:
        assert issues.load(db, 2) == composed()
        assert issues.load(db, 1).picks[0].reason == "New to you."
        lease = Lease("me", Steady("boot", 1.0), LATER)
        (row,) = send_queue.claim(db, DUE, lease, 9, Scope())
        assert (row.dated_at, row.subscriber.name) == (DUE, "Ann")
        assert subscribers.state_since(db, 1) == (SINCE, "")
        assert subscribers.state_since(db, 2) == (None, "")
        assert archive.known(db, socket.gethostname()) == {"/inbox/a.txt": (3, 4)}


def test_a_name_changed_after_the_upgrade_does_not_change_what_waits(apart: Store) -> None:
    apart.migrate("0007")
    with apart.writing() as db:
        fill(db)
    apart.migrate()
    with apart.writing() as db:
        before = subscribers.find(db, "ann@x.org")
        assert before
        subscribers.change(db, "ann@x.org", name="Anna", timezone="UTC")
        row = ledger.find(db, 1, DAY)
        assert row
        after, _ = recipients.frozen(db, row, replace(before, name="Anna", timezone="UTC"))
    assert after == before


@pytest.mark.heavy
def test_going_down_and_up_loses_nothing(apart: Store) -> None:
    apart.migrate("0007")
    with apart.writing() as db:
        fill(db)
        assert stored(db) == written()
    apart.migrate()
    with apart.writing() as db:
        gone = sa.text("UPDATE delivery SET reason = 'bounced' WHERE id = 2")
        db.execute(gone)
    apart.migrate("0007")
    with apart.reading() as db:
        down = stored(db)
    assert down["delivery"][1][5] == "unsubscribed"
    apart.migrate()
    with apart.writing() as db:
        db.execute(sa.text("UPDATE delivery SET reason = 'too_few' WHERE id = 2"))
        assert issues.load(db, 2) == composed()
    apart.migrate("0007")
    with apart.reading() as db:
        assert stored(db) == written()


@pytest.mark.heavy
def test_what_was_pruned_goes_down_as_empty_values(apart: Store) -> None:
    apart.migrate("0007")
    with apart.writing() as db:
        fill(db)
    apart.migrate()
    with apart.writing() as db:
        db.execute(sa.text("DELETE FROM explanation WHERE issue_id = 2"))
    apart.migrate("0007")
    with apart.reading() as db:
        picks = stored(db)["pick"]
        runners_up = stored(db)["issue"][1][4]
    assert picks[1] == (2, 1, 2, 0.0, {}, {}, [], [], "")
    assert runners_up == []


@pytest.mark.heavy
def test_a_path_that_two_machines_have_goes_down_as_one(apart: Store) -> None:
    with apart.writing() as db:
        for source in ("b", "a"):
            read = archive.Read("/inbox/x", 1, 1, (), "no brief", None, source)
            archive.record(db, [read], DUE, DAY)
    apart.migrate("0007")
    with apart.reading() as db:
        assert [row[0] for row in stored(db)["file"]] == ["/inbox/x"]


@pytest.mark.heavy
def test_both_reasons_are_checked(apart: Store) -> None:
    apart.migrate("0007")
    with apart.writing() as db:
        fill(db)
    apart.migrate()
    for reason in ("bounced", "complained"):
        with apart.writing() as db:
            db.execute(sa.text("UPDATE delivery SET reason = :why"), {"why": reason})
