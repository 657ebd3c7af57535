"""Users of the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select, update

from newsletter.storage.schema import desk_session as sessions
from newsletter.storage.schema import desk_user as users


def add(db: Connection, name: str, role: str, password: str, now: datetime) -> None:
    """``password`` is the hash."""
    values = {"name": name, "role": role, "password": password}
    db.execute(users.insert().values(**values, created_at=now))


def listed(db: Connection) -> Sequence[RowMapping]:
    return db.execute(select(users).order_by(users.c.name)).mappings().all()


def named(db: Connection, name: str) -> RowMapping | None:
    return db.execute(select(users).where(users.c.name == name)).mappings().one_or_none()


def set_password(db: Connection, user_id: int, password: str) -> None:
    db.execute(update(users).where(users.c.id == user_id).values(password=password))


def remove(db: Connection, user_id: int) -> None:
    """With the sessions."""
    db.execute(delete(sessions).where(sessions.c.user_id == user_id))
    db.execute(delete(users).where(users.c.id == user_id))
