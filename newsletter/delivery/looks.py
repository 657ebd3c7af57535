"""The last look at a row before its message goes, made at the next few rows at once."""

from collections.abc import Sequence

from newsletter.delivery.context import DeliveryContext
from newsletter.storage import Connection, settlements
from newsletter.storage.send_queue import Claimed
from newsletter.storage.settlements import LOST, Look, Verdict


class Looks:
    """``claimed`` are a worker's rows in the order that they are sent."""

    def __init__(self, context: DeliveryContext, owner: str, claimed: Sequence[Claimed]) -> None:
        self.context, self.owner, self.claimed = context, owner, claimed
        self.found: dict[int, Look] = {}
        self.until = 0.0
        self.used = 0

    def at(self, row: Claimed, db: Connection) -> tuple[Verdict, float]:
        """Whether the row may be sent now, and for how many seconds more it is ours.

        The lease is judged by the clock of this moment, however old the look is.
        """
        if row.id not in self.found or self.context.steady().seconds >= self.until:
            self._look(row, db)
        self.used += 1
        return self.found.pop(row.id, LOST).at(self.context.steady())

    def forget(self) -> None:
        self.found.clear()

    def _look(self, row: Claimed, db: Connection) -> None:
        """At twice as many as were of use the last time."""
        ahead = [one.id for one, _ in zip(self.claimed, range(2 * self.used + 1), strict=False)]
        self.until, self.used = self.context.steady().seconds + self.context.look_holds, 0
        self.found = settlements.look(db, [row.id, *(set(ahead) - {row.id})], self.owner)
