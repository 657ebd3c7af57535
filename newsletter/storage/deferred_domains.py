"""Destinations whose server asked to wait: a domain waits as one, longer each time."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, or_, select

from newsletter.domain.backoff import LONGEST, wait
from newsletter.domain.states import DeliveryState
from newsletter.storage import transitions
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import domain as domains

_A_DAY = timedelta(days=1)


def until(db: Connection) -> dict[str, datetime]:
    """Every domain that refused since it last took a message, and until when it waits."""
    return {row.name: row.until for row in db.execute(_UNTIL)}


_UNTIL = select(domains.c.name, domains.c.until)


def defer(db: Connection, name: str, now: datetime) -> datetime:
    """``name`` asked to wait: none of its pending rows is tried before the instant returned.

    What two senders hear at the same time is one refusal.
    """
    there = db.execute(select(domains).where(domains.c.name == name)).one_or_none()
    if there is not None and there.until > now:
        still: datetime = there.until
        return still
    refusals = there.refusals if there is not None else 0
    until = now + wait(refusals, name)
    db.execute(domains.delete().where(domains.c.name == name))
    db.execute(domains.insert().values(name=name, refusals=refusals + 1, until=until))
    hold_back(db, name, until)
    return until


def hold_back(db: Connection, name: str, until: datetime) -> None:
    """No pending row of the domain is tried before ``until``."""
    there = (deliveries.c.state == DeliveryState.PENDING) & (deliveries.c.domain == name)
    transitions.amend(db, there & (deliveries.c.next_attempt_at < until), next_attempt_at=until)


def took(db: Connection, name: str, at: datetime) -> None:
    """It took a message at that instant: the next refusal is a first one again.

    Not so where it still asked to wait then: that message was on its way when it refused another.
    """
    db.execute(domains.delete().where(domains.c.name == name, domains.c.until <= at))


def forget(db: Connection, rows: ColumnElement[bool]) -> None:
    """What the servers of these deliveries asked for: the operator wants them tried now."""
    names = select(deliveries.c.domain).where(rows)
    db.execute(domains.delete().where(domains.c.name.in_(names)))


def tidy(db: Connection, now: datetime) -> None:
    """What ended a day ago says nothing about today; what ends too late, a clock that ran ahead."""
    until = domains.c.until
    db.execute(domains.delete().where(or_(until < now - _A_DAY, until > now + LONGEST)))
