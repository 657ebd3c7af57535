"""The similarity index of all insights: read from its cache, and brought up to date."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from newsletter.ranking import index_cache
from newsletter.ranking.index_cache import Fingerprint
from newsletter.ranking.similarity import Index
from newsletter.storage import Connection, archive

_BATCH = 100_000


def index_of(db: Connection, folder: Path | None, language: str) -> Index:
    """``folder`` holds the cache; None keeps the index in memory only.

    A cache that is missing or belongs to another database is made anew.
    """
    index, cached = _load(db, folder, language)
    current = _append_new(db, index, cached)
    if folder and current != cached:
        index_cache.save(index, current, folder)
    return index


@dataclass(frozen=True)
class HeldIndex:
    """An index that a running program keeps in memory; it is never changed."""

    index: Index
    fingerprint: Fingerprint

    @classmethod
    def of(
        cls, db: Connection, before: "HeldIndex | None", folder: Path | None, language: str
    ) -> "HeldIndex":
        """The one ``before`` with what is new; read anew where there is none, or it was another
        database's. Others may go on asking the one before."""
        if before and _is_of(db, before.fingerprint):
            index = Index(language, dict(before.index.vocabulary), [*before.index.segments])
            cached = before.fingerprint
        else:
            index, cached = _load(db, folder, language)
        return cls(index, _append_new(db, index, cached))


def _append_new(db: Connection, index: Index, cached: Fingerprint) -> Fingerprint:
    """Which insights are indexed then."""
    current = cached
    while batch := archive.after(db, current.last_id, _BATCH):
        index.append(
            [row["id"] for row in batch],
            [row["text"] for row in batch],
            [row["date"].toordinal() if row["date"] else 0 for row in batch],
        )
        last = batch[-1]
        current = Fingerprint(last["id"], last["key"], current.count + len(batch))
    return current


def _is_of(db: Connection, stored: Fingerprint) -> bool:
    return archive.holds(db, stored.last_id, stored.last_key, stored.count)


def _load(db: Connection, folder: Path | None, language: str) -> tuple[Index, Fingerprint]:
    if folder is None:
        return Index(language), Fingerprint()
    if loaded := index_cache.load(folder, language):
        _, stored = loaded
        if _is_of(db, stored):
            return loaded
    shutil.rmtree(folder, ignore_errors=True)
    return Index(language), Fingerprint()
