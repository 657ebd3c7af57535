"""A copy of a database to try things in: whatever happens to it, the store stays as it is."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Error, connect

from newsletter.domain.errors import StoreError


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy, made beside running writers; no source makes no copy."""
    if not source.exists():
        return
    try:
        with (
            closing(connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(connect(target)) as new,
        ):
            old.backup(new)
    except Error as error:
        raise StoreError(f"{source} cannot be copied: {error}") from error
