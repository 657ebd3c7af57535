"""How far the database knows the journal, and the records that a transaction adds to it."""

from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, select

from newsletter.storage.journal import Place
from newsletter.storage.journal_lines import Record
from newsletter.storage.schema import mark

NAME = "journal "
"""A mark's name, before the journal's."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""A mark needs an instant; nobody reads this one."""


def note(db: Connection, record: Record) -> None:
    """Add a record to the journal when the transaction commits."""
    db.get_execution_options()["newsletter_records"].append(record)


def known(db: Connection) -> Place | None:
    """The end of the journal as the database knows it; None if there was none. Always None on a
    database server, which has its own backups."""
    if db.dialect.name != "sqlite":
        return None
    row = db.execute(_MARK).one_or_none()
    return Place(row.name.removeprefix(NAME), int(row.seconds)) if row else None


def set_known(db: Connection, place: Place) -> None:
    if db.dialect.name != "sqlite":
        return
    name, end = f"{NAME}{place.id}", float(place.end)
    if not db.execute(_MOVE_ON, {"journal": name, "seconds": end}).rowcount:
        db.execute(mark.delete().where(_OURS))
        db.execute(mark.insert().values(name=name, at=LONG_AGO, boot="", seconds=end))


_OURS = mark.c.name.startswith(NAME, autoescape=True)
_MOVE_ON = mark.update().where(mark.c.name == bindparam("journal"))
_MARK = select(mark.c.name, mark.c.seconds).where(_OURS)
