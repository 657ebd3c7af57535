"""Sessions of the desk, by the hashes of what the cookies hold."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, or_, select, update

from newsletter.storage.schema import desk_session as sessions
from newsletter.storage.schema import desk_user as users


def add(
    db: Connection, user_id: int, hashed: str, now: datetime, address: str, browser: str
) -> None:
    values = {"user_id": user_id, "hash": hashed, "address": address, "browser": browser}
    db.execute(sessions.insert().values(**values, created_at=now, seen_at=now, message=""))


def find(db: Connection, hashed: str, idle: datetime, oldest: datetime) -> RowMapping | None:
    """The session with its user's name and role, unless it was last seen before ``idle`` or began
    before ``oldest``."""
    columns = *sessions.c, users.c.name, users.c.role
    query = select(*columns).join(users, sessions.c.user_id == users.c.id)
    holds = sessions.c.seen_at > idle, sessions.c.created_at > oldest
    return db.execute(query.where(sessions.c.hash == hashed, *holds)).mappings().one_or_none()


def of_user(db: Connection, user_id: int, idle: datetime, oldest: datetime) -> Sequence[RowMapping]:
    """Those that hold, the newest first."""
    mine = sessions.c.user_id == user_id, sessions.c.seen_at > idle, sessions.c.created_at > oldest
    return db.execute(select(sessions).where(*mine).order_by(sessions.c.id.desc())).mappings().all()


def seen(db: Connection, session_id: int, now: datetime) -> None:
    db.execute(update(sessions).where(_is(session_id)).values(seen_at=now))


def say(db: Connection, session_id: int, message: str) -> None:
    db.execute(update(sessions).where(_is(session_id)).values(message=message))


def end(db: Connection, session_id: int) -> None:
    db.execute(delete(sessions).where(_is(session_id)))


def end_all(db: Connection, user_id: int, but: int = 0) -> int:
    """How many ended; the one with the id ``but`` stays."""
    mine = sessions.c.user_id == user_id, sessions.c.id != but
    return db.execute(delete(sessions).where(*mine)).rowcount


def forget_ended(db: Connection, idle: datetime, oldest: datetime) -> None:
    over = or_(sessions.c.seen_at <= idle, sessions.c.created_at <= oldest)
    db.execute(delete(sessions).where(over))


def _is(session_id: int) -> ColumnElement[bool]:
    return sessions.c.id == session_id
