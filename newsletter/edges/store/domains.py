"""Destinations whose server asked to wait: a domain waits as one, longer each time."""

from datetime import datetime

from sqlalchemy import Connection, select

from newsletter.edges.store import transitions
from newsletter.edges.store.schema import delivery as deliveries
from newsletter.edges.store.schema import domain as domains
from newsletter.edges.store.schema import subscriber as subscribers
from newsletter.editorial.backoff import wait


def waiting(db: Connection) -> dict[str, datetime]:
    """Every domain that refused since it last took a message, and until when it waits."""
    return {row.name: row.until for row in db.execute(select(domains))}


def put_off(db: Connection, name: str, now: datetime) -> datetime:
    """``name`` asked to wait: none of its pending rows is tried before the instant returned.

    What two senders hear at the same time is one refusal.
    """
    there = db.execute(select(domains).where(domains.c.name == name)).one_or_none()
    if there is not None and there.until > now:
        until: datetime = there.until
        return until
    refusals = there.refusals if there is not None else 0
    until = now + wait(refusals, name)
    db.execute(domains.delete().where(domains.c.name == name))
    db.execute(domains.insert().values(name=name, refusals=refusals + 1, until=until))
    hold_back(db, name, until)
    return until


def hold_back(db: Connection, name: str, until: datetime) -> None:
    """No pending row of the domain is tried before ``until``."""
    there = select(subscribers.c.id).where(subscribers.c.key.endswith(f"@{name}", autoescape=True))
    early = (deliveries.c.state == "pending") & (deliveries.c.next_attempt_at < until)
    rows = early & deliveries.c.subscriber_id.in_(there)
    transitions.amend(db, rows, next_attempt_at=until)


def took(db: Connection, name: str) -> None:
    """It took a message: the next refusal is a first one again."""
    db.execute(domains.delete().where(domains.c.name == name))


def forget(db: Connection, before: datetime | None = None) -> None:
    """Every refusal, or those whose wait ended ``before``: they say nothing about today."""
    rows = domains.c.until < before if before else domains.c.name != ""
    db.execute(domains.delete().where(rows))
