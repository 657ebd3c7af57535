"""What a dead or stopped worker left: rows that go back to pending, and rows that are unknown."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    and_,
    select,
)

from newsletter.domain.states import Transition
from newsletter.storage import transitions
from newsletter.storage.database import chunks
from newsletter.storage.journal import Journal
from newsletter.storage.journal_lines import ACCEPTED, ANSWERED, CLAIMED
from newsletter.storage.leases import SENDING, Steady, over, worker_owner
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.settlements import Settled, lost, settle


def lapse(db: Connection, now: datetime, steady: Steady, journal: Journal | None = None) -> int:
    """What a dead sender left is sent or waits again where the journal knows it; the rest is
    unknown: how many.

    ``steady`` was read before the call, and so before the journal is: a sender that still lives
    sees at its look that its lease is over.
    """
    rows = lapsed(db, now, steady, journal)  # nobody writes beside us
    for transition, ids in rows.items():
        values = {"answer": _LAPSED[transition]} if transition in _LAPSED else {}
        for batch in chunks(ids):
            transitions.move(db, transition, deliveries.c.id.in_(batch), changed_at=now, **values)
    return len(rows.get(Transition.LEASE_OVER, ()))


_LAPSED = {
    Transition.LEASE_OVER: "the sender ended before the answer",
    Transition.FOUND_ACCEPTED: "the server took it, and the sender ended before it could write so",
}


def lapsed(
    db: Connection, now: datetime, steady: Steady, journal: Journal | None = None
) -> dict[Transition, list[int]]:
    """The ids that ``lapse`` would find, by the name of their transition."""
    columns = (deliveries.c[name] for name in ("id", "owner", "boot", "changed_at"))
    rows = db.execute(select(*columns).where(SENDING, over(db, now, steady))).all()
    claims = {row.id: (row.id, row.owner or "", row.changed_at) for row in rows}
    states = journal.states(set(claims.values())) if journal and rows else {}
    by_transition: dict[Transition, list[int]] = {}
    for row in rows:
        transition = _of_the_dead(
            states.get(claims[row.id]), here=steady.sure and row.boot == steady.boot
        )
        by_transition.setdefault(transition, []).append(row.id)
    return by_transition


def _of_the_dead(state: str | None, *, here: bool) -> Transition:
    """What to do with a row by what the journal says of its claim. What was not offered counts only
    where the machine was not started anew since: the end of the journal may be lost by that."""
    if state == ACCEPTED:
        return Transition.FOUND_ACCEPTED
    never = here and state in (CLAIMED, ANSWERED)
    return Transition.NEVER_OFFERED if never else Transition.LEASE_OVER


def release(db: Connection, ids: Sequence[int], owner: str) -> None:
    """Rows claimed and never offered wait again, as if they had not been claimed."""
    mine = and_(deliveries.c.owner == owner, deliveries.c.id.in_(ids))
    if ids:
        transitions.move(db, Transition.RELEASE, mine)


def abandon(
    db: Connection, owner: str, in_hand: Mapping[int, Settled | None], now: datetime
) -> int:
    """All senders of the owner end at once: what is in hand without an answer is unknown (how
    many). What has one is settled by it, and the rest waits again.
    """
    known = [settled for settled in in_hand.values() if settled]
    unknown = [lost(row_id, now) for row_id, settled in in_hand.items() if not settled]
    theirs = deliveries.c.owner.startswith(worker_owner(owner, ""), autoescape=True)
    count = 0
    for worker in db.scalars(select(deliveries.c.owner).where(SENDING, theirs).distinct()).all():
        settle(db, worker, known)
        count += len(settle(db, worker, unknown))
        transitions.move(db, Transition.RELEASE, deliveries.c.owner == worker)
    return count
