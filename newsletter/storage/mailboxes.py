"""How far an IMAP mailbox was read."""

from sqlalchemy import select

from newsletter.storage.database import Store
from newsletter.storage.places import LONG_AGO
from newsletter.storage.schema import mark

_READ = "imap "


def last_read(store: Store, name: str) -> int:
    """The number of the last message that was stored; 0 for a mailbox that was never read."""
    with store.reading() as db:
        number = db.scalar(select(mark.c.seconds).where(mark.c.name == f"{_READ}{name}"))
    return int(number or 0)


def remember_read(store: Store, name: str, number: int) -> None:
    with store.writing() as db:
        db.execute(mark.delete().where(mark.c.name == f"{_READ}{name}"))
        values = {"at": LONG_AGO, "boot": "", "seconds": float(number)}
        db.execute(mark.insert().values(name=f"{_READ}{name}", **values))
