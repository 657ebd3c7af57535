"""Leaving and bouncing: from which states, to which, and what stays as it is."""

import pytest
from sqlalchemy import select

from newsletter.domain.model import STATES
from newsletter.storage import Connection, Store, subscribers
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
        assert subscribers.leave(db, number, NOON)
        assert state_of(db, number) == after.get(state, state)
        assert subscribers.leave(db, number, NOON), "the second time as well"
        assert state_of(db, another.id) == "active"


def test_nobody_cannot_leave(sqlite: Store) -> None:
    with sqlite.writing() as db:
        assert not subscribers.leave(db, 99, NOON)


@pytest.mark.parametrize("state", STATES)
def test_only_who_is_active_bounces(sqlite: Store, state: str) -> None:
    with sqlite.writing() as db:
        number = in_state(db, state)
        subscribers.bounce(db, number, NOON, "550")
        assert state_of(db, number) == ("bounced" if state == "active" else state)
