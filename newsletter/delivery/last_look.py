"""The last look: whether a row may be sent, asked of the ledger right before its message goes."""

from collections.abc import Mapping, Sequence, Set

from newsletter.delivery.context import DeliveryContext
from newsletter.storage import Connection, settlements
from newsletter.storage.send_queue import Claimed
from newsletter.storage.settlements import Look, Verdict

GOOD_FOR = 0.25
"""Seconds for which what was read may be relied on: a change in them comes too late for a message.
Behind a slow server each message has a look of its own."""


class LastLook:
    """``claimed`` are the rows of a worker that have no outcome yet: read all at once, for a query
    for each would be half of what a message costs a database server."""

    def __init__(self, context: DeliveryContext, owner: str, claimed: Sequence[Claimed]) -> None:
        self.context, self.owner, self.claimed = context, owner, claimed
        self.asked: Set[int] = frozenset()
        self.seen: Mapping[int, Look] = {}
        self.at = 0.0

    def verdict(self, row: Claimed, db: Connection) -> tuple[Verdict, float]:
        """Whether the row may be sent now, and for how many seconds more it is ours."""
        age = self.context.steady().seconds - self.at
        if row.id not in self.asked or not 0 <= age < GOOD_FOR:
            self.look(db)
        return settlements.verdict(self.seen.get(row.id), self.context.steady())

    def forget(self) -> None:
        """Rows were claimed: one of them may have been ours before, under a lease that ended."""
        self.asked = frozenset()

    def look(self, db: Connection) -> None:
        self.at = self.context.steady().seconds  # what is read is no older than this
        self.asked = frozenset(row.id for row in self.claimed)
        with self.context.store.answering():
            self.seen = settlements.look(db, list(self.asked), self.owner)
