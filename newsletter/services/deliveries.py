"""The ledger for a person: its rows, what waits, and one reader's delivery."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newsletter.storage import Store, ledger, operator_actions

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Pending:
    """``next_attempt_at`` is the earliest; None where nothing waits."""

    count: int
    next_attempt_at: datetime | None


@contextmanager
def listed(store: Store, state: str | None, day: date | None) -> Iterator[Iterator[Row]]:
    """Row by row, since a ledger may be longer than memory. None is every state, or every date."""
    with store.reading() as db:
        yield operator_actions.listed(db, state, None, day)


def page(
    store: Store, state: str | None, day: date, after: int, most: int
) -> Sequence[Mapping[str, Any]]:
    """The next ``most`` deliveries of a date after the one numbered ``after``."""
    with store.reading() as db:
        return operator_actions.page(db, state, day, after, most)


def pending(store: Store, subscriber_ids: Sequence[int] | None, day: date | None) -> Pending:
    with store.reading() as db:
        return Pending(*operator_actions.pending(db, subscriber_ids, day))


def delivery_of(store: Store, subscriber_id: int, day: date) -> Row | None:
    with store.reading() as db:
        return ledger.find(db, subscriber_id, day)
