"""Vectors of texts, kept in a file of their own: a cache that can be removed at any time."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

_MADE = "CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"


class VectorCache:
    """A file that cannot be read or written costs only time: everything is encoded again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, texts: Sequence[str]) -> dict[str, bytes]:
        """The vectors of those that are kept."""
        known = {}
        with suppress(sqlite3.Error), self._opened() as db:
            for text in texts:
                query = "SELECT vector FROM vectors WHERE text = ?"
                if row := db.execute(query, (_key(text),)).fetchone():
                    known[text] = row[0]
        return known

    def put(self, vectors: Mapping[str, bytes]) -> None:
        rows = [(_key(text), vector) for text, vector in vectors.items()]
        if not rows:
            return
        with suppress(sqlite3.Error), self._opened() as db, db:
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Closed also where the file turns out to be no database."""
        with closing(sqlite3.connect(self._path, timeout=30)) as db:
            db.execute(_MADE)
            yield db


def _key(text: str) -> bytes:
    return sha256(text.encode(errors="replace")).digest()
