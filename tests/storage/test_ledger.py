"""One row ever, claimed before the attempt, settled by its owner alone."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from newsletter.domain.errors import StoreError
from newsletter.domain.model import Citation, Issue, Pick, Subscriber
from newsletter.domain.states import Transition
from newsletter.domain.weekdays import bit
from newsletter.storage import (
    Connection,
    Store,
    archive,
    candidates,
    due_readers,
    issues,
    ledger,
    reading_history,
    recovery,
    send_queue,
    settlements,
    subscriber_states,
    subscribers,
)
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.ledger import Entry
from newsletter.storage.schema import delivery
from newsletter.storage.send_queue import Claimed, Scope
from newsletter.storage.settlements import Settled, Verdict
from tests.builders import NOON, TODAY, brief, read, subscribe

LEASE = timedelta(minutes=10)
LATER = NOON + timedelta(hours=19)


def an_issue(db: Connection) -> int:
    archive.record(db, [read("a.txt", brief("One."))], NOON, TODAY)
    (one,) = candidates.known(db, TODAY, range(1, 100))
    pick = Pick(1, one.id, one.text, Citation("Pod"), 0.5, {"novelty": 1.0})
    return issues.save(db, Issue(TODAY, (pick,)), NOON)


def entry(reader: Subscriber, issue_id: int | None, reason: str | None = None) -> Entry:
    return Entry(reader, TODAY, issue_id, reason, f"<{reader.id}@x>", NOON, LATER)


def fill(store: Store, readers: int = 1) -> None:
    with store.writing() as db:
        issue_id = an_issue(db)
        people = [subscribe(db, f"r{number}@example.org") for number in range(readers)]
        ledger.enter(db, [entry(one, issue_id) for one in people], NOON)


def claim(store: Store, owner: str = "me", most: int = 20, now: datetime = NOON) -> list[Claimed]:
    with store.writing() as db:
        return send_queue.claim(db, now, lease(owner, now + LEASE), most, Scope())


def looked(db: Connection, row_id: int, owner: str, at: Steady) -> tuple[Verdict, float]:
    return settlements.verdict(settlements.look(db, [row_id], owner).get(row_id), at)


def steady(at: datetime = NOON) -> Steady:
    return Steady("this boot", at.timestamp())


def lease(owner: str, until: datetime) -> Lease:
    return Lease(owner, steady(until), until)


def states(store: Store) -> list[tuple[str, str | None]]:
    with store.reading() as db:
        rows = db.execute(delivery.select().order_by(delivery.c.id))
        return [(row.state, row.reason) for row in rows]


def test_a_second_row_for_the_same_date_is_passed_over(store: Store) -> None:
    fill(store)
    with store.writing() as db:
        ledger.enter(db, [entry(subscribe(db, "r0@example.org"), None, "too_late")], NOON)
    assert states(store) == [("pending", None)]


def test_what_is_claimed_is_nobody_elses(store: Store) -> None:
    fill(store, readers=3)
    assert [row.id for row in claim(store, "one", most=2)] == [1, 2]
    assert [row.id for row in claim(store, "two")] == [3]
    assert claim(store, "three") == []


def test_senders_side_by_side_never_share_a_row(store: Store) -> None:
    fill(store, readers=40)
    taken: list[int] = []

    def work(owner: str) -> None:
        while rows := claim(store, owner, most=3):
            taken.extend(row.id for row in rows)

    threads = [threading.Thread(target=work, args=(f"owner {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 41))


def test_a_claim_tells_all_that_the_message_needs(store: Store) -> None:
    fill(store)
    (row,) = claim(store)
    assert row.subscriber.address == "r0@example.org"
    assert (row.message_id, row.dated_at, row.expires_at) == ("<1@x>", NOON, LATER)


@pytest.mark.parametrize("stranger", ["another", "sender 1", "sender 3", "they"])
def test_of_anothers_row_a_sender_sees_and_settles_nothing(sqlite: Store, stranger: str) -> None:
    fill(sqlite)
    (row,) = claim(sqlite, "sender 2")
    with sqlite.writing() as db:
        assert looked(db, row.id, stranger, steady())[0] == "lost"
        accepted = Settled(row.id, Transition.ACCEPTED, NOON, {})
        assert not settlements.settle(db, stranger, [accepted])
        assert looked(db, row.id, "sender 2", steady())[0] == "go"


def test_only_the_owner_settles(store: Store) -> None:
    fill(store)
    (row,) = claim(store, "owner")
    with store.writing() as db:
        assert not settlements.settle(db, "thief", [Settled(row.id, Transition.ACCEPTED, NOON, {})])
        assert looked(db, row.id, "thief", steady())[0] == "lost"
        assert looked(db, row.id, "owner", steady())[0] == "go"
        accepted = Settled(row.id, Transition.ACCEPTED, NOON, {"answer": "250 Ok"})
        assert settlements.settle(db, "owner", [accepted]) == {row.id}
        assert not settlements.settle(db, "owner", [Settled(row.id, Transition.DEFERRED, NOON, {})])
    assert states(store) == [("sent", None)]


def test_of_what_is_settled_together_the_rows_that_were_taken_stay_as_they_are(
    store: Store,
) -> None:
    fill(store, readers=5)
    taken = claim(store, most=3)
    with store.writing() as db:
        recovery.lapse(db, NOON, steady(NOON + LEASE))
    ours = claim(store)
    some = [Settled(row.id, Transition.ACCEPTED, NOON, {}) for row in taken]
    some += [Settled(row.id, Transition.REFUSED, NOON, {"answer": "no"}) for row in ours]
    with store.writing() as db:
        assert settlements.settle(db, "me", some) == {row.id for row in ours}
    assert states(store) == [("unknown", None)] * 3 + [("failed", "refused")] * 2


def test_each_sender_of_a_process_has_rows_of_its_own_and_all_are_ended_together(
    store: Store,
) -> None:
    fill(store, readers=6)
    one, two, other = "host:1/a", "host:1/b", "host:11/a"
    (first, second), (third, _), _ = (claim(store, who, most=2) for who in (one, two, other))
    with store.writing() as db:
        assert looked(db, first.id, two, steady())[0] == "lost"
        in_flight = {
            first.id: None,
            third.id: Settled(third.id, Transition.ACCEPTED, NOON, {"answer": "250"}),
        }
        assert recovery.abandon(db, "host:1", in_flight, NOON) == 1
    ended = [("unknown", None), ("pending", None), ("sent", None), ("pending", None)]
    assert states(store) == [*ended, ("sending", None), ("sending", None)]
    assert second.id == 2


def test_what_a_dead_sender_left_is_unknown_and_never_offered_again(store: Store) -> None:
    fill(store)
    claim(store)
    with store.writing() as db:
        recovery.lapse(db, NOON, steady(NOON + LEASE - timedelta(seconds=1)))
    assert states(store) == [("sending", None)]
    with store.writing() as db:
        recovery.lapse(db, NOON, steady(NOON + LEASE))
    assert states(store) == [("unknown", None)]
    assert claim(store, now=NOON + LEASE) == []


def test_a_row_waits_for_its_time_and_expires_with_the_next_issue(store: Store) -> None:
    fill(store)
    (row,) = claim(store)
    later = NOON + timedelta(hours=1)
    with store.writing() as db:
        settlements.settle(
            db, "me", [Settled(row.id, Transition.DEFERRED, NOON, {"next_attempt_at": later})]
        )
    assert claim(store) == []
    assert len(claim(store, now=later)) == 1
    with store.writing() as db:
        recovery.release(db, [row.id], "me")
        send_queue.expire(db, LATER)
    assert states(store) == [("failed", "expired")]


def test_released_rows_wait_as_before(store: Store) -> None:
    fill(store, readers=2)
    rows = claim(store)
    with store.writing() as db:
        recovery.release(db, [rows[1].id], "me")
    assert states(store) == [("sending", None), ("pending", None)]


def test_to_hurry_is_not_to_wait_for_the_next_attempt(store: Store) -> None:
    fill(store)
    (row,) = claim(store)
    with store.writing() as db:
        settlements.settle(
            db, "me", [Settled(row.id, Transition.DEFERRED, NOON, {"next_attempt_at": LATER})]
        )
        assert send_queue.pending(db, NOON, Scope()) == 0
        send_queue.hurry(db, NOON, Scope(subscriber_ids=[99]))
        assert send_queue.pending(db, NOON, Scope()) == 0
        send_queue.hurry(db, NOON, Scope())
        assert send_queue.pending(db, NOON, Scope()) == 1


@pytest.mark.parametrize(("reason", "again"), [("too_few", True), ("too_late", True)])
def test_a_skipped_row_may_be_opened_again(store: Store, reason: str, again: bool) -> None:  # noqa: FBT001
    with store.writing() as db:
        one = subscribe(db)
        ledger.enter(db, [entry(one, None, reason)], NOON)
        assert bool(due_readers.waiting(db, TODAY, lambda *_: True)) is again
        ledger.enter(db, [entry(one, an_issue(db))], NOON)
    assert states(store) == [("pending", None)]


def test_history_is_what_was_sent_or_may_have_been(store: Store) -> None:
    heard = {"pending": True, "sending": True, "sent": True, "unknown": True, "failed": False}
    with store.writing() as db:
        issue_id = an_issue(db)
        readers = {state: subscribe(db, f"{state}@example.org") for state in heard}
        people = {state: reader.id for state, reader in readers.items()}
        ledger.enter(db, [entry(one, issue_id) for one in readers.values()], NOON)
        for state, one in people.items():
            mine = delivery.update().where(delivery.c.subscriber_id == one)
            db.execute(mine.values(state=state))
        found = reading_history.histories(db, list(people.values()))
        assert found == {people[state]: (issue_id,) for state, yes in heard.items() if yes}
        sent = reading_history.heard(db, list(people.values()))
        (insight,) = candidates.known(db, TODAY, range(1, 100))
    assert sent == {one: {insight.id: TODAY} for one in found}


def test_only_active_readers_in_the_wanted_places_wait(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "paris@example.org", "Europe/Paris")
        subscribe(db, "tokyo@example.org", "Asia/Tokyo")
        gone = subscribe(db, "gone@example.org", "Europe/Paris")
        subscriber_states.leave(db, gone.id, NOON)
        ids = due_readers.waiting(db, TODAY, lambda timezone, _: timezone == "Europe/Paris")
        found = due_readers.among_waiting(db, TODAY, ids)
        assert due_readers.among_waiting(db, TODAY, [gone.id]) == []
    assert [one.subscriber.address for one in found] == ["paris@example.org"]


def test_an_unknown_state_is_refused_by_the_database(store: Store) -> None:
    fill(store)
    with pytest.raises(StoreError), store.writing() as db:
        db.execute(delivery.update().values(state="perhaps"))


def test_a_second_row_is_refused_by_the_database(store: Store) -> None:
    fill(store)
    columns = [column for column in delivery.c if column.name != "id"]
    copy = delivery.select().with_only_columns(*columns)
    with pytest.raises(StoreError), store.writing() as db:
        db.execute(insert(delivery).from_select([one.name for one in columns], copy))


def test_who_pauses_does_not_get_what_is_composed_and_waits(store: Store) -> None:
    """Their issue may wait for an approval for hours."""
    fill(store, readers=3)
    tomorrow = TODAY + timedelta(days=1)
    with store.writing() as db:
        subscribers.change(db, "r0@example.org", NOON, paused_until=tomorrow)
        subscribers.change(db, "r1@example.org", NOON, weekdays=bit(tomorrow))
        subscribers.change(db, "r2@example.org", NOON, paused_until=TODAY)
    assert [row.subscriber.address for row in claim(store, most=1)] == ["r2@example.org"]
    paused = ("skipped", "paused")
    assert states(store) == [paused, paused, ("sending", None)]


def test_who_takes_the_pause_back_before_they_are_claimed_has_lost_nothing(store: Store) -> None:
    fill(store)
    with store.writing() as db:
        subscribers.change(db, "r0@example.org", NOON, paused_until=TODAY + timedelta(days=1))
        subscribers.change(db, "r0@example.org", NOON, paused_until=None)
    assert len(claim(store)) == 1


def test_whom_the_operator_named_although_they_pause_is_sent_it(store: Store) -> None:
    """It was composed after the pause began."""
    with store.writing() as db:
        issue_id, reader = an_issue(db), subscribe(db, "r0@example.org")
        subscribers.change(db, "r0@example.org", NOON, paused_until=TODAY + timedelta(days=1))
        ledger.enter(db, [entry(reader, issue_id)], NOON + timedelta(seconds=1))
    assert len(claim(store, now=NOON + timedelta(minutes=1))) == 1


def test_who_pauses_while_a_sender_has_their_message_does_not_get_it_later(store: Store) -> None:
    fill(store)
    (row,) = claim(store)
    with store.writing() as db:
        subscribers.change(db, "r0@example.org", NOON, paused_until=TODAY + timedelta(days=1))
        greylisted = Settled(row.id, Transition.DEFERRED, NOON, {"next_attempt_at": NOON})
        assert settlements.settle(db, "me", [greylisted]) == {row.id}
    assert claim(store) == []
    assert states(store) == [("skipped", "paused")]


def test_who_pauses_while_their_message_is_on_its_way_has_it(store: Store) -> None:
    fill(store)
    assert claim(store)
    with store.writing() as db:
        subscribers.change(db, "r0@example.org", NOON, paused_until=TODAY + timedelta(days=1))
    assert states(store) == [("sending", None)]
