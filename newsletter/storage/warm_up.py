"""How many messages were claimed for each group of destinations that is warmed up."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, select

from newsletter.domain.warm_up import Quotas, WarmUp
from newsletter.storage.schema import warm_up

_KEPT = timedelta(days=30)


def quotas(db: Connection, groups: Sequence[WarmUp], now: datetime) -> Quotas:
    today = now.astimezone(UTC).date()
    return Quotas(groups, today, sent(db, today) if groups else {})


def sent(db: Connection, today: date) -> dict[str, int]:
    rows = select(warm_up.c.name, warm_up.c.messages).where(warm_up.c.day == today)
    return {name: count for name, count in db.execute(rows)}  # noqa: C416


def count(db: Connection, claimed: dict[str, int], now: datetime) -> None:
    """Add what was claimed. A row that is claimed again counts again, as its server sees it."""
    today = now.astimezone(UTC).date()
    for name, more in claimed.items():
        row = (warm_up.c.name == name) & (warm_up.c.day == today)
        added = warm_up.update().where(row).values(messages=warm_up.c.messages + more)
        if not db.execute(added).rowcount:
            db.execute(warm_up.delete().where(warm_up.c.day < today - _KEPT))
            db.execute(warm_up.insert().values(name=name, day=today, messages=more))
