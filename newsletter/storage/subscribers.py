"""The subscribers. A row is kept for ever; leaving only changes its state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from newsletter.domain.errors import UsageError
from newsletter.domain.model import State, Subscriber
from newsletter.storage.database import chunks
from newsletter.storage.journal_lines import Change
from newsletter.storage.places import note
from newsletter.storage.schema import subscriber as subscribers

_FIELDS = tuple(field.name for field in fields(Subscriber))  # columns have the same names
_GONE = ("unsubscribed", "bounced", "complained")
_MAY_BE_ERASED = ("unsubscribed", "complained")
_NEVER_ERASED = ("active", "pending", "bounced")
SOMEBODY = subscribers.c.address != ""
"""Excludes the rows of erased readers."""
_SCHEDULE = frozenset({"timezone", "hour", "weekdays", "paused_until", "frequency"})


def find(db: Connection, key: str) -> Subscriber | None:
    """``key`` is the normal form of an address: two spellings of it are one subscriber."""
    row = db.execute(select(subscribers).where(subscribers.c.key == key)).one_or_none()
    return None if row is None else subscriber(row)


def numbered(db: Connection, subscriber_id: int) -> Subscriber | None:
    """None for an erased reader as well."""
    mine = subscribers.c.id == subscriber_id
    row = db.execute(select(subscribers).where(mine, SOMEBODY)).one_or_none()
    return None if row is None else subscriber(row)


def by_id(db: Connection, subscriber_id: int) -> Subscriber | None:
    row = db.execute(select(subscribers).where(subscribers.c.id == subscriber_id)).one_or_none()
    return None if row is None else subscriber(row)


def key_of(db: Connection, subscriber_id: int) -> str:
    query = select(subscribers.c.key).where(subscribers.c.id == subscriber_id)
    return str(db.execute(query).scalar_one())


def numbered_all(db: Connection, ids: Sequence[int]) -> list[Subscriber]:
    """In the order of their ids; who was erased is among them."""
    loaded = [
        subscriber(row)
        for batch in chunks(ids)
        for row in db.execute(select(subscribers).where(subscribers.c.id.in_(batch)))
    ]
    return sorted(loaded, key=lambda reader: reader.id)


def among(db: Connection, keys: Sequence[str]) -> dict[str, Subscriber]:
    """The subscribers among ``keys``."""
    return {
        row.key: subscriber(row)
        for batch in chunks(keys)
        for row in db.execute(select(subscribers).where(subscribers.c.key.in_(batch)))
    }


def everyone(db: Connection, state: State | None = None) -> list[Subscriber]:
    query = select(subscribers).where(SOMEBODY).order_by(subscribers.c.key)
    if state:
        query = query.where(subscribers.c.state == state)
    return [subscriber(row) for row in db.execute(query)]


def page(db: Connection, state: State | None, after: int, most: int) -> list[Subscriber]:
    """In the order of their ids, those after one of them."""
    there = subscribers.c.id > after, SOMEBODY
    query = select(subscribers).where(*there).order_by(subscribers.c.id)
    if state:
        query = query.where(subscribers.c.state == state)
    return [subscriber(row) for row in db.execute(query.limit(most))]


def batch(db: Connection, after: str, most: int) -> tuple[list[Subscriber], str]:
    """In the order of their keys, those after one of them; and the last key."""
    query = select(subscribers).where(SOMEBODY, subscribers.c.key > after)
    rows = db.execute(query.order_by(subscribers.c.key).limit(most)).all()
    return [subscriber(row) for row in rows], rows[-1].key if rows else ""


def counts(db: Connection) -> dict[str, int]:
    """By state. Who was erased has left or complained: no row of anybody else is read, only the
    index."""
    counted = select(subscribers.c.state, func.count()).group_by(subscribers.c.state)
    gone = subscribers.c.state.in_(_MAY_BE_ERASED)
    there = db.execute(counted.where(subscribers.c.state.in_(_NEVER_ERASED)))
    return {row[0]: row[1] for row in (*there, *db.execute(counted.where(gone, SOMEBODY)))}


def destinations(db: Connection) -> Counter[str]:
    """How many are active at each domain, in ASCII."""
    keys = db.scalars(select(subscribers.c.key).where(subscribers.c.state == "active"))
    return Counter(key.rpartition("@")[2] for key in keys)


def add(
    db: Connection, key: str, new: Subscriber, now: datetime, *, resubscribe: bool = False
) -> bool:
    """Add or make active again; False if the subscriber was active already.

    Raises UsageError for readers who left or bounced, unless ``resubscribe``, and always for those
    who complained.
    """
    there = find(db, key)
    if there is None:
        add_all(db, {key: new}, now)
        return True
    if there.state == "active":
        return False
    if fault := gone_fault(there, resubscribe=resubscribe):
        raise UsageError(fault)
    active = {"activated_at": now, "heard_at": None, "state": "active"}
    values = {**column_values(new), **active, **state_changed(now)}
    db.execute(update(subscribers).where(subscribers.c.key == key).values(**values))
    note(db, Change(key, "active", now))
    return True


def gone_fault(there: Subscriber, *, resubscribe: bool = False) -> str:
    """Why a reader who is there may not be made active; empty where they may."""
    if there.state == "complained":
        return (
            f"{there.address} complained of a message: they get no mail again, whoever asks for it"
        )
    if there.state in _GONE and not resubscribe:
        return (
            f"{there.address} is {there.state}: only `subscribers add --resubscribe` brings them"
            " back, and only when they asked for it"
        )
    return ""


def add_all(db: Connection, new: Mapping[str, Subscriber], now: datetime) -> None:
    """Add subscribers without a row, by their keys, in the state they have."""
    if new:
        since = {"activated_at": now, **state_changed(now)}
        rows = [
            {"key": key, **since, **column_values(subscriber)} for key, subscriber in new.items()
        ]
        db.execute(subscribers.insert(), rows)
        for key, reader in new.items():
            if reader.state in _GONE:
                note(db, Change(key, reader.state, now))


def change(db: Connection, key: str, now: datetime | None = None, **values: Any) -> bool:
    """Set columns, such as the name or the hour; False if there is no such key.

    With ``now`` it is remembered when what says which issues are theirs was changed.
    """
    if now and not _SCHEDULE.isdisjoint(values):
        values["schedule_changed_at"] = now
    changed = db.execute(update(subscribers).where(subscribers.c.key == key).values(**values))
    return bool(changed.rowcount)


def state_since(db: Connection, subscriber_id: int) -> tuple[datetime | None, str]:
    """When and why the state last changed; None where that was not recorded yet."""
    columns = subscribers.c.state_changed_at, subscribers.c.state_reason
    at, reason = db.execute(select(*columns).where(subscribers.c.id == subscriber_id)).one()
    return at, reason


def joined(db: Connection, subscriber_id: int) -> datetime:
    """When the reader signed up, or was made active again."""
    query = select(subscribers.c.activated_at).where(subscribers.c.id == subscriber_id)
    at: datetime = db.execute(query).scalar_one()
    return at


def state_changed(now: datetime, reason: str = "") -> dict[str, Any]:
    return {"state_changed_at": now, "state_reason": reason}


def exists(db: Connection, subscriber_id: int) -> bool:
    return state_of(db, subscriber_id) is not None


def state_of(db: Connection, subscriber_id: int) -> State | None:
    """None where there is no such subscriber."""
    mine = subscribers.c.id == subscriber_id
    return db.scalar(select(subscribers.c.state).where(mine, SOMEBODY))


def subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(**{name: getattr(row, name) for name in _FIELDS})


def column_values(new: Subscriber) -> dict[str, Any]:
    return {name: getattr(new, name) for name in _FIELDS if name != "id"}
