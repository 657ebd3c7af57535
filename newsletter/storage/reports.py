"""Reports for ``status``: counts, and the rows that need a look."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)

from newsletter.domain.due import due_at
from newsletter.domain.rate_limits import ALL, RateLimits
from newsletter.storage import attempts, deferred_domains, due_readers
from newsletter.storage.schema import cancelled
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import pick as picks
from newsletter.storage.schema import subscriber as subscribers

_A_DAY = timedelta(days=1)
_A_SECOND = timedelta(seconds=1)


def outcomes(db: Connection, day: date) -> Sequence[tuple[str, str | None, int]]:
    """(state, reason, count) of a date's deliveries."""
    query = (
        select(deliveries.c.state, deliveries.c.reason, func.count())
        .where(deliveries.c.date == day)
        .group_by(deliveries.c.state, deliveries.c.reason)
        .order_by(deliveries.c.state, deliveries.c.reason)
    )
    return [(state, reason, count) for state, reason, count in db.execute(query)]


def outcomes_in(
    db: Connection, day: date, timezones: Sequence[str], since: datetime | None = None
) -> dict[str, int]:
    """State to the count of a date's deliveries to readers in these zones, changed ``since``."""
    theirs = deliveries.c.date == day, subscribers.c.timezone.in_(timezones)
    query = (
        select(deliveries.c.state, func.count())
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(*theirs, *([deliveries.c.changed_at >= since] if since else []))
        .group_by(deliveries.c.state)
        .order_by(deliveries.c.state)
    )
    return {state: count for state, count in db.execute(query)}  # noqa: C416


def queue(
    db: Connection, now: datetime, on: date | None, ids: Sequence[int] | None, *, ignore_wait: bool
) -> Sequence[tuple[str, int]]:
    """(address, issue id) of the rows that would be offered now; ``ignore_wait``: or later."""
    query = (
        select(subscribers.c.address, deliveries.c.issue_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.state == "pending", deliveries.c.expires_at > now)
        .where(subscribers.c.state == "active")
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    ripe = deliveries.c.next_attempt_at <= now
    query = query.where(or_(deliveries.c.held.is_(None), ripe) if ignore_wait else ripe)
    if on is not None:
        query = query.where(deliveries.c.date == on)
    if ids is not None:
        query = query.where(subscribers.c.id.in_(ids))
    return [(address, issue_id) for address, issue_id in db.execute(query)]


def troubles(db: Connection, day: date, most: int) -> Sequence[RowMapping]:
    """Rows that were tried and not sent, equal ones grouped: (address, domain, count, state,
    reason, answer, next_attempt_at).

    ``address`` and ``answer`` are those of one of the ``count`` rows; ``next_attempt_at`` is the
    first of theirs, None if there is none. Waiting and unknown rows come first, then the latest: no
    old failure hides a present one.
    """
    # Without the address: a server names the mailbox, and the same answer to many would differ.
    answer = func.replace(func.lower(deliveries.c.answer), func.lower(subscribers.c.address), "")
    alike = (deliveries.c.state, deliveries.c.reason, deliveries.c.domain, answer)
    groups = (
        select(
            func.min(deliveries.c.id).label("id"),
            func.count().label("count"),
            func.min(deliveries.c.next_attempt_at).label("next_attempt_at"),
            func.max(deliveries.c.changed_at).label("last"),
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            deliveries.c.date == day,
            deliveries.c.answer != "",
            deliveries.c.state.in_((*_OPEN, "failed", "skipped")),
        )
        .group_by(*alike)
        .subquery()
    )
    waits = deliveries.c.state == "pending"
    query = (
        select(
            subscribers.c.address,
            deliveries.c.domain,
            groups.c.count,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.answer,
            case((waits, groups.c.next_attempt_at)).label("next_attempt_at"),
        )
        .select_from(groups)
        .join(deliveries, deliveries.c.id == groups.c.id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .order_by(deliveries.c.state.not_in(_OPEN), groups.c.last.desc(), groups.c.id)
        .limit(most)
    )
    return db.execute(query).mappings().all()


_OPEN = ("pending", "sending", "unknown")


def held_back(db: Connection, now: datetime) -> Sequence[tuple[str, datetime, int]]:
    """(domain, until, rows that wait) where a server asked to wait; most rows first."""
    until = {name: then for name, then in deferred_domains.until(db).items() if then > now}
    if not until:
        return []
    counts = _by_domain(db, deliveries.c.next_attempt_at > now)
    return sorted(
        ((name, then, counts[name]) for name, then in until.items()),
        key=lambda row: (-row[2], row[0]),
    )


def paced(db: Connection, now: datetime, pace: RateLimits) -> Sequence[tuple[str, int, timedelta]]:
    """(domain, rows that wait, the least time they take) where that is a second or more.

    "" stands for all together, which takes at least as long as any domain. The longest wait comes
    first.
    """
    if not pace.limits:
        return []
    counts = _by_domain(db, deliveries.c.next_attempt_at <= now)
    rows = [(name, count, pace.least(name, count)) for name, count in counts.items()]
    if (least := pace.least(ALL, counts.total())) >= _A_SECOND:
        rows.append((ALL, counts.total(), max(least, *(row[2] for row in rows))))
    return sorted((row for row in rows if row[2] >= _A_SECOND), key=lambda row: (-row[2], row[0]))


def _by_domain(db: Connection, when: ColumnElement[bool]) -> Counter[str]:
    """How many pending rows each domain has; read in the index alone."""
    query = select(deliveries.c.domain, func.count()).where(deliveries.c.state == "pending", when)
    return Counter({name: count for name, count in db.execute(query.group_by("domain"))})  # noqa: C416


def unresolved(db: Connection) -> int:
    """How many deliveries of any date are unknown."""
    query = select(func.count()).where(deliveries.c.state == "unknown")
    return int(db.scalar(query) or 0)


def overdue(db: Connection, since: datetime, end: datetime) -> tuple[int, int]:
    """Of the rows due from ``since`` to before ``end``: how many still wait, and how many were too
    late.

    Readers who joined after their hour and were sent an issue all the same (``send --now``) are not
    late.
    """
    due = deliveries.c.due_at
    query = (
        select(deliveries.c.state, func.count())
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(subscribers.c.activated_at < due)
        .where(deliveries.c.date.in_(_dates(since, end)), due >= since, due < end)
        .where(
            or_(
                deliveries.c.state.in_(("pending", "sending")),
                and_(deliveries.c.state == "skipped", deliveries.c.reason == "too_late"),
            )
        )
        .group_by(deliveries.c.state)
    )
    counts = Counter({state: count for state, count in db.execute(query)})  # noqa: C416
    return counts["pending"] + counts["sending"], counts["skipped"]


def _dates(since: datetime, end: datetime) -> list[date]:
    """The dates that may fall due between two instants, anywhere in the world."""
    first, last = (since - _A_DAY).date(), (end + _A_DAY).date()
    return [first + _A_DAY * more for more in range((last - first).days + 1)]


def forgotten(db: Connection, since: datetime, end: datetime) -> int:
    """How many readers were active when their issue fell due in that time and have no row for it.

    As in composing, nobody was promised an issue before the ledger was kept.
    """
    kept, off = due_readers.kept(db, end), set(db.scalars(select(cancelled.c.date)))
    begins = max(since, kept[0]) if kept else since
    return sum(
        _forgotten(db, day, place, due)
        for place in places(db)
        for day in _dates(since, end)
        if day not in off
        if begins <= (due := due_at(day, place[1], place[0])) < end
    )


def places(db: Connection) -> Sequence[tuple[str, int]]:
    """(timezone, hour) of the active subscribers, each pair once."""
    query = select(subscribers.c.timezone, subscribers.c.hour).where(
        subscribers.c.state == "active"
    )
    return [(timezone, hour) for timezone, hour in db.execute(query.distinct())]


def _forgotten(db: Connection, day: date, place: tuple[str, int], due: datetime) -> int:
    query = _rowless(select(func.count()).select_from(subscribers), day, place)
    return int(db.scalar(query.where(due_readers.promised_before(due))) or 0)


def _rowless(query: Select[Any], day: date, place: tuple[str, int]) -> Select[Any]:
    row = select(deliveries.c.id).where(
        deliveries.c.subscriber_id == subscribers.c.id, deliveries.c.date == day
    )
    return query.where(
        subscribers.c.state == "active",
        subscribers.c.timezone == place[0],
        subscribers.c.hour == place[1],
        due_readers.gets_issue(day),
        ~row.exists(),
    )


def oldest_waiting(db: Connection, state: str = "pending") -> datetime | None:
    """When the delivery that waits longest, or is in that state longest, was due; not those that
    wait for approval."""
    waits = and_(deliveries.c.state == state, deliveries.c.held.is_(None))
    # No bare column: the database would go through the index of due dates, past all that were sent.
    due = func.min(case((waits, deliveries.c.due_at)))
    first: datetime | None = db.scalar(select(due).where(waits))
    return first


def next_composed(db: Connection, now: datetime) -> datetime | None:
    """When the next is due of those that are composed, and wait for their hour."""
    waits = deliveries.c.state == "pending", deliveries.c.due_at > now
    due: datetime | None = db.scalar(select(func.min(deliveries.c.due_at)).where(*waits))
    return due


def is_waited_for(db: Connection, day: date, place: tuple[str, int]) -> bool:
    """Whether an active subscriber of this (timezone, hour) has no row yet and should have one."""
    return db.scalar(_rowless(select(subscribers.c.id), day, place).limit(1)) is not None


def candidate_count(db: Connection, first: date, last: date) -> int:
    query = select(func.count()).where(insights.c.date.between(first, last))
    return int(db.scalar(query) or 0)


def too_old_count(db: Connection, first: date) -> int:
    """How many insights are dated before ``first``, and no issue held them."""
    held = select(picks.c.issue_id).where(picks.c.insight_id == insights.c.id)
    query = select(func.count()).where(insights.c.date < first, ~held.exists())
    return int(db.scalar(query) or 0)


def deliveries_of(
    db: Connection, subscriber_id: int, before: date | None = None, most: int | None = None
) -> Sequence[dict[str, Any]]:
    """One subscriber's (date, state, reason, answer, issue_id, tried), newest first: the ``most``
    of a date ``before``, or all.

    ``tried`` are the attempts, (at, state, rcpt, data): the new state, and the server's replies.
    """
    names = ("date", "state", "reason", "answer", "issue_id")
    columns = [deliveries.c[name] for name in ("id", *names, "changed_at")]
    query = select(*columns).where(deliveries.c.subscriber_id == subscriber_id)
    if before is not None:
        query = query.where(deliveries.c.date < before)
    rows = db.execute(query.order_by(deliveries.c.date.desc()).limit(most)).all()
    tried = attempts.of(db, rows)
    return [
        {**{name: getattr(row, name) for name in names}, "tried": tried[row.id]} for row in rows
    ]


def tried_dates(db: Connection, subscriber_id: int, first: date) -> set[date]:
    """Those from ``first`` on whose issue a reader was sent, or will not be any more."""
    mine = deliveries.c.subscriber_id == subscriber_id, deliveries.c.date >= first
    over = deliveries.c.state.in_(("sent", "unknown", "failed"))
    return set(db.scalars(select(deliveries.c.date).where(*mine, over)))


def sent_to(db: Connection, subscriber_id: int) -> int:
    """How many issues a reader was sent."""
    mine = deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == "sent"
    return int(db.scalar(select(func.count()).where(*mine)) or 0)


def waiting_of(db: Connection, subscriber_id: int) -> Sequence[Row[date, datetime, datetime, bool]]:
    """A reader's (date, due_at, next_attempt_at, held) of what waits, the newest first; what is
    ``held`` waits for approval until it is tried."""
    mine = deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == "pending"
    held = deliveries.c.held.is_not(None).label("held")
    columns = deliveries.c.date, deliveries.c.due_at, deliveries.c.next_attempt_at, held
    query = select(*columns).where(*mine)
    return db.execute(query.order_by(deliveries.c.date.desc())).all()
