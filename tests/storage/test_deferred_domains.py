"""A domain waits as one, longer each time, whoever of the senders was told."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.backoff import wait
from newsletter.storage import Connection, Store, deferred_domains, ledger, schema, send_queue
from newsletter.storage.reports import held_back
from newsletter.storage.schema import delivery, subscriber
from newsletter.storage.send_queue import Scope
from tests.builders import NOON, subscribe
from tests.storage.test_ledger import LATER, an_issue, claim, entry

ADDRESSES = ("ann@alpha.example", "bea@alpha.example", "cleo@sub.alpha.example", "dan@a_a.example")
A_DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def fill(db: Connection, *addresses: str) -> None:
    people = [subscribe(db, address) for address in addresses]
    issue_id = an_issue(db)
    ledger.enter(db, [entry(reader, issue_id) for reader in people], NOON)


def next_attempts(db: Connection) -> dict[str, datetime]:
    joined = delivery.join(subscriber)
    rows = joined.select().with_only_columns(subscriber.c.address, delivery.c.next_attempt_at)
    return {address: at for address, at in db.execute(rows)}  # noqa: C416


def test_all_of_the_domain_wait_and_nobody_else(store: Store) -> None:
    with store.writing() as db:
        fill(db, *ADDRESSES, "eve@axa.example")
        until = deferred_domains.defer(db, "alpha.example", NOON)
        until_other = deferred_domains.defer(db, "a_a.example", NOON)
        assert next_attempts(db) == {
            "ann@alpha.example": until,
            "bea@alpha.example": until,
            "cleo@sub.alpha.example": NOON,
            "dan@a_a.example": until_other,
            "eve@axa.example": NOON,
        }
        assert held_back(db, NOON) == [
            ("alpha.example", until, 2),
            ("a_a.example", until_other, 1),
        ]
        assert held_back(db, max(until, until_other)) == []


def test_who_waits_longer_already_is_not_hurried(store: Store) -> None:
    with store.writing() as db:
        fill(db, *ADDRESSES)
        db.execute(delivery.update().values(next_attempt_at=LATER))
        deferred_domains.defer(db, "alpha.example", NOON)
        assert set(next_attempts(db).values()) == {LATER}


def test_what_is_claimed_is_left_to_its_sender(store: Store) -> None:
    with store.writing() as db:
        fill(db, *ADDRESSES)
    (row,) = claim(store, most=1)
    with store.writing() as db:
        until = deferred_domains.defer(db, "alpha.example", NOON)
        assert next_attempts(db)["ann@alpha.example"] == NOON
        assert next_attempts(db)["bea@alpha.example"] == until
    assert row.domain == "alpha.example"


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """For examples by the hundred; each forgets what the one before left."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('domains') / 'newsletter.db'}", create=True)
    yield store
    store.close()


@given(gaps=st.lists(st.integers(0, 4 * 3600), max_size=12))
def test_a_refusal_after_the_wait_doubles_it_one_within_it_is_the_same(
    one_store: Store, gaps: list[int]
) -> None:
    """Whatever the rhythm: what two senders hear at the same time is one refusal."""
    now, until, refusals = NOON, NOON, 0
    with one_store.writing() as db:
        db.execute(schema.domain.delete())
        for gap in gaps:
            now += SECOND * gap
            if until <= now:
                until, refusals = now + wait(refusals, "alpha.example"), refusals + 1
            assert deferred_domains.defer(db, "alpha.example", now) == until
            assert deferred_domains.until(db) == {"alpha.example": until}


def test_a_message_taken_is_a_new_beginning(store: Store) -> None:
    with store.writing() as db:
        first = deferred_domains.defer(db, "alpha.example", NOON)
        second = deferred_domains.defer(db, "alpha.example", first)
        assert second - first > first - NOON
        deferred_domains.took(db, "alpha.example", second - SECOND)  # it was on its way before
        assert deferred_domains.until(db) == {"alpha.example": second}
        deferred_domains.took(db, "alpha.example", second)
        assert deferred_domains.until(db) == {}
        assert deferred_domains.defer(db, "alpha.example", second) - second == first - NOON


def test_what_a_domain_refused_yesterday_says_nothing_about_today(store: Store) -> None:
    with store.writing() as db:
        until = deferred_domains.defer(db, "alpha.example", NOON)
        deferred_domains.tidy(db, until + A_DAY)
        assert list(deferred_domains.until(db)) == ["alpha.example"]
        deferred_domains.tidy(db, until + A_DAY + SECOND)
        assert deferred_domains.until(db) == {}


def test_what_a_clock_that_ran_ahead_wrote_is_forgotten(store: Store) -> None:
    with store.writing() as db:
        deferred_domains.defer(db, "alpha.example", NOON + A_DAY)
        deferred_domains.tidy(db, NOON)
        assert deferred_domains.until(db) == {}


def test_hurrying_one_reader_leaves_the_waits_of_other_domains(store: Store) -> None:
    with store.writing() as db:
        fill(db, "ann@alpha.example", "dan@beta.example")
        deferred_domains.defer(db, "alpha.example", NOON)
        until = deferred_domains.defer(db, "beta.example", NOON)
        (ann,) = db.scalars(
            schema.subscriber.select()
            .with_only_columns(subscriber.c.id)
            .where(subscriber.c.address == "ann@alpha.example")
        )
        send_queue.hurry(db, NOON, Scope(None, [ann]))
        assert deferred_domains.until(db) == {"beta.example": until}
        assert next_attempts(db) == {"ann@alpha.example": NOON, "dan@beta.example": until}
