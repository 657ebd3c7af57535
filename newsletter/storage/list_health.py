"""What ``report`` counts: who came and left, what came back by domain, and who gets nothing."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, not_, or_, select

from newsletter.storage.returns import PROVED
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.subscriber_states import NEVER_CONFIRMED

_LEFT = ("unsubscribed", "bounced", "complained")
_A_READER = not_(
    and_(
        subscribers.c.state == "bounced",
        subscribers.c.state_reason.startswith(NEVER_CONFIRMED, autoescape=True),
    )
)
_OFFERED = or_(
    deliveries.c.state == "sent",
    and_(deliveries.c.state == "failed", deliveries.c.reason == "refused"),
)


def joined(db: Connection, since: datetime, end: datetime) -> Counter[date]:
    """How many were made active on each day, in UTC; of who came twice only the last time."""
    at = subscribers.c.activated_at
    query = select(at).where(at >= since, at <= end, subscribers.c.state != "pending", _A_READER)
    return Counter(instant.date() for instant in db.scalars(query))


def left(db: Connection, since: datetime, end: datetime) -> Counter[tuple[date, str, str]]:
    """How many left, by day, state and reason; why mail bounced is not told apart."""
    at, state = subscribers.c.state_changed_at, subscribers.c.state
    why = case((state == "unsubscribed", subscribers.c.state_reason), else_="")
    query = select(at, state, why).where(at >= since, at <= end, state.in_(_LEFT), _A_READER)
    return Counter((row[0].date(), row[1], row[2]) for row in db.execute(query))


def active(db: Connection) -> int:
    query = select(func.count()).where(subscribers.c.state == "active")
    return int(db.scalar(query) or 0)


def sent(db: Connection, first: date, last: date, by: str) -> dict[Any, int]:
    """How many messages were sent or refused, by "date" or by "domain" of the deliveries."""
    column = deliveries.c[by]
    there = and_(deliveries.c.date.between(first, last), _OFFERED)
    query = select(column, func.count()).where(there).group_by(column)
    return {name: count for name, count in db.execute(query)}  # noqa: C416


def came_back(db: Connection, kind: str, first: date, last: date, by: str) -> dict[Any, int]:
    """The same of those that came back: as a "bounce", or a "complaint"."""
    column = deliveries.c[by]
    query = (
        select(column, func.count(returned.c.delivery_id.distinct()))
        .join(returned, returned.c.delivery_id == deliveries.c.id)
        .where(deliveries.c.date.between(first, last), returned.c.kind == kind, PROVED)
        .group_by(column)
    )
    return {name: count for name, count in db.execute(query)}  # noqa: C416


def complaints_of_readers(db: Connection, since: datetime, end: datetime) -> dict[str, int]:
    """By domain the complaints that name no delivery."""
    query = (
        select(returned.c.domain, func.count(returned.c.subscriber_id.distinct()))
        .where(returned.c.kind == "complaint", returned.c.delivery_id.is_(None), PROVED)
        .where(returned.c.at >= since, returned.c.at <= end, returned.c.domain != "")
        .group_by(returned.c.domain)
    )
    return {name: count for name, count in db.execute(query)}  # noqa: C416


def unserved(
    db: Connection, first: date, last: date, before: datetime, most: int
) -> Sequence[dict[str, Any]]:
    """(address, state, reason, answer) of active readers who were sent nothing from ``first`` to
    ``last``, by their last delivery in that time; state is None where there is none.

    Those who joined after ``before`` are not counted.
    """
    mine = deliveries.alias()
    theirs = and_(mine.c.subscriber_id == subscribers.c.id, mine.c.date.between(first, last))
    got = select(mine.c.id).where(theirs, mine.c.state == "sent").correlate(subscribers)
    newest = select(func.max(mine.c.id)).where(theirs).correlate(subscribers)
    query = (
        select(subscribers.c.address, deliveries.c.state, deliveries.c.reason, deliveries.c.answer)
        .select_from(subscribers)
        .outerjoin(deliveries, deliveries.c.id == newest.scalar_subquery())
        .where(subscribers.c.state == "active", subscribers.c.activated_at < before)
        .where(~got.exists())
        .order_by(subscribers.c.key)
        .limit(most)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
