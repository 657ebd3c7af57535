"""Slots are given out in the claim's own transaction: two senders never have the same one."""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from newsletter.domain.rate_limits import HORIZON, RateLimits
from newsletter.storage import Connection, Store, deferred_domains, ledger, recovery, send_queue
from newsletter.storage.schema import delivery, pace
from newsletter.storage.send_queue import Claimed, Scope
from tests.builders import NOON, subscribe
from tests.storage.test_deferred_domains import next_attempts
from tests.storage.test_ledger import LEASE, an_issue, entry, lease
from tests.storage.test_reports import statements_of

SECOND = timedelta(seconds=1)
SLOW = [f"r{number}@slow.example" for number in range(120)]
OTHERS = [f"r{number}@fast.example" for number in range(5)]


def fill(store: Store, addresses: Iterable[str]) -> None:
    with store.writing() as db:
        issue_id = an_issue(db)
        people = [subscribe(db, one) for one in addresses]
        ledger.enter(db, [entry(one, issue_id) for one in people], NOON)


def claim(
    store: Store, pace: RateLimits, now: datetime = NOON, owner: str = "me", most: int = 20
) -> list[Claimed]:
    with store.writing() as db:
        return send_queue.claim(db, now, lease(owner, now + LEASE), most, Scope(), pace)


def again(store: Store, pace: RateLimits, now: datetime = NOON) -> datetime | None:
    with store.reading() as db:
        return send_queue.next_claim(db, now, Scope(), pace)


def kept(db: Connection) -> dict[str, datetime]:
    return {row.name: row.at for row in db.execute(select(pace))}


def test_rows_have_their_slots_and_no_more_than_the_horizon_holds(store: Store) -> None:
    fill(store, SLOW)
    fast = RateLimits(per_second=10)
    rows = claim(store, fast, most=8)
    assert [row.not_before for row in rows] == [NOON + SECOND / 10 * one for one in range(8)]
    assert [row.id for row in rows] == list(range(1, 9))
    assert len(claim(store, fast, owner="two")) == 3
    assert claim(store, fast, owner="three") == []
    assert again(store, fast) == NOON + SECOND / 10


def test_senders_side_by_side_never_share_a_slot(store: Store) -> None:
    fill(store, SLOW[:30])
    found: list[Claimed] = []

    def work(owner: str) -> None:
        now = NOON
        while rows := claim(store, RateLimits(per_second=40), now, owner, most=3):
            found.extend(rows)
            now += SECOND / 10

    threads = [threading.Thread(target=work, args=(f"owner {n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = sorted(row.not_before for row in found)
    assert len({row.id for row in found}) == 30
    assert all(b - a >= SECOND / 40 for a, b in pairwise(slots))


def test_a_full_domain_is_passed_over_and_stays_as_it_is(store: Store) -> None:
    fill(store, [*SLOW, *OTHERS])
    slow = RateLimits(domains={"slow.example": 1})
    assert [row.domain for row in claim(store, slow)] == ["slow.example"]
    rows = claim(store, slow)
    assert [row.domain for row in rows] == ["fast.example"] * 5
    assert {row.not_before for row in rows} == {NOON}
    assert claim(store, slow) == []
    assert again(store, slow) == NOON + SECOND * 0.9
    assert len(claim(store, slow, NOON + SECOND)) == 1
    with store.reading() as db:
        assert set(next_attempts(db).values()) == {NOON}
        assert send_queue.pending(db, NOON, Scope()) == 118


def test_of_many_of_a_domain_the_first_few_do_not_hide_the_others(store: Store) -> None:
    fill(store, [*SLOW[:50], *OTHERS])
    rows = claim(store, RateLimits(per_domain=1))
    assert sorted(row.domain for row in rows) == ["fast.example", "slow.example"]


def test_without_a_pace_nothing_is_asked_for_it(sqlite: Store) -> None:
    fill(sqlite, SLOW)
    with statements_of(sqlite) as statements:
        assert {row.not_before for row in claim(sqlite, RateLimits())} == {NOON}
        assert again(sqlite, RateLimits()) is None
    assert [text.split()[0] for text, _ in statements] == [
        *("BEGIN", "SELECT", "SELECT", "UPDATE", "SELECT"),
        *("SELECT", "UPDATE", "DELETE", "INSERT"),  # the journal's end, for the first time
        *("BEGIN",),
    ]
    assert not [text for text, _ in statements if " pace" in text]


def test_where_nothing_is_left_there_is_nothing_to_wait_for(store: Store) -> None:
    fill(store, OTHERS)
    slow = RateLimits(per_second=2)
    while rows := claim(store, slow):
        assert rows
    assert again(store, slow) is not None
    claim(store, slow, NOON + 5 * SECOND)
    assert again(store, slow, NOON + 5 * SECOND) is None


def test_who_waits_for_a_later_attempt_does_not_wait_for_the_pace(store: Store) -> None:
    fill(store, SLOW)
    with store.writing() as db:
        until = deferred_domains.defer(db, "slow.example", NOON)
    assert claim(store, RateLimits(per_second=1)) == []
    assert again(store, RateLimits(per_second=1)) is None
    assert len(claim(store, RateLimits(per_second=1), until)) == 2


def test_a_sender_that_dies_costs_the_time_of_its_slots(store: Store) -> None:
    fill(store, SLOW)
    fast = RateLimits(per_second=10)
    assert len(claim(store, fast)) == 11
    with store.writing() as db:
        recovery.abandon(db, "me", {}, NOON)
    rows = claim(store, fast, NOON + SECOND / 10)
    assert [row.not_before for row in rows] == [NOON + HORIZON + SECOND / 10]
    assert len(claim(store, fast, NOON + 2 * HORIZON)) == 11


def test_a_clock_that_ran_ahead_is_forgotten_at_the_next_claim(store: Store) -> None:
    fill(store, SLOW)
    slow = RateLimits(per_second=0.5)
    assert claim(store, slow, NOON + timedelta(hours=5))
    assert claim(store, slow) == []
    assert again(store, slow) == NOON + SECOND
    assert [row.not_before for row in claim(store, slow, NOON + SECOND)] == [NOON + 2 * SECOND]


def test_what_says_nothing_any_more_is_not_kept(store: Store) -> None:
    fill(store, ["ann@alpha.example", "bea@beta.example", "cleo@gamma.example"])
    for number in range(3):
        claim(store, RateLimits(per_second=1, per_domain=0.1), NOON + SECOND * 20 * number, most=1)
    with store.reading() as db:
        assert kept(db) == dict.fromkeys(("", "gamma.example"), NOON + 40 * SECOND)


@pytest.mark.heavy
@pytest.mark.parametrize("before", ["pending", "unknown", "sending", "sent"])
def test_a_database_from_before_learns_where_its_open_rows_go(store: Store, before: str) -> None:
    fill(store, [*OTHERS, "ann@alpha.example"])
    with store.writing() as db:
        db.execute(delivery.update().values(state=before))
    store.migrate("0004")
    store.migrate()
    with store.reading() as db:
        found = db.scalars(select(delivery.c.domain).order_by(delivery.c.id)).all()
    there = [*["fast.example"] * 5, "alpha.example"]
    assert found == ([""] * 6 if before == "sent" else there)
