"""What the operator asks grows with what is told, not with all that was ever delivered."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.storage import (
    Connection,
    Store,
    approvals,
    deferred_domains,
    glance,
    issues,
    operator_actions,
    reading_history,
    reports,
    returns_seen,
    send_queue,
    sunset,
)
from newsletter.storage.send_queue import Scope
from tests.builders import NOON, TODAY
from tests.storage.test_ledger import fill, lease

A_DAY = timedelta(days=1)
LOOKS: dict[str, Callable[[Connection], object]] = {
    "outcomes": lambda db: reports.outcomes(db, TODAY),
    "troubles": lambda db: reports.troubles(db, TODAY, 21),
    "paced": lambda db: reports.paced(db, NOON, RateLimits(per_domain=0.5)),
    "held back": lambda db: reports.held_back(db, NOON),
    "unresolved": reports.unresolved,
    "overdue": lambda db: reports.overdue(db, NOON - A_DAY, NOON),
    "oldest waiting": reports.oldest_waiting,
    "places": reports.places,
    "waited for": lambda db: reports.is_waited_for(db, TODAY, ("UTC", 7)),
    "oldest being sent": lambda db: reports.oldest_waiting(db, "sending"),
    "who waits at a glance": lambda db: glance.waiting(db, NOON),
    "who waits for approval": lambda db: glance.held(db, NOON),
    "dates that wait for approval": approvals.days,
    "one that waits for approval": lambda db: approvals.held(db, TODAY),
    "the next that is composed": lambda db: reports.next_composed(db, NOON),
    "who was asked": sunset.unanswered,
    "who is due": lambda db: glance.due(db, [TODAY]),
    "a page of returns": lambda db: returns_seen.page(db, NOON, None, None, (NOON, 9), 50),
    "a date": lambda db: list(operator_actions.listed(db, None, None, TODAY)),
    "a state": lambda db: list(operator_actions.listed(db, "unknown", None, None)),
    "a reader": lambda db: reports.deliveries_of(db, 1),
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_look_reads_the_whole_ledger(look: str, sqlite: Store) -> None:
    fill(sqlite, readers=3)
    with sqlite.writing() as db:
        deferred_domains.defer(db, "example.org", NOON)
    with statements_of(sqlite) as statements, sqlite.reading() as db:
        LOOKS[look](db)
    plans = _plans(sqlite, statements)
    assert plans
    whole = re.findall(r"SCAN (?:delivery|attempt|subscriber|returned)\b.*", plans)
    assert not [scan for scan in whole if "ix_delivery_held" not in scan]  # of those held alone


@pytest.mark.parametrize(
    ("index", "look"),
    [
        ("uq_delivery_subscriber_id_date", lambda db: reading_history.histories(db, range(500))),
        ("uq_delivery_subscriber_id_date", lambda db: reading_history.heard(db, range(500))),
        ("PRIMARY KEY", lambda db: reading_history.heard(db, range(500))),
        ("uq_issue_house_date", lambda db: issues.house(db, TODAY)),
        ("uq_issue_house_date", issues.house_heard),
    ],
    ids=["histories", "heard", "picks heard", "house", "house heard"],
)
def test_composing_for_some_does_not_read_what_all_were_sent(
    index: str, look: Callable[[Connection], object], sqlite: Store
) -> None:
    fill(sqlite, readers=3)
    with statements_of(sqlite) as statements, sqlite.reading() as db:
        look(db)
    plans = _plans(sqlite, statements)
    assert re.search(rf"USING (?:(?:COVERING )?INDEX )?{index}\b", plans)
    assert not re.findall(r"SCAN \w+$", plans, re.MULTILINE)


@pytest.mark.parametrize("pace", [FREE, RateLimits(per_domain=1)], ids=["free", "paced"])
@pytest.mark.parametrize("scope", [Scope(), Scope(TODAY)], ids=["all", "a date"])
def test_a_claim_takes_the_first_few_and_does_not_sort_all_that_wait(
    scope: Scope, pace: RateLimits, sqlite: Store
) -> None:
    fill(sqlite, readers=3)
    with statements_of(sqlite) as statements, sqlite.writing() as db:
        assert len(send_queue.claim(db, NOON, lease("one", NOON + A_DAY), 1, scope, pace)) == 1
        again = send_queue.claim(db, NOON, lease("one", NOON + A_DAY), 1, scope, pace)
        assert bool(again) is (pace is FREE)
    plans = _plans(sqlite, [statement for statement in statements if "LIMIT" in statement[0]])
    text, values = next(
        statement for statement in statements if statement[0].startswith("UPDATE delivery")
    )
    assert isinstance(values, list | tuple)
    with sqlite.reading() as db:
        assert "USING INTEGER PRIMARY KEY" in _plan(db, text, values)
    assert "ix_delivery_state_next_attempt_at" in plans
    assert "TEMP B-TREE" not in plans


@contextmanager
def statements_of(store: Store) -> Iterator[list[tuple[str, object]]]:
    """Every statement meanwhile, and its values."""
    statements: list[tuple[str, object]] = []

    def remember(_: object, __: object, text: str, values: object, *___: object) -> None:
        statements.append((text, values))

    event.listen(store.engine, "before_cursor_execute", remember)
    yield statements
    event.remove(store.engine, "before_cursor_execute", remember)


def _plans(store: Store, statements: list[tuple[str, object]]) -> str:
    with store.reading() as db:
        return "\n".join(
            _plan(db, *statement) for statement in statements if statement[0].startswith("SELECT")
        )


def _plan(db: Connection, text: str, values: object) -> str:
    rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)  # type: ignore[arg-type]
    return "\n".join(row[3] for row in rows)
