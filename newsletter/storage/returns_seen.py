"""What came back, for the operator: a page of it at a time, the newest first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers

_SHOWN = (
    "id",
    "at",
    "source",
    "kind",
    "severity",
    "status",
    "words",
    "address",
    "date",
    "done",
    "subscriber_id",
)
_FIRST_HEADERS = 2_000


def page(
    db: Connection,
    since: datetime,
    kind: str | None,
    done: Sequence[str] | None,
    before: tuple[datetime, int] | None,
    most: int,
) -> Sequence[RowMapping]:
    """``before`` are the instant and the id of the last one that was shown. ``headers`` are their
    beginning."""
    at, number = returned.c.at, returned.c.id
    query = (
        select(
            *(returned.c[name] for name in _SHOWN),
            func.substr(returned.c.headers, 1, _FIRST_HEADERS).label("headers"),
            subscribers.c.address.label("reader"),
        )
        .outerjoin(subscribers, subscribers.c.id == returned.c.subscriber_id)
        .where(at >= since)
        .order_by(at.desc(), number.desc())
        .limit(most)
    )
    if kind is not None:
        query = query.where(returned.c.kind == kind)
    if done is not None:
        query = query.where(returned.c.done.in_(done))
    if before is not None:
        then, last = before
        query = query.where(at <= then, or_(at < then, and_(at == then, number < last)))
    return db.execute(query).mappings().all()
