"""The audit: who changed what, when, and through which entrance. Lines are added and stay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from newsletter.storage.schema import audit

Entrance = Literal["cli", "api", "desk"]


def record(
    db: Connection, at: datetime, entrance: Entrance, who: str, action: str, about: str
) -> None:
    """``about`` is what was changed: an address, a date, a number."""
    values = {"at": at, "entrance": entrance, "who": who, "action": action, "about": about}
    db.execute(audit.insert().values(**values))


def newest(
    db: Connection, most: int, about: str = "", before: int | None = None
) -> Sequence[RowMapping]:
    """The newest first, or those ``before`` that id; ``about`` leaves out what is about anything
    else."""
    query = select(audit).order_by(audit.c.id.desc()).limit(most)
    if about:
        query = query.where(audit.c.about == about)
    if before is not None:
        query = query.where(audit.c.id < before)
    return db.execute(query).mappings().all()
