"""Leaving and bouncing: from which states, to which, and what stays as it is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery.returned import ReturnRules, take
from newsletter.domain.model import STATES, Subscriber
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.storage import Connection, Store, subscriber_states
from newsletter.storage import returns as kept
from newsletter.storage.returns import Incoming
from newsletter.storage.schema import subscriber as table
from tests.builders import NOON, subscribe


def in_state(db: Connection, state: str) -> int:
    number = subscribe(db).id
    db.execute(table.update().values(state=state))
    return number


def state_of(db: Connection, number: int) -> str:
    return str(db.scalar(select(table.c.state).where(table.c.id == number)))


@pytest.mark.parametrize("state", STATES)
def test_who_reads_or_is_to_confirm_can_leave_and_who_bounced_or_complained_stays_so(
    sqlite: Store, state: str
) -> None:
    after = {"active": "unsubscribed", "pending": "unsubscribed"}
    with sqlite.writing() as db:
        number = in_state(db, state)
        another = subscribe(db, "other@example.org")
        assert subscriber_states.leave(db, number, NOON)
        assert state_of(db, number) == after.get(state, state)
        assert subscriber_states.leave(db, number, NOON), "the second time as well"
        assert state_of(db, another.id) == "active"


def test_nobody_cannot_leave(sqlite: Store) -> None:
    with sqlite.writing() as db:
        assert not subscriber_states.leave(db, 99, NOON)


@pytest.mark.parametrize("state", STATES)
def test_who_reads_or_is_to_confirm_bounces(sqlite: Store, state: str) -> None:
    with sqlite.writing() as db:
        number = in_state(db, state)
        subscriber_states.bounce(db, number, NOON, "550")
        assert state_of(db, number) == ("bounced" if state in ("active", "pending") else state)


def test_who_left_bounces_by_the_message_they_asked_for_alone(sqlite: Store) -> None:
    with sqlite.writing() as db:
        number = in_state(db, "unsubscribed")
        subscriber_states.bounce(db, number, NOON, "550", left=True)
        assert state_of(db, number) == "bounced"


def test_who_never_confirmed_is_forgotten_and_what_came_back_for_them_is_not(
    store: Store,
) -> None:
    """Anybody can write their address into a report."""
    with store.writing() as db:
        new = Subscriber(0, "new@example.org", "UTC", 7, state="pending")
        subscriber_states.add_pending(db, "new@example.org", new, NOON)
        named = Return(ReturnKind.BOUNCE, Severity.HARD, address="new@example.org")
        taken = take(db, Incoming("k", "mail", named), "new@example.org", ReturnRules(), NOON)
        assert taken.owner
    with store.writing() as db:
        assert subscriber_states.forget_pending(db, NOON + timedelta(days=1)) == 1
    with store.reading() as db:
        (row,) = kept.listed(db, None, None, 10)
        assert (row["done"], row["reader"], row["address"]) == ("unproved", None, "new@example.org")
