"""Tokens of the API, by the hashes of what their holders keep."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from newsletter.storage.schema import api_token as tokens


def add(
    db: Connection, name: str, hashed: str, scopes: str, now: datetime, expires: datetime
) -> None:
    """``scopes`` are parted by spaces."""
    values = {"name": name, "hash": hashed, "scopes": scopes}
    db.execute(tokens.insert().values(**values, created_at=now, expires_at=expires))


def listed(db: Connection) -> Sequence[RowMapping]:
    return db.execute(select(tokens).order_by(tokens.c.id)).mappings().all()


def holding(db: Connection, hashed: str, now: datetime) -> RowMapping | None:
    """The token that is in force with this hash."""
    query = select(tokens).where(tokens.c.hash == hashed, tokens.c.expires_at > now)
    return db.execute(query.where(tokens.c.revoked_at.is_(None))).mappings().one_or_none()


def revoke(db: Connection, name: str, now: datetime) -> int:
    """How many of that name were in force."""
    mine = tokens.c.name == name, tokens.c.revoked_at.is_(None), tokens.c.expires_at > now
    return db.execute(update(tokens).where(*mine).values(revoked_at=now)).rowcount
