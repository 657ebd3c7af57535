"""Several machines on one PostgreSQL: what one commits while another claims, and their clocks."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from newsletter.storage import (
    Connection,
    Store,
    approvals,
    leases,
    recipients,
    recovery,
    send_queue,
    subscribers,
)
from newsletter.storage.schema import delivery
from tests.builders import NOON, TODAY
from tests.storage.test_ledger_boundaries import LEASE, an_issue, enter, steady

_GATE = 4711  # an advisory lock of this test's own


@pytest.fixture(params=["postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def gated(apart: Store) -> Store:
    """Whoever changes the first delivery waits for the gate."""
    with apart.writing() as db:
        db.execute(
            text(
                "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" PERFORM pg_advisory_xact_lock_shared({_GATE}); RETURN NEW; END $$"
            )
        )
        db.execute(
            text(
                "CREATE TRIGGER gate BEFORE UPDATE ON delivery FOR EACH ROW"
                " WHEN (OLD.id = 1) EXECUTE FUNCTION gate()"
            )
        )
    return apart


def test_an_issue_is_claimed_with_its_reader_as_it_was_composed_for(gated: Store) -> None:
    with gated.writing() as db:
        reader_ids = enter(db, readers=2, held=0)
        another_issue = an_issue(db)
    claimed: list[send_queue.Claimed] = []
    claiming = _beside(gated, lambda db: claimed.extend(_claim(db)))
    revising = _beside(gated, lambda db: _revise(db, reader_ids[1], another_issue))
    with gated.reading() as gate:
        gate.execute(text(f"SELECT pg_advisory_lock({_GATE})"))
        claiming.start()  # it has its first row, and stops
        _until(lambda: _waiting(gated) == 1)
        revising.start()  # is done with the second, or waits for the claim
        _until(lambda: not revising.is_alive() or _waiting(gated) == 2)
        gate.execute(text(f"SELECT pg_advisory_unlock({_GATE})"))
    for thread in (claiming, revising):
        thread.join(10)
    second = next(one for one in claimed if one.subscriber.id == reader_ids[1])
    composed = (1, ""), (another_issue, "Renamed")
    assert (second.issue_id, second.subscriber.name) in composed


def test_who_runs_ahead_takes_no_rows_of_another_machine(store: Store) -> None:
    """The database's clock says that the lease is not over; later by both it is."""
    with store.writing() as db:
        there = leases.server_time(db)
        assert there
        enter(db, expires_at=there + 9 * LEASE)
        lease = leases.Lease("another", leases.Steady("its boot", 9.0), there + LEASE)
        assert send_queue.claim(db, there, lease, 1, send_queue.Scope())
        ahead = there + 2 * LEASE
        assert recovery.lapse(db, ahead, steady(ahead)) == 0
        assert leases.leased(db, ahead, steady(ahead))[0] == 1
        db.execute(delivery.update().values(lease_until=there))
        assert recovery.lapse(db, ahead, steady(ahead)) == 1


def _beside(store: Store, work: Callable[[Connection], None]) -> threading.Thread:
    def write() -> None:
        with store.writing(together=True) as db:
            work(db)

    return threading.Thread(target=write, daemon=True)


def _claim(db: Connection) -> Sequence[send_queue.Claimed]:
    for way in ("hashjoin", "mergejoin"):  # these would lock all rows before the first changes
        db.execute(text(f"SET LOCAL enable_{way} = off"))
    lease = leases.Lease("me", steady(NOON + LEASE), NOON + LEASE)
    return send_queue.claim(db, NOON, lease, 20, send_queue.Scope())


def _revise(db: Connection, reader_id: int, issue_id: int) -> None:
    """As composing does what is held anew."""
    readers = [replace(one, name="Renamed") for one in subscribers.numbered_all(db, [reader_id])]
    rows = approvals.take_back(db, TODAY, 1, [reader_id])
    approvals.give(db, {row.id: issue_id for row in rows}, 1, NOON)
    recipients.thaw(db, [row.id for row in rows])
    recipients.freeze_rows(db, {row.id: row.subscriber_id for row in rows}, readers, NOON)


def _waiting(store: Store) -> int:
    with store.reading() as db:
        return db.scalar(_WAITING) or 0


_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def _until(so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")
