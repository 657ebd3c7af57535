"""Readers who gave no sign for long: whom to ask, whom to ask again, and who did not answer.

A notice counts for the silence that it was asked in: who gave a sign after it begins anew.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from newsletter.domain.notices import Purpose
from newsletter.domain.states import DeliveryState
from newsletter.storage.notices import CAME_BACK
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import notice as notices
from newsletter.storage.schema import subscriber as subscribers

_ASKED = notices.c.purpose == Purpose.STILL_THERE
_LAST_SIGN = func.coalesce(subscribers.c.heard_at, subscribers.c.activated_at)
_THIS_SILENCE = and_(
    _ASKED, notices.c.subscriber_id == subscribers.c.id, notices.c.asked_at > _LAST_SIGN
)
_OVER = notices.c.state.not_in((DeliveryState.PENDING, DeliveryState.SENDING))
_REACHED = and_(notices.c.state == DeliveryState.SENT, ~CAME_BACK)


def silent(db: Connection, since: datetime, most: int) -> Sequence[int]:
    """Active readers who gave no sign since that instant, though they were sent issues, and were
    not asked in this silence. Who paused meanwhile was silent by choice."""
    day = since.date()
    got = exists().where(
        deliveries.c.subscriber_id == subscribers.c.id,
        deliveries.c.date >= day,
        deliveries.c.state == DeliveryState.SENT,
    )
    paused = subscribers.c.paused_until
    query = select(subscribers.c.id).where(
        subscribers.c.state == "active",
        since > _LAST_SIGN,
        or_(paused.is_(None), paused < day),
        ~exists().where(_THIS_SILENCE),
        got,
    )
    return db.scalars(query.order_by(subscribers.c.id).limit(most)).all()


def asked_once(db: Connection, before: datetime, most: int) -> Sequence[int]:
    """Who was asked once, by that instant, and gave no sign."""
    return _waiting(db, func.count() == 1, before, most)


def asked_twice(db: Connection, before: datetime, most: int) -> Sequence[int]:
    """Who was asked twice, and by one of the notices at least was reached."""
    reached = func.sum(case((_REACHED, 1), else_=0)) > 0
    return _waiting(db, and_(func.count() > 1, reached), before, most)


def _waiting(
    db: Connection, condition: ColumnElement[bool], before: datetime, most: int
) -> Sequence[int]:
    over = func.sum(case((_OVER, 1), else_=0)) == func.count()
    query = _of_this_silence().having(condition, over, func.max(notices.c.changed_at) <= before)
    return db.scalars(query.order_by(subscribers.c.id).limit(most)).all()


def _of_this_silence() -> Select[Any]:
    return (
        select(subscribers.c.id)
        .join(notices, notices.c.subscriber_id == subscribers.c.id)
        .where(_THIS_SILENCE, subscribers.c.state == "active")
        .group_by(subscribers.c.id)
    )


def asked_on(db: Connection, day: date) -> int:
    query = select(func.count()).select_from(notices).where(_ASKED, notices.c.day == day)
    return int(db.scalar(query) or 0)


def unanswered(db: Connection) -> int:
    """How many were asked in this silence, and gave no sign yet."""
    query = select(func.count()).select_from(_of_this_silence().subquery())
    return int(db.scalar(query) or 0)


def followed(db: Connection, notice_id: int, now: datetime) -> None:
    db.execute(update(notices).where(notices.c.id == notice_id).values(followed_at=now))


def prune(db: Connection, now: datetime, keep: timedelta) -> int:
    """Forget those that are over and were asked for so long ago."""
    old = and_(_ASKED, _OVER, notices.c.asked_at < now - keep)
    return db.execute(notices.delete().where(old)).rowcount
