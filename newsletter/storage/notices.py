"""Notices: one row ever for (subscriber, purpose, window), claimed before it is sent.

They have no journal: that a server may have one is written to the database, durably, right before
it is offered. So a crash leaves a row that was offered, which is unknown then and never sent again
by itself, or one that was not, which waits again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    select,
    update,
)

from newsletter.domain.backoff import LONGEST
from newsletter.domain.notices import LASTS, TO, Notice, Purpose
from newsletter.domain.rate_limits import RateLimits
from newsletter.domain.states import DeliveryState
from newsletter.storage import rate_limits, warm_up
from newsletter.storage.leases import Lease, Steady, over
from newsletter.storage.schema import domain as domains
from newsletter.storage.schema import notice as notices
from newsletter.storage.schema import notice_attempt as attempts
from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.send_queue import paused
from newsletter.storage.sets import insert_new
from newsletter.storage.settlements import Tried

Verdict = Literal["go", "paused", "lost", "unwanted"]

_PENDING = notices.c.state == DeliveryState.PENDING
_SENDING = notices.c.state == DeliveryState.SENDING
CAME_BACK = exists().where(
    returned.c.notice_id == notices.c.id,
    returned.c.at >= notices.c.asked_at,
    returned.c.kind == "bounce",
)
"""Its number may have been another's before."""
_NOBODYS = {"owner": None, "boot": None, "lease_end": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """Taken for an attempt, not to be offered before its slot in time; ``domain`` is its address's,
    in ASCII."""

    notice: Notice
    domain: str
    attempts: int
    not_before: datetime

    @property
    def id(self) -> int:
        return self.notice.id


def ask(
    db: Connection,
    subscriber_id: int,
    purpose: Purpose,
    window: date,
    now: datetime,
    wishes: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Have a notice sent; False where one of this purpose was asked for in this window.

    ``db`` writes. It goes out at the next turn of ``serve``, ``run`` or ``send``. ``wishes`` are
    kept with it, as JSON.
    """
    same = _of(subscriber_id, purpose), notices.c.day == window
    if db.scalar(select(notices.c.id).where(*same)) is not None:
        return False
    key = db.scalar(select(subscribers.c.key).where(subscribers.c.id == subscriber_id))
    row = {
        "subscriber_id": subscriber_id,
        "purpose": purpose,
        "day": window,
        "domain": str(key).rpartition("@")[2],
        "state": DeliveryState.PENDING,
        "asked_at": now,
        "expires_at": now + LASTS[purpose],
        "next_attempt_at": now,
        "attempts": 0,
        "answer": "",
        "wishes": dict(wishes),
        "changed_at": now,
    }
    insert_new(db, notices, [row])
    return True


def asked_since(db: Connection, subscriber_id: int, purpose: Purpose, since: date) -> int:
    """In how many windows from that date on it was asked for."""
    query = select(func.count()).where(_of(subscriber_id, purpose), notices.c.day >= since)
    return int(db.scalar(query) or 0)


def find(db: Connection, notice_id: int) -> Notice | None:
    row = db.execute(_WITH_ADDRESS.where(notices.c.id == notice_id)).one_or_none()
    return None if row is None else _notice(row)


def waiting(db: Connection) -> bool:
    """Whether there are any that are not over."""
    return db.scalar(select(notices.c.id).where(_PENDING | _SENDING).limit(1)) is not None


def tidy(db: Connection, now: datetime, steady: Steady) -> tuple[int, int]:
    """What ended senders left, and what is too old to be sent: how many are unknown by it, and how
    many failed."""
    dead = and_(_SENDING, over(db, now, steady, notices))
    lost = and_(dead, notices.c.offered_at.is_not(None))
    unknown = _move(db, lost, DeliveryState.UNKNOWN, now, answer=LOST)
    _move(db, dead, DeliveryState.PENDING, now)
    # A wait longer than any was written by a clock that ran ahead.
    late = and_(_PENDING, notices.c.next_attempt_at > now + LONGEST)
    db.execute(update(notices).where(late).values(next_attempt_at=now))
    old = and_(_PENDING, notices.c.expires_at <= now)
    expired = _move(db, old, DeliveryState.FAILED, now, answer=notices.c.answer + EXPIRED)
    return unknown, expired


LOST = "the sender ended before the answer"
EXPIRED = " (given up: its link has expired)"


def claim(db: Connection, now: datetime, lease: Lease, pace: RateLimits) -> ClaimedNotice | None:
    """Take the next one; None where none may be sent now. ``next_claim`` tells when to ask anew."""
    if paused(db):
        return None
    slots = rate_limits.reserve(db, _queue(now), {"now": now}, 1, pace)
    if not slots:
        return None
    ((notice_id, slot),) = slots.items()
    claimed = {**lease.columns, "state": DeliveryState.SENDING, "changed_at": now}
    db.execute(update(notices).where(notices.c.id == notice_id).values(**claimed, offered_at=None))
    row = db.execute(_WITH_ADDRESS.where(notices.c.id == notice_id)).one()
    return ClaimedNotice(_notice(row), row.domain, row.attempts, slot)


def next_claim(db: Connection, now: datetime, pace: RateLimits) -> datetime | None:
    """When to claim anew where there was nothing to take; None where nothing is left."""
    if not pace.limits or paused(db):
        return None
    open_today = rate_limits.within(warm_up.quotas(db, pace.warm_ups, now), notices.c.domain)
    if db.execute(_queue(now).where(open_today).limit(1)).first() is None:
        return None
    return rate_limits.soonest(db, now, pace)


def offer(db: Connection, notice_id: int, lease: Lease, now: datetime, steady: Steady) -> Verdict:
    """The last look; where the answer is "go", the server may have it from here on.

    The transaction must be durable, and at its end before anything is sent.
    """
    query = select(notices.c.purpose, subscribers.c.state).join(subscribers)
    ours = and_(_ours(notice_id, lease.owner), ~over(db, now, steady, notices))
    row = db.execute(query.where(ours)).one_or_none()
    if row is None:
        return "lost"
    if row.state not in TO[Purpose(row.purpose)]:
        return "unwanted"
    if paused(db):
        return "paused"
    # The answer may take long: the lease begins anew.
    db.execute(update(notices).where(ours).values(**lease.columns, offered_at=now))
    return "go"


def settle(
    db: Connection,
    notice_id: int,
    owner: str,
    state: DeliveryState,
    now: datetime,
    tried: Tried | None = None,
    **values: Any,
) -> bool:
    """What became of one of ours; False where another sender took it for lost."""
    ours = _ours(notice_id, owner)
    if not _move(db, ours, state, now, **values):
        return False
    if tried:
        answers = {"rcpt": tried.rcpt, "data": tried.data}
        row = {"notice_id": notice_id, "at": now, "state": state, **answers}
        db.execute(attempts.insert().values(row))
    return True


def counts(db: Connection, since: datetime) -> Sequence[tuple[str, str, int]]:
    """(purpose, state, how many) of those that wait, and of those changed since."""
    recent = (notices.c.changed_at >= since) | _PENDING | _SENDING
    groups = notices.c.purpose, notices.c.state
    query = select(*groups, func.count()).where(recent).group_by(*groups).order_by(*groups)
    return [(purpose, state, count) for purpose, state, count in db.execute(query)]


def totals(db: Connection, since: datetime, end: datetime) -> Sequence[RowMapping]:
    """(purpose, asked, sent, bounced, answered) of those asked for in that time; a link's use is
    kept for "still there" alone."""
    query = select(
        notices.c.purpose,
        func.count().label("asked"),
        func.count(case((notices.c.state == DeliveryState.SENT, 1))).label("sent"),
        func.count(case((CAME_BACK, 1))).label("bounced"),
        func.count(notices.c.followed_at).label("answered"),
    )
    groups = query.where(notices.c.asked_at.between(since, end)).group_by(notices.c.purpose)
    return db.execute(groups.order_by(notices.c.purpose)).mappings().all()


def stuck(db: Connection, before: datetime) -> Sequence[RowMapping]:
    """Those asked for before that instant that still wait, the oldest first: (address, purpose,
    asked_at, next_attempt_at, attempts, answer)."""
    names = "purpose", "asked_at", "next_attempt_at", "attempts", "answer"
    columns = subscribers.c.address, *(notices.c[name] for name in names)
    query = select(*columns).join(subscribers).where(_PENDING | _SENDING)
    query = query.where(notices.c.asked_at < before).order_by(notices.c.asked_at, notices.c.id)
    return db.execute(query).mappings().all()


def of_subscriber(db: Connection, subscriber_id: int) -> Sequence[Mapping[str, Any]]:
    """A reader's notices, the newest first, each with its attempts."""
    names = "id", "purpose", "state", "asked_at", "expires_at", "answer", "followed_at"
    columns = [notices.c[name] for name in names]
    back = case((CAME_BACK, "bounced")).label("came_back")
    query = select(*columns, back).where(notices.c.subscriber_id == subscriber_id)
    rows = db.execute(query.order_by(notices.c.asked_at.desc(), notices.c.id)).mappings().all()
    return [{**row, "tried": _tried(db, row["id"])} for row in rows]


def prune(db: Connection, before: datetime) -> int:
    """Forget those that are over and were asked for before that instant; ``sunset`` forgets its
    own."""
    over_ = notices.c.state.not_in((DeliveryState.PENDING, DeliveryState.SENDING))
    old = and_(over_, notices.c.asked_at < before, notices.c.purpose != Purpose.STILL_THERE)
    return db.execute(delete(notices).where(old)).rowcount


def _tried(db: Connection, notice_id: int) -> Sequence[RowMapping]:
    columns = [attempts.c[name] for name in ("at", "state", "rcpt", "data")]
    query = select(*columns).where(attempts.c.notice_id == notice_id).order_by(attempts.c.id)
    return db.execute(query).mappings().all()


def _of(subscriber_id: int, purpose: Purpose) -> ColumnElement[bool]:
    return and_(notices.c.subscriber_id == subscriber_id, notices.c.purpose == purpose)


def _ours(notice_id: int, owner: str) -> ColumnElement[bool]:
    return and_(notices.c.id == notice_id, _SENDING, notices.c.owner == owner)


def _queue(now: datetime) -> Select[Any]:
    """What may be tried, in turn: (id, domain). Nothing of a domain that asked to wait."""
    waiting = select(domains.c.name).where(domains.c.until > now)
    return (
        select(notices.c.id, notices.c.domain)
        .where(_PENDING, notices.c.next_attempt_at <= now, notices.c.expires_at > now)
        .where(notices.c.domain.not_in(waiting))
        .order_by(notices.c.next_attempt_at, notices.c.id)
    )


def _move(
    db: Connection, rows: ColumnElement[bool], state: DeliveryState, now: datetime, **values: Any
) -> int:
    """To a state in which it is nobody's."""
    new = {**_NOBODYS, **values, "state": state, "changed_at": now}
    return db.execute(update(notices).where(rows).values(new)).rowcount


_WITH_ADDRESS = select(notices, subscribers.c.address, subscribers.c.language).join(subscribers)


def _notice(row: Any) -> Notice:
    return Notice(
        id=row.id,
        subscriber_id=row.subscriber_id,
        address=row.address,
        purpose=Purpose(row.purpose),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        wishes=row.wishes,
        language=row.language,
    )
