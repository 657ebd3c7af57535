"""The similarity index of all insights: read from its cache, and brought up to date."""

import shutil
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
    current = cached
    while batch := archive.after(db, current.last_id, _BATCH):
        index.append(
            [row["id"] for row in batch],
            [row["text"] for row in batch],
            [row["date"].toordinal() if row["date"] else 0 for row in batch],
        )
        last = batch[-1]
        current = Fingerprint(last["id"], last["key"], current.count + len(batch))
    if folder and current != cached:
        index_cache.save(index, current, folder)
    return index


def _load(db: Connection, folder: Path | None, language: str) -> tuple[Index, Fingerprint]:
    if folder is None:
        return Index(language), Fingerprint()
    if loaded := index_cache.load(folder, language):
        _, stored = loaded
        if archive.holds(db, stored.last_id, stored.last_key, stored.count):
            return loaded
    shutil.rmtree(folder, ignore_errors=True)
    return Index(language), Fingerprint()
