"""Backup and restore: a copy of the database, and putting one back and replaying the journal."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.domain.errors import StoreError, UsageError
from newsletter.storage import Store, snapshot
from newsletter.storage.journal import Journal
from newsletter.storage.replay import Replayed, catch_up


@dataclass(frozen=True)
class Restored:
    """``aside`` is the copy of the database as it was before. Without a ``journal`` nothing is
    known of the time after the backup: it is lost, not just empty."""

    aside: Path | None
    journal: bool
    replayed: Replayed


def backup(database: Path, target: Path) -> None:
    """Raises UsageError and StoreError as ``snapshot.save`` does."""
    snapshot.save(database, target)


def restore(source: Path, database: Path, now: datetime, opened: Callable[[], Store]) -> Restored:
    """Put ``source`` in the place of ``database`` and replay the journal; ``opened`` opens it then.

    Raises UsageError where ``source`` is no backup, StoreError while something runs.
    """
    if database.exists() and source.exists() and source.samefile(database):
        raise UsageError(f"{source} is the database itself", "name a backup of it")
    _belongs(database, snapshot.look(source).journal)
    empty = _has_no_journal(database)
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%S}")
    kept = snapshot.put_back(source, database, aside)
    with closing(opened()) as store:
        known = store.journal is not None and store.journal.path.exists()
        return Restored(aside if kept else None, known or empty, catch_up(store))


def _has_no_journal(database: Path) -> bool:
    """Whether the database that is to be replaced has not written to a journal yet."""
    try:
        return snapshot.look(database).journal is None
    except UsageError:
        return False


def _belongs(database: Path, known: str | None) -> None:
    """Checked before anything is changed."""
    journal = Journal(database.with_name(f"{database.name}.journal"))
    try:
        place = journal.place()
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the journal cannot be read ({error})", "move it away to restore without"
        ) from error
    if place and known and place.id != known:
        raise StoreError(
            f"{journal.path} belongs to another database than the backup",
            "put back the journal that belongs to the backup, or move this one away",
        )
