"""The changes of a subscriber's state: joining, leaving, bouncing; and the signs a reader gives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, not_, select, update

from newsletter.domain.model import State, Subscriber
from newsletter.storage.journal_lines import Change
from newsletter.storage.places import note
from newsletter.storage.schema import notice as notices
from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.sets import insert_new
from newsletter.storage.subscribers import SOMEBODY, column_values, exists, find, state_changed

SIGNED_UP = "signed up on the web"
NEVER_CONFIRMED = "never confirmed"
"""The reason of a bounce begins with it where the address had not been confirmed."""
NO_ANSWER = "gave no sign, and did not answer"
"""The reason of readers who did not answer whether they are still there."""
UNCONFIRMED = ("pending", "unsubscribed")
"""The states that a confirmation turns into active."""


def leave(db: Connection, subscriber_id: int, now: datetime, reason: str = "") -> bool:
    """Unsubscribe; True the second time as well, False where there is no such subscriber.

    The states bounced and complained stay: they say more. ``reason`` says how they left. It
    replaces NO_ANSWER: an old question does not bring back a reader who left.
    """
    silent = subscribers.c.id == subscriber_id, subscribers.c.state_reason == NO_ANSWER
    if db.scalar(select(subscribers.c.id).where(*silent)):
        give_reason(db, subscriber_id, reason)
    _move(db, subscriber_id, ("active", "pending"), "unsubscribed", state_changed(now, reason))
    return exists(db, subscriber_id)


def bounce(
    db: Connection, subscriber_id: int, now: datetime, answer: str, *, left: bool = False
) -> None:
    """The address does not exist: nothing more is sent to it, no confirmation either.

    ``left``: also where its reader left, and asked to come back.
    """
    changed = state_changed(now, f"{NEVER_CONFIRMED}: {answer}")
    _move(db, subscriber_id, ("pending",), "bounced", changed)
    before: Sequence[State] = ("active", "unsubscribed") if left else ("active",)
    _move(db, subscriber_id, before, "bounced", state_changed(now, answer))


def complain(db: Connection, subscriber_id: int, now: datetime, words: str) -> None:
    """The reader called a message spam: nothing is sent to them ever again, whatever they were.

    Where all about them was erased meanwhile, the mark of their address knows it.
    """
    before: Sequence[State] = ("pending", "active", "unsubscribed", "bounced")
    _move(db, subscriber_id, before, "complained", state_changed(now, words))
    nobody = and_(subscribers.c.id == subscriber_id, not_(SOMEBODY))
    db.execute(update(subscribers).where(nobody).values(state="complained"))


def _move(
    db: Connection,
    subscriber_id: int,
    before: Sequence[State],
    after: State,
    changed: dict[str, Any],
) -> None:
    """From one of the states ``before``; from any other nothing changes."""
    rows = and_(subscribers.c.id == subscriber_id, subscribers.c.state.in_(before), SOMEBODY)
    for key in db.scalars(select(subscribers.c.key).where(rows)).all():
        db.execute(update(subscribers).where(rows).values({"state": after, **changed}))
        note(db, Change(key, after, changed["state_changed_at"], changed["state_reason"]))


def give_reason(db: Connection, subscriber_id: int, reason: str) -> None:
    """Why a reader left, in their words; nothing where they did not."""
    mine = and_(subscribers.c.id == subscriber_id, subscribers.c.state == "unsubscribed", SOMEBODY)
    for key, at in db.execute(
        select(subscribers.c.key, subscribers.c.state_changed_at).where(mine)
    ):
        db.execute(update(subscribers).where(mine).values(state_reason=reason))
        note(db, Change(key, "unsubscribed", at, reason))


def note_sign(db: Connection, subscriber_id: int, now: datetime) -> None:
    """The reader gave a sign: they voted, chose or answered. Who looks gives none."""
    mine = subscribers.c.id == subscriber_id
    db.execute(update(subscribers).where(mine, SOMEBODY).values(heard_at=now))


def stay(db: Connection, subscriber_id: int, now: datetime) -> None:
    """The reader was asked, and wants to go on. The journal knows it: an older database that is put
    back takes nobody for silent who answered."""
    note_sign(db, subscriber_id, now)
    active = and_(subscribers.c.id == subscriber_id, subscribers.c.state == "active")
    for key in db.scalars(select(subscribers.c.key).where(active)):
        note(db, Change(key, "active", now))


def last_sign(db: Connection, subscriber_id: int) -> datetime | None:
    """None where they gave no sign since they joined."""
    at: datetime | None = db.scalar(
        select(subscribers.c.heard_at).where(subscribers.c.id == subscriber_id)
    )
    return at


def rejoin(db: Connection, subscriber_id: int, now: datetime) -> None:
    """Undo unsubscribing; nothing changes for those who bounced or complained."""
    changed = {**state_changed(now, "unsubscribing was taken back"), "heard_at": now}
    _move(db, subscriber_id, ("unsubscribed",), "active", changed)


def confirm(db: Connection, subscriber_id: int, now: datetime, values: Mapping[str, Any]) -> None:
    """Active from now on, with these columns; nothing changes for those who bounced or
    complained."""
    rows = and_(subscribers.c.id == subscriber_id, subscribers.c.state.in_(UNCONFIRMED))
    changed = state_changed(now, "confirmed by the link in a message")
    new = {**values, **changed, "activated_at": now, "heard_at": now, "state": "active"}
    for key in db.scalars(select(subscribers.c.key).where(rows)).all():
        db.execute(update(subscribers).where(rows).values(new))
        note(db, Change(key, "active", now))


def add_pending(db: Connection, key: str, new: Subscriber, now: datetime) -> int:
    """Somebody asked for it on the web, and has not confirmed. Returns the id; where another
    process adds them at this moment, of the row that it wrote."""
    row = {**column_values(new), "key": key, "activated_at": now, "state": "pending"}
    insert_new(db, subscribers, [{**row, **state_changed(now, SIGNED_UP)}])
    subscriber = find(db, key)
    assert subscriber
    return subscriber.id


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
