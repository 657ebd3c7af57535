"""The pace, held across senders: slots are given out in the transaction that claims for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, or_, select, text, true

from newsletter.domain.rate_limits import RateLimiter, RateLimits
from newsletter.domain.warm_up import Quotas
from newsletter.storage import sets, warm_up
from newsletter.storage.schema import pace as slots

# More rows than are taken are looked at: many of the first may be of one domain.
_LOOKED_AT = 5
# As many values as a statement may hold on every database, and some to spare.
_MOST_DOMAINS = 30_000


def reserve(
    db: Connection, queue: Select[Any], values: Mapping[str, Any], most: int, pace: RateLimits
) -> dict[int, datetime]:
    """Up to ``most`` ids of ``queue``, which selects (id, domain), each with its slot.

    ``values`` are the queue's, the instant ``now`` among them.
    """
    if sets.in_sets(db):  # who claims beside us waits here: slots are given in turn
        db.execute(_TURN)
    last = _last(db)
    book = RateLimiter(pace, values["now"], last)
    quotas = warm_up.quotas(db, pace.warm_ups, values["now"])
    queue = queue.where(within(quotas, queue.selected_columns.domain))
    if full := book.full():
        queue = queue.where(queue.selected_columns.domain.not_in(full[:_MOST_DOMAINS]))
    granted: dict[int, datetime] = {}
    for row in db.execute(queue.limit(most * _LOOKED_AT), values).all():
        if len(granted) < most and quotas.allow(row.domain) and (slot := book.take(row.domain)):
            quotas.take(row.domain)
            granted[row.id] = slot
    warm_up.count(db, quotas.taken, values["now"])
    _keep(db, {name: at for name, at in book.last.items() if last.get(name) != at}, book)
    return granted


def within(quotas: Quotas, domain: ColumnElement[str]) -> ColumnElement[bool]:
    """The rows whose destinations may get something more today."""
    if quotas.all_full:
        return false()
    return domain.not_in(quotas.full) if quotas.full else true()


def soonest(db: Connection, now: datetime, pace: RateLimits) -> datetime:
    """When there may be a slot where there is none now."""
    return RateLimiter(pace, now, _last(db)).soonest()


def _last(db: Connection) -> Mapping[str, datetime]:
    return {row.name: row.at for row in db.execute(select(slots))}


def _keep(db: Connection, new: Mapping[str, datetime], book: RateLimiter) -> None:
    if new:
        over = slots.c.at < book.now - book.limits.longest
        db.execute(slots.delete().where(or_(slots.c.name.in_(new), over)))
        sets.insert(db, slots, [{"name": name, "at": at} for name, at in new.items()])


_TURN = text("SELECT pg_advisory_xact_lock(7415022)")  # any number but the writers' own
