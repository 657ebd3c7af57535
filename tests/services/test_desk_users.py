"""Passwords are hashed as RFC 9106 asks, with its second choice of parameters, for 64 MiB."""

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from newsletter.services import desk_users
from newsletter.storage import Store
from newsletter.storage import desk_users as stored
from tests.builders import NOON
from tests.once import HASHER


def test_the_programs_own_hasher_costs_what_it_should(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_users.add(sqlite, "olga", "operator", "correct horse battery", NOON)
    quick = _stored(sqlite)
    desk_users._of_nobody()  # kept for all tests: not with the work of this one
    monkeypatch.setattr(desk_users, "_HASHER", HASHER)
    assert desk_users.verified(sqlite, "olga", "correct horse battery")
    cost = extract_parameters(_stored(sqlite))
    assert (cost.type, cost.memory_cost, cost.time_cost) == (Type.ID, 64 * 2**10, 3)
    assert _stored(sqlite) != quick, "made with less work, it is made anew when somebody logs in"


def _stored(store: Store) -> str:
    with store.reading() as db:
        row = stored.named(db, "olga")
    assert row
    return str(row["password"])
