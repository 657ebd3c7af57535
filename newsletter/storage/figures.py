"""The figures that a monitor reads, each by an index: it asks every few seconds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter.storage import reports
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import feed as feeds


def waiting(db: Connection, most: int) -> Sequence[tuple[str, int]]:
    """(domain, pending deliveries of any date) of those domains that have most."""
    count = func.count()
    query = select(deliveries.c.domain, count).where(deliveries.c.state == "pending")
    rows = db.execute(query.group_by("domain").order_by(count.desc(), "domain").limit(most))
    return [(domain, number) for domain, number in rows]


def oldest_due(db: Connection) -> datetime | None:
    """When the oldest delivery that is pending or on its way was due; not those that wait for
    approval."""
    first = [reports.oldest_waiting(db, state) for state in ("pending", "sending")]
    return min((instant for instant in first if instant), default=None)


def feed_counts(db: Connection) -> dict[str, int]:
    """How many feeds are followed, fail and have ended."""
    query = select(feeds.c.ended, feeds.c.failures > 0, func.count()).group_by(
        feeds.c.ended, feeds.c.failures > 0
    )
    counts = {"followed": 0, "failing": 0, "ended": 0}
    for ended, failing, count in db.execute(query):
        counts["ended" if ended else "failing" if failing else "followed"] += count
    return counts
