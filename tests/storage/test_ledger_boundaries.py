"""Which rows count as read, and the instants at which a row is due, over, or somebody's."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.domain.backoff import LONGEST
from newsletter.domain.model import Citation, Issue, Pick
from newsletter.domain.states import Reason
from newsletter.storage import (
    Connection,
    Store,
    archive,
    candidates,
    due_readers,
    issues,
    leases,
    ledger,
    reading_history,
    recovery,
    send_queue,
    settlements,
    subscribers,
)
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.ledger import Entry
from newsletter.storage.schema import cancelled, delivery, mark, recipient, subscriber
from newsletter.storage.send_queue import PAUSED, Claimed, Scope
from newsletter.storage.settlements import Verdict
from tests.builders import NOON, TODAY, brief, read, subscribe

SECOND = timedelta(seconds=1)
EXPIRES = NOON + timedelta(hours=19)
LEASE = timedelta(minutes=10)

ENDS = [
    ("pending", None, True),
    ("sending", None, True),
    ("sent", None, True),
    ("unknown", None, True),
    ("failed", "refused", False),
    ("failed", "expired", False),
    ("skipped", "cancelled", False),
    ("skipped", "unsubscribed", False),
]
"""State, reason, whether the reader counts as having read the issue of that row."""


def an_issue(db: Connection) -> int:
    archive.record(db, [read("a.txt", brief("One."))], NOON, TODAY)
    (insight,) = candidates.known(db, TODAY, range(1, 100))
    pick = Pick(1, insight.id, insight.text, Citation("Pod"), 0.5, {"novelty": 1.0})
    return issues.save(db, Issue(TODAY, (pick,)), NOON)


def enter(db: Connection, readers: int = 1, **changes: Any) -> list[int]:
    """A pending row for each reader; ``changes`` are written to all of them. Returns their ids."""
    issue_id = an_issue(db)
    people = [subscribe(db, f"r{number}@example.org") for number in range(readers)]
    ledger.enter(
        db,
        [
            Entry(person, TODAY, issue_id, None, f"<{person.id}@x>", NOON, EXPIRES)
            for person in people
        ],
        NOON,
    )
    if changes:
        db.execute(delivery.update().values(**changes))
    return [person.id for person in people]


def looked(db: Connection, row_id: int, owner: str, at: Steady) -> tuple[Verdict, float]:
    return settlements.verdict(settlements.look(db, [row_id], owner).get(row_id), at)


def steady(at: datetime, boot: str = "this boot") -> Steady:
    return Steady(boot, at.timestamp())


def claim(db: Connection, now: datetime, most: int = 20, scope: Scope = Scope()) -> list[Claimed]:  # noqa: B008
    return send_queue.claim(db, now, Lease("me", steady(now + LEASE), now + LEASE), most, scope)


def state(db: Connection) -> tuple[str, str | None]:
    row = db.execute(delivery.select()).one()
    return row.state, row.reason


@pytest.mark.parametrize(("state", "reason", "counts"), ENDS)
def test_what_was_given_up_or_cancelled_does_not_count_as_read(
    store: Store,
    state: str,
    reason: str | None,
    counts: bool,  # noqa: FBT001
) -> None:
    with store.writing() as db:
        (reader,) = enter(db, state=state, reason=reason)
        assert (reader in reading_history.histories(db, [reader])) is counts
        assert (reader in reading_history.heard(db, [reader])) is counts


def test_every_state_is_named_above() -> None:
    (check,) = [
        each for each in delivery.constraints if "unknown" in str(getattr(each, "sqltext", ""))
    ]
    assert all(f"'{name}'" in str(check.sqltext) for name, _, _ in ENDS)  # type: ignore[attr-defined]
    assert str(check.sqltext).count("'") // 2 == len({name for name, _, _ in ENDS})  # type: ignore[attr-defined]


def test_a_row_expires_at_its_instant_and_is_offered_until_then(sqlite: Store) -> None:
    with sqlite.writing() as db:
        enter(db)
        assert send_queue.expire(db, EXPIRES - SECOND) == 0
        assert send_queue.pending(db, EXPIRES - SECOND, Scope()) == 1
        assert send_queue.pending(db, EXPIRES, Scope()) == 0
        assert claim(db, EXPIRES) == []
        assert send_queue.pending(db, EXPIRES + SECOND, Scope()) == 0
        assert claim(db, EXPIRES + SECOND) == [], "whether or not somebody has given it up by then"
        assert send_queue.expire(db, EXPIRES) == 1
        assert state(db) == ("failed", "expired")


def test_a_row_is_offered_from_the_instant_of_its_next_attempt_on(sqlite: Store) -> None:
    later = NOON + timedelta(hours=1)
    with sqlite.writing() as db:
        enter(db, next_attempt_at=later)
        assert send_queue.pending(db, later - SECOND, Scope()) == 0
        assert claim(db, later - SECOND) == []
        assert send_queue.pending(db, later, Scope()) == 1
        assert len(claim(db, later)) == 1


@pytest.mark.parametrize(("due", "hurried"), [(-1, -1), (0, 0), (1, 0)])
def test_what_is_hurried_is_due_now_at_the_latest(sqlite: Store, due: int, hurried: int) -> None:
    with sqlite.writing() as db:
        (reader,) = enter(db, due_at=NOON + due * SECOND, next_attempt_at=NOON + SECOND)
        send_queue.hurry(db, NOON, Scope())
        row = ledger.find(db, reader, TODAY)
    assert row
    assert (row["due_at"], row["next_attempt_at"]) == (NOON + hurried * SECOND, NOON)


def test_no_more_rows_are_claimed_than_asked_for_and_the_longest_waiting_come_first(
    sqlite: Store,
) -> None:
    with sqlite.writing() as db:
        first, second, third = enter(db, readers=3)
        mine = delivery.c.subscriber_id == third
        db.execute(delivery.update().where(mine).values(next_attempt_at=NOON - SECOND))
        assert [row.subscriber.id for row in claim(db, NOON, most=2)] == [third, first]
        assert [row.subscriber.id for row in claim(db, NOON, most=2)] == [second]


def test_a_scope_names_dates_and_readers(sqlite: Store) -> None:
    tomorrow = TODAY + timedelta(days=1)
    with sqlite.writing() as db:
        first, second = enter(db, readers=2)
        for scope in (Scope(on=tomorrow), Scope(subscriber_ids=[]), Scope(tomorrow, [first])):
            assert send_queue.pending(db, NOON, scope) == 0
            assert claim(db, NOON, scope=scope) == []
        scope = Scope(TODAY, [second])
        assert send_queue.pending(db, NOON, scope) == 1
        assert [row.subscriber.id for row in claim(db, NOON, scope=scope)] == [second]


@pytest.mark.parametrize(
    ("boot", "clock", "calendar", "over"),
    [
        ("this boot", LEASE - SECOND, 2 * LEASE, 0),  # here the steady clock counts alone
        ("this boot", LEASE, LEASE - SECOND, 1),
        ("another", 2 * LEASE, LEASE - SECOND, 0),  # elsewhere the calendar does
        ("another", timedelta(0), LEASE, 1),
    ],
)
def test_a_lease_ends_at_its_last_second(
    sqlite: Store, boot: str, clock: timedelta, calendar: timedelta, over: int
) -> None:
    with sqlite.writing() as db:
        enter(db)
        claim(db, NOON)
        now, here = NOON + calendar, steady(NOON + clock, boot)
        assert sum(map(len, recovery.lapsed(db, now, here).values())) == over
        assert leases.leased(db, now, here)[0] == 1 - over
        assert recovery.lapse(db, now, here) == over


def test_a_look_finds_a_row_ours_until_its_lease_ends(sqlite: Store) -> None:
    with sqlite.writing() as db:
        enter(db)
        (row,) = claim(db, NOON)
        assert looked(db, row.id, "me", steady(NOON + LEASE - SECOND)) == ("go", 1.0)
        assert looked(db, row.id, "me", steady(NOON + LEASE))[0] == "lost"
        assert looked(db, row.id, "me", steady(NOON, "another"))[0] == "lost"
        assert looked(db, row.id, "not me", steady(NOON))[0] == "lost"


def test_a_look_long_after_the_lease_finds_it_lost(sqlite: Store) -> None:
    with sqlite.writing() as db:
        enter(db)
        (row,) = claim(db, NOON)
        assert looked(db, row.id, "me", steady(NOON + 3 * LEASE)) == ("lost", 0.0)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("pending", "left"),
        ("unsubscribed", "left"),
        ("bounced", "bounced"),
        ("complained", "complained"),
    ],
)
def test_a_look_says_how_its_reader_went_and_for_how_long_the_row_is_ours(
    sqlite: Store, state: str, verdict: Verdict
) -> None:
    with sqlite.writing() as db:
        enter(db)
        (row,) = claim(db, NOON)
        db.execute(subscriber.update().values(state=state))
        assert looked(db, row.id, "me", steady(NOON)) == (verdict, LEASE.total_seconds())


@pytest.mark.parametrize(("days", "verdict"), [(-1, "go"), (0, "cancelled"), (1, "go")])
def test_only_its_own_date_cancels_a_row(sqlite: Store, days: int, verdict: Verdict) -> None:
    with sqlite.writing() as db:
        enter(db)
        (row,) = claim(db, NOON)
        db.execute(cancelled.insert().values(date=TODAY + timedelta(days), at=NOON))
        assert looked(db, row.id, "me", steady(NOON))[0] == verdict


@pytest.mark.parametrize(
    ("name", "verdict"), [("before", "go"), (PAUSED, "paused"), ("tidied", "go")]
)
def test_only_the_mark_of_a_pause_pauses(sqlite: Store, name: str, verdict: Verdict) -> None:
    with sqlite.writing() as db:
        enter(db)
        (row,) = claim(db, NOON)
        db.execute(mark.insert().values(name=name, at=NOON, boot="", seconds=0))
        assert looked(db, row.id, "me", steady(NOON))[0] == verdict


def test_a_row_is_found_by_its_reader_and_its_date(sqlite: Store) -> None:
    with sqlite.writing() as db:
        ids = enter(db, readers=3)
        for reader in ids:
            row = ledger.find(db, reader, TODAY)
            assert row
            assert (row["subscriber_id"], row["attempts"], row["answer"]) == (reader, 0, "")
        assert ledger.find(db, ids[1], TODAY - timedelta(days=1)) is None
        assert ledger.find(db, ids[1], TODAY + timedelta(days=1)) is None
        assert ledger.find(db, ids[-1] + 1, TODAY) is None


def test_what_was_dropped_of_a_reader_does_not_come_back_with_the_next_issue(sqlite: Store) -> None:
    with sqlite.writing() as db:
        (reader,) = enter(db)
        db.execute(recipient.delete())  # as pruning does
        tomorrow = TODAY + timedelta(days=1)
        _enter_for(db, reader, tomorrow)
        row = ledger.find(db, reader, tomorrow)
        assert row
        assert db.execute(select(recipient.c.delivery_id)).scalars().all() == [row["id"]]


@pytest.mark.parametrize(("reason", "held"), [(None, 7), (Reason.TOO_FEW, None)])
def test_only_what_is_composed_waits_for_approval(
    sqlite: Store, reason: Reason | None, held: int | None
) -> None:
    with sqlite.writing() as db:
        reader = subscribe(db)
        issue_id = an_issue(db) if reason is None else None
        entry = Entry(reader, TODAY, issue_id, reason, "<1@x>", NOON, EXPIRES, held=7)
        ledger.enter(db, [entry], NOON)
        row = ledger.find(db, reader.id, TODAY)
    assert row
    assert row["held"] == held


def test_what_is_over_waits_for_no_approval(sqlite: Store) -> None:
    with sqlite.writing() as db:
        (reader,) = enter(db, held=7)
        assert send_queue.expire(db, EXPIRES) == 1
        row = ledger.find(db, reader, TODAY)
    assert row
    assert row["held"] is None


def _enter_for(db: Connection, reader: int, day: date) -> None:
    person = subscribers.by_id(db, reader)
    assert person
    ledger.enter(db, [Entry(person, day, an_issue(db), None, "<2@x>", NOON, EXPIRES)], NOON)


def test_the_ledger_is_kept_from_its_first_to_its_last_due_instant_up_to_now(
    sqlite: Store,
) -> None:
    with sqlite.writing() as db:
        assert due_readers.kept(db, NOON) is None
        _, later = enter(db, readers=2)
        mine = delivery.c.subscriber_id == later
        db.execute(delivery.update().where(mine).values(due_at=NOON + SECOND))
        assert due_readers.kept(db, NOON - SECOND) is None
        assert due_readers.kept(db, NOON) == (NOON, NOON)
        assert due_readers.kept(db, NOON + SECOND) == (NOON, NOON + SECOND)


def test_only_what_is_due_and_pending_is_woken(sqlite: Store) -> None:
    far = NOON + 2 * LONGEST
    cases = [
        ("pending", NOON, True),
        ("pending", NOON - 5 * LEASE, True),
        ("pending", NOON + SECOND, False),
        ("sending", NOON, False),
        ("sent", NOON, False),
        ("failed", NOON, False),
        ("unknown", NOON, False),
    ]
    with sqlite.writing() as db:
        ids = enter(db, readers=len(cases), next_attempt_at=far)
        for reader, (name, due_at, _) in zip(ids, cases, strict=True):
            mine = delivery.c.subscriber_id == reader
            db.execute(delivery.update().where(mine).values(state=name, due_at=due_at))
        send_queue.wake(db, NOON)
        rows = db.execute(delivery.select().order_by(delivery.c.subscriber_id)).all()
        assert [row.next_attempt_at == NOON for row in rows] == [woken for *_, woken in cases]


@pytest.mark.parametrize("name", ["failed", "sending", "sent", "skipped", "unknown"])
def test_only_what_is_pending_is_offered(sqlite: Store, name: str) -> None:
    with sqlite.writing() as db:
        enter(db, state=name)
        assert send_queue.pending(db, NOON, Scope()) == 0
        assert not send_queue.any_due(db, NOON, Scope())
        assert claim(db, NOON) == []


def test_the_queue_is_paused_by_its_own_mark_alone(sqlite: Store) -> None:
    with sqlite.writing() as db:
        for name in ("before", "tidied"):
            db.execute(mark.insert().values(name=name, at=NOON, boot="", seconds=0))
        assert send_queue.paused(db) is None
        db.execute(mark.insert().values(name=PAUSED, at=NOON - SECOND, boot="", seconds=0))
        assert send_queue.paused(db) == NOON - SECOND


def test_only_what_waits_longer_than_any_may_is_woken(sqlite: Store) -> None:
    with sqlite.writing() as db:
        enter(db, next_attempt_at=NOON + LONGEST)
        send_queue.wake(db, NOON)
        assert send_queue.pending(db, NOON, Scope()) == 0
        db.execute(delivery.update().values(next_attempt_at=NOON + LONGEST + SECOND))
        send_queue.wake(db, NOON - SECOND)  # due later than that: it waits for its day
        assert send_queue.pending(db, NOON, Scope()) == 0
        send_queue.wake(db, NOON)
        assert send_queue.pending(db, NOON, Scope()) == 1
