"""What is old loses its explanation, and nothing else."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from newsletter.domain.model import Citation, Echo, Issue, Pick, RunnerUp
from newsletter.domain.states import Transition
from newsletter.storage import (
    Connection,
    Store,
    archive,
    candidates,
    issues,
    ledger,
    pruning,
    reading_history,
    settlements,
)
from newsletter.storage.pruning import Pruned
from newsletter.storage.schema import attempt, delivery, explanation, pick, recipient
from newsletter.storage.settlements import Settled, Tried
from tests.builders import NOON, TODAY, brief, read, subscribe
from tests.storage.test_ledger import claim, entry

DAY = timedelta(days=1)


def count(db: Connection, table: Any) -> int:
    return int(db.scalar(select(func.count()).select_from(table)) or 0)


def an_issue(db: Connection, day: date = TODAY) -> Issue:
    texts = ("One.", "A second insight, which is longer. " * 9, "Three.")
    archive.record(db, [read("a.txt", brief(*texts))], NOON, TODAY)
    first, second, third = candidates.known(db, TODAY, range(1, 100))
    echo = Echo(third.id, "Three", 0.5, day - DAY, (("three", 1.0),))
    cited = Citation("Pod", "7", "Ann", "https://pod.example/7", 65)
    picks = (
        Pick(
            1, first.id, first.text, cited, 0.5, {"novelty": 1.0}, (echo,), (echo,), "New to you."
        ),
        Pick(2, second.id, second.text, Citation(), 0.25, {"novelty": 0.5}, reason="Also new."),
    )
    runner_up = RunnerUp(third.id, third.text, 0.125, {"novelty": 0.25}, "level with pick 2")
    return Issue(day, picks, (runner_up,), first=True)


def sent(store: Store, readers: int = 1) -> int:
    """The id of an issue that was composed and sent at noon."""
    with store.writing() as db:
        issue_id = issues.save(db, an_issue(db), NOON)
        people = [subscribe(db, f"r{number}@example.org") for number in range(readers)]
        ledger.enter(db, [entry(reader, issue_id) for reader in people], NOON)
    rows = claim(store)
    with store.writing() as db:
        tried = Tried("250 Ok", "250 Ok")
        settlements.settle(
            db, "me", [Settled(row.id, Transition.ACCEPTED, NOON, {}, tried) for row in rows]
        )
    return issue_id


def test_an_issue_is_read_as_it_was_composed(store: Store) -> None:
    with store.writing() as db:
        made = an_issue(db)
        assert issues.load(db, issues.save(db, made, NOON)) == made


def test_what_a_message_needs_is_read_without_the_runners_up(store: Store) -> None:
    with store.writing() as db:
        made = an_issue(db)
        issue_id = issues.save(db, made, NOON)
        assert made.runners_up
        found = issues.load_all(db, [issue_id], runners_up=False)[issue_id]
    assert found == replace(made, runners_up=())


def test_texts_are_remembered_and_not_without_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: dict[int, str] = {}
    with store.writing() as db:
        made = an_issue(db)
        issue_id = issues.save(db, made, NOON)
        assert issues.load_all(db, [issue_id], texts)[issue_id] == made
        assert len(texts) == 3
        monkeypatch.setattr(issues, "_MOST_TEXTS", 2)
        assert issues.load_all(db, [issue_id], texts)[issue_id] == made
        assert len(texts) == 3


def test_what_is_old_is_dropped_and_who_was_sent_what_stays(store: Store) -> None:
    issue_id = sent(store, readers=2)
    with store.reading() as db:
        histories, heard = reading_history.histories(db, [1, 2]), reading_history.heard(db, [1, 2])
        rows = db.execute(delivery.select()).all()
    assert pruning.prune(store, NOON) == Pruned(0, 0)
    assert pruning.prune(store, NOON + timedelta(seconds=1)) == Pruned(1, 2)
    assert pruning.prune(store, NOON + DAY) == Pruned(0, 0)
    with store.reading() as db:
        assert reading_history.histories(db, [1, 2]) == histories
        assert reading_history.heard(db, [1, 2]) == heard
        assert db.execute(delivery.select()).all() == rows
        assert [count(db, table) for table in (explanation, recipient, attempt)] == [0, 0, 0]
        assert count(db, pick) == 2
        left = issues.load(db, issue_id)
    assert left.pruned
    assert left.first
    assert [(pick.rank, pick.text[:4], pick.reason) for pick in left.picks] == [
        (1, "One.", ""), (2, "A se", "")
    ]  # fmt: skip


def test_house_issues_keep_what_renders_them(store: Store) -> None:
    with store.writing() as db:
        made = an_issue(db)
        issues.save(db, made, NOON, house=True)
        issues.save(db, made, NOON)
    assert pruning.prune(store, NOON + DAY) == Pruned(1, 0)
    with store.reading() as db:
        stored = issues.house(db, TODAY)
        assert stored
        assert issues.load(db, stored) == made


def test_many_are_dropped_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_BATCH", 2)
    with store.writing() as db:
        made = an_issue(db)
        issues.save_all(db, [made] * 5, NOON)
        issues.save_all(db, [made] * 3, NOON + DAY)
    assert pruning.prune(store, NOON + DAY) == Pruned(5, 0)
    with store.reading() as db:
        assert count(db, explanation) == 3


def test_pages_that_become_free_are_used_again(sqlite: Store) -> None:
    def pages() -> int:
        with sqlite.reading() as db:
            return int(db.exec_driver_sql("PRAGMA page_count").scalar() or 0)

    def fill() -> None:
        with sqlite.writing() as db:
            issues.save_all(db, [an_issue(db)] * 500, NOON)

    fill()
    pruning.prune(sqlite, NOON + DAY)
    before = pages()
    with sqlite.reading() as db:
        free = int(db.exec_driver_sql("PRAGMA freelist_count").scalar() or 0)
    fill()
    assert free > 10
    assert pages() - before < free
