"""Leases: until when a claimed delivery is its worker's, by a clock that only runs forward."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    or_,
    select,
)

from newsletter.domain.states import DeliveryState
from newsletter.storage import sets, transitions
from newsletter.storage.schema import delivery as deliveries

SENDING = transitions.stands(DeliveryState.SENDING)


class Steady(NamedTuple):
    """Seconds on a clock that only runs forward, and the start of the machine it counts from.

    Not ``sure``: ``boot`` tells machines apart, and not one start of this machine from another.
    """

    boot: str
    seconds: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Lease:
    """Until when a row is ``owner``'s: ``end`` counts, ``until`` stands in for it elsewhere."""

    owner: str
    end: Steady
    until: datetime

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "boot": self.end.boot,
            "lease_end": self.end.seconds,
            "lease_until": self.until,
        }


def leased(db: Connection, now: datetime, steady: Steady) -> tuple[int, datetime | None]:
    """How many rows senders have in hand, and when the last of their leases is over."""
    query = select(func.count(), func.max(deliveries.c.lease_until)).where(SENDING)
    count, until = db.execute(query.where(~over(db, now, steady))).one()
    return count, until


def over(
    db: Connection, now: datetime, steady: Steady, rows: Table = deliveries
) -> ColumnElement[bool]:
    """The lease has ended. Another machine's clock cannot be read: there the calendar counts, and
    the earlier of ours and the database server's: who runs ahead takes nothing from others."""
    here = rows.c.boot == steady.boot
    elsewhere = or_(rows.c.boot.is_(None), rows.c.boot != steady.boot)
    return or_(
        and_(here, rows.c.lease_end <= steady.seconds),
        and_(elsewhere, rows.c.lease_until <= min(now, server_time(db) or now)),
    )


def server_time(db: Connection) -> datetime | None:
    """What time it is where the database is; None where that is in this process."""
    return db.scalar(select(func.clock_timestamp())) if sets.in_sets(db) else None


def prolong(db: Connection, lease: Lease) -> None:
    """All that the owner has claimed stays theirs, what waits behind a slow server as well."""
    transitions.amend(db, deliveries.c.owner == lease.owner, **lease.columns)


def worker_owner(owner: str, name: str) -> str:
    """Each sender of an owner is an owner by itself: no row is two threads' at once."""
    return f"{owner}/{name}"


def process_name(owner: str) -> str:
    """Of the owner of a lease, as an operator knows it."""
    host, process, *_ = owner.split(":")
    return f"process {process} on {host}"
