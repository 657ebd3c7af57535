"""The subscribers. A row is kept for ever; leaving only changes its state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, not_, select, update

from newsletter.domain.due import gets_issue
from newsletter.domain.errors import UsageError
from newsletter.domain.model import State, Subscriber
from newsletter.domain.states import DeliveryState, Transition
from newsletter.storage.database import chunks
from newsletter.storage.journal_lines import Change
from newsletter.storage.places import note
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import notice as notices
from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.sets import insert_new
from newsletter.storage.transitions import move, stands

_FIELDS = tuple(field.name for field in fields(Subscriber))  # columns have the same names
SIGNED_UP = "signed up on the web"
NEVER_CONFIRMED = "never confirmed"
"""How the reason of who bounced begins where they were no reader yet."""
NO_ANSWER = "gave no sign, and did not answer"
"""Why they left who were asked in vain whether they are still there."""
UNCONFIRMED = ("pending", "unsubscribed")
"""The states of those whom a confirmation makes active."""
_GONE = ("unsubscribed", "bounced", "complained")
_MAY_BE_ERASED = ("unsubscribed", "complained")
_NEVER_ERASED = ("active", "pending", "bounced")
_SOMEBODY = subscribers.c.address != ""
"""Not the row of who was erased."""
_SCHEDULE = frozenset({"timezone", "hour", "weekdays", "paused_until", "frequency"})


def find(db: Connection, key: str) -> Subscriber | None:
    """``key`` is the normal form of an address: two spellings of it are one subscriber."""
    row = db.execute(select(subscribers).where(subscribers.c.key == key)).one_or_none()
    return None if row is None else subscriber(row)


def numbered(db: Connection, subscriber_id: int) -> Subscriber | None:
    """None for who was erased as well."""
    mine = subscribers.c.id == subscriber_id
    row = db.execute(select(subscribers).where(mine, _SOMEBODY)).one_or_none()
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
    query = select(subscribers).where(_SOMEBODY).order_by(subscribers.c.key)
    if state:
        query = query.where(subscribers.c.state == state)
    return [subscriber(row) for row in db.execute(query)]


def page(db: Connection, state: State | None, after: int, most: int) -> list[Subscriber]:
    """In the order of their ids, those after one of them."""
    there = subscribers.c.id > after, _SOMEBODY
    query = select(subscribers).where(*there).order_by(subscribers.c.id)
    if state:
        query = query.where(subscribers.c.state == state)
    return [subscriber(row) for row in db.execute(query.limit(most))]


def batch(db: Connection, after: str, most: int) -> tuple[list[Subscriber], str]:
    """In the order of their keys, those after one of them; and the last key."""
    query = select(subscribers).where(_SOMEBODY, subscribers.c.key > after)
    rows = db.execute(query.order_by(subscribers.c.key).limit(most)).all()
    return [subscriber(row) for row in rows], rows[-1].key if rows else ""


def counts(db: Connection) -> dict[str, int]:
    """By state. Who was erased has left or complained: no row of anybody else is read, only the
    index."""
    counted = select(subscribers.c.state, func.count()).group_by(subscribers.c.state)
    gone = subscribers.c.state.in_(_MAY_BE_ERASED)
    there = db.execute(counted.where(subscribers.c.state.in_(_NEVER_ERASED)))
    return {row[0]: row[1] for row in (*there, *db.execute(counted.where(gone, _SOMEBODY)))}


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
    values = {**_values(new), **active, **_changed(now)}
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
        since = {"activated_at": now, **_changed(now)}
        rows = [{"key": key, **since, **_values(subscriber)} for key, subscriber in new.items()]
        db.execute(subscribers.insert(), rows)
        for key, reader in new.items():
            if reader.state in _GONE:
                note(db, Change(key, reader.state, now))


def change(db: Connection, key: str, now: datetime | None = None, **values: Any) -> bool:
    """Set columns, such as the name or the hour; False if there is no such key.

    With ``now`` it is remembered when what says which issues are theirs was changed, and what waits
    for a date that is theirs no more is cancelled.
    """
    scheduled = now is not None and not _SCHEDULE.isdisjoint(values)
    if scheduled:
        values["schedule_changed_at"] = now
    changed = db.execute(update(subscribers).where(subscribers.c.key == key).values(**values))
    if now and scheduled and (reader := find(db, key)):
        _cancel_unwanted(db, reader, now)
    return bool(changed.rowcount)


def _cancel_unwanted(db: Connection, reader: Subscriber, now: datetime) -> None:
    """A pause means the issue that is composed and waits as well; what a sender has is sent."""
    theirs = and_(deliveries.c.subscriber_id == reader.id, stands(DeliveryState.PENDING))
    for day in db.scalars(select(deliveries.c.date).where(theirs)).all():
        if not gets_issue(day, reader.weekdays, reader.paused_until):
            unwanted = and_(theirs, deliveries.c.date == day)
            move(db, Transition.CANCEL, unwanted, changed_at=now)


def leave(db: Connection, subscriber_id: int, now: datetime, reason: str = "") -> bool:
    """Unsubscribe; True the second time as well, False where there is no such subscriber.

    The states bounced and complained stay: they say more. ``reason`` says how they left. Who was
    silent, and now leaves by themselves, has that as the reason: no old question brings them back.
    """
    silent = subscribers.c.id == subscriber_id, subscribers.c.state_reason == NO_ANSWER
    if db.scalar(select(subscribers.c.id).where(*silent)):
        give_reason(db, subscriber_id, reason)
    _move(db, subscriber_id, ("active", "pending"), "unsubscribed", _changed(now, reason))
    return exists(db, subscriber_id)


def bounce(
    db: Connection, subscriber_id: int, now: datetime, answer: str, *, left: bool = False
) -> None:
    """The address does not exist: nothing more is sent to it, no confirmation either.

    ``left``: also where its reader left, and asked to come back.
    """
    changed = _changed(now, f"{NEVER_CONFIRMED}: {answer}")
    _move(db, subscriber_id, ("pending",), "bounced", changed)
    before: Sequence[State] = ("active", "unsubscribed") if left else ("active",)
    _move(db, subscriber_id, before, "bounced", _changed(now, answer))


def complain(db: Connection, subscriber_id: int, now: datetime, words: str) -> None:
    """The reader called a message spam: nothing is sent to them ever again, whatever they were.

    Where all about them was erased meanwhile, the mark of their address knows it.
    """
    before: Sequence[State] = ("pending", "active", "unsubscribed", "bounced")
    _move(db, subscriber_id, before, "complained", _changed(now, words))
    nobody = and_(subscribers.c.id == subscriber_id, not_(_SOMEBODY))
    db.execute(update(subscribers).where(nobody).values(state="complained"))


def _move(
    db: Connection,
    subscriber_id: int,
    before: Sequence[State],
    after: State,
    changed: dict[str, Any],
) -> None:
    """From one of the states ``before``; from any other nothing changes."""
    rows = and_(subscribers.c.id == subscriber_id, subscribers.c.state.in_(before), _SOMEBODY)
    for key in db.scalars(select(subscribers.c.key).where(rows)).all():
        db.execute(update(subscribers).where(rows).values({"state": after, **changed}))
        note(db, Change(key, after, changed["state_changed_at"], changed["state_reason"]))


def give_reason(db: Connection, subscriber_id: int, reason: str) -> None:
    """Why a reader left, in their words; nothing where they did not."""
    mine = and_(subscribers.c.id == subscriber_id, subscribers.c.state == "unsubscribed", _SOMEBODY)
    for key, at in db.execute(
        select(subscribers.c.key, subscribers.c.state_changed_at).where(mine)
    ):
        db.execute(update(subscribers).where(mine).values(state_reason=reason))
        note(db, Change(key, "unsubscribed", at, reason))


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


def heard(db: Connection, subscriber_id: int, now: datetime) -> None:
    """The reader gave a sign: they voted, chose or answered. Who looks gives none."""
    mine = subscribers.c.id == subscriber_id
    db.execute(update(subscribers).where(mine, _SOMEBODY).values(heard_at=now))


def stay(db: Connection, subscriber_id: int, now: datetime) -> None:
    """The reader was asked, and wants to go on. The journal knows it: an older database that is put
    back takes nobody for silent who answered."""
    heard(db, subscriber_id, now)
    active = and_(subscribers.c.id == subscriber_id, subscribers.c.state == "active")
    for key in db.scalars(select(subscribers.c.key).where(active)):
        note(db, Change(key, "active", now))


def last_heard(db: Connection, subscriber_id: int) -> datetime | None:
    """None where they gave no sign since they joined."""
    at: datetime | None = db.scalar(
        select(subscribers.c.heard_at).where(subscribers.c.id == subscriber_id)
    )
    return at


def _changed(now: datetime, reason: str = "") -> dict[str, Any]:
    return {"state_changed_at": now, "state_reason": reason}


def rejoin(db: Connection, subscriber_id: int, now: datetime) -> None:
    """Undo unsubscribing; nothing changes for those who bounced or complained."""
    changed = {**_changed(now, "unsubscribing was taken back"), "heard_at": now}
    _move(db, subscriber_id, ("unsubscribed",), "active", changed)


def confirm(db: Connection, subscriber_id: int, now: datetime, values: Mapping[str, Any]) -> None:
    """Active from now on, with these columns; nothing changes for those who bounced or
    complained."""
    rows = and_(subscribers.c.id == subscriber_id, subscribers.c.state.in_(UNCONFIRMED))
    changed = _changed(now, "confirmed by the link in a message")
    new = {**values, **changed, "activated_at": now, "heard_at": now, "state": "active"}
    for key in db.scalars(select(subscribers.c.key).where(rows)).all():
        db.execute(update(subscribers).where(rows).values(new))
        note(db, Change(key, "active", now))


def add_pending(db: Connection, key: str, new: Subscriber, now: datetime) -> int:
    """Somebody asked for it on the web, and has not confirmed. Returns the id; where another
    process adds them at this moment, of the row that it wrote."""
    row = {**_values(new), "key": key, "activated_at": now, "state": "pending"}
    insert_new(db, subscribers, [{**row, **_changed(now, SIGNED_UP)}])
    found = find(db, key)
    assert found
    return found.id


def forget_pending(db: Connection, before: datetime) -> int:
    """Those who signed up on the web, and neither confirmed nor asked again since that instant;
    how many. What an operator entered as pending stays."""
    asked_again = select(notices.c.id).where(
        notices.c.subscriber_id == subscribers.c.id, notices.c.asked_at >= before
    )
    rows = and_(
        subscribers.c.state == "pending",
        subscribers.c.state_reason == SIGNED_UP,
        subscribers.c.state_changed_at < before,
        ~asked_again.exists(),
    )
    # What came back for them is kept, and nobody's.
    gone = returned.c.subscriber_id.in_(select(subscribers.c.id).where(rows))
    db.execute(update(returned).where(gone).values(subscriber_id=None, notice_id=None))
    return db.execute(subscribers.delete().where(rows)).rowcount


def exists(db: Connection, subscriber_id: int) -> bool:
    return state_of(db, subscriber_id) is not None


def state_of(db: Connection, subscriber_id: int) -> State | None:
    """None where there is no such subscriber."""
    mine = subscribers.c.id == subscriber_id
    return db.scalar(select(subscribers.c.state).where(mine, _SOMEBODY))


def subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(**{name: getattr(row, name) for name in _FIELDS})


def _values(new: Subscriber) -> dict[str, Any]:
    return {name: getattr(new, name) for name in _FIELDS if name != "id"}
