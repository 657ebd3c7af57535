"""The similarity index of everything in the store: read from its files, and brought up to date."""

import shutil
from pathlib import Path

from newsletter.ranking import index_cache
from newsletter.ranking.similarity import Index
from newsletter.storage import Connection, archive

_BATCH = 100_000


def index_of(db: Connection, folder: Path | None, language: str) -> Index:
    """``folder`` is where its files lie; None keeps it in memory alone.

    Files that are missing or tell of another database are made anew.
    """
    index, mark = _kept(db, folder, language)
    stood = mark
    while batch := archive.after(db, mark.last, _BATCH):
        index.append(
            [one["id"] for one in batch],
            [one["text"] for one in batch],
            [one["date"].toordinal() if one["date"] else 0 for one in batch],
        )
        mark = index_cache.Mark(batch[-1]["id"], batch[-1]["key"], mark.count + len(batch))
    if folder and mark != stood:
        index_cache.save(index, mark, folder)
    return index


def _kept(db: Connection, folder: Path | None, language: str) -> tuple[Index, index_cache.Mark]:
    found = index_cache.load(folder, language) if folder else None
    if found and archive.holds(db, found[1].last, found[1].key, found[1].count):
        return found
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return Index(language), index_cache.Mark()
