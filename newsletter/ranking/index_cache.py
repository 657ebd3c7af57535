"""The similarity index as files beside the database: a cache that can be removed at any time.

A folder with ``manifest.json``, the terms, and a subfolder of arrays for each segment. They are
mapped into memory. Segments never change; the manifest is replaced atomically, so that every
reader sees one state or the next.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from newsletter.ranking.similarity import Index
from newsletter.ranking.similarity.segment import Segment
from newsletter.ranking.similarity.sparse_rows import SparseRows, Values

# Raised with every change to what the files hold: those of another version are made anew.
_FORMAT_VERSION = 3
_ARRAYS = ("data", "indices", "indptr")
# A power cut leaves files that are empty or half written.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, RecursionError)


@dataclass(frozen=True)
class Fingerprint:
    """Which insights of which database are indexed: the last one, its key, and how many."""

    last_id: int = 0
    last_key: str = ""
    count: int = 0


def load(folder: Path, language: str) -> tuple[Index, Fingerprint] | None:
    """The index as it was saved; None if there is none, or none that this program can read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        if (manifest["format_version"], manifest["language"]) != (_FORMAT_VERSION, language):
            return None
        terms = (folder / manifest["terms"]).read_text(encoding="utf-8").splitlines()
        segments = [_read(folder / name) for name in manifest["segments"]]
        if any(segment.rows.width > len(terms) for segment in segments):
            return None
        vocabulary = {term: number for number, term in enumerate(terms)}
        return Index(language, vocabulary, segments), Fingerprint(**manifest["fingerprint"])
    except _UNREADABLE:
        return None


def save(index: Index, fingerprint: Fingerprint, folder: Path) -> None:
    """Write the segments that are new. A failure costs only time: the next run tries again."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        segments = [_write(segment, folder) for segment in index.segments]
        terms = f"terms-{fingerprint.last_id}-{fingerprint.count}.txt"
        _replace(folder / terms, "".join(f"{term}\n" for term in index.vocabulary))
        manifest = {
            "format_version": _FORMAT_VERSION,
            "language": index.language,
            "fingerprint": vars(fingerprint),
            "terms": terms,
            "segments": segments,
        }
        _replace(folder / "manifest.json", json.dumps(manifest, indent=1))
        _remove_others(folder, {*segments, terms, "manifest.json"})


def _read(folder: Path) -> Segment:
    ids, days = _mapped(folder / "ids.npy"), _mapped(folder / "days.npy")
    width = int(np.load(folder / "width.npy"))
    rows, columns = _sparse(folder, "rows", width), _sparse(folder, "columns", len(ids))
    if (len(rows), len(columns)) != (len(ids), width):
        raise ValueError("the arrays are not of one segment")
    return Segment(ids, days, rows, columns)


def _sparse(folder: Path, name: str, width: int) -> SparseRows:
    data, indices, indptr = (_mapped(folder / f"{name}-{array}.npy") for array in _ARRAYS)
    if not len(data) == len(indices) == indptr[-1]:
        raise ValueError("the arrays are not of one matrix")
    return SparseRows(data, indices, indptr, width)


def _mapped(path: Path) -> Values:
    """As a plain array: one that numpy knows to be mapped is slower to compute with."""
    return np.asarray(np.load(path, mmap_mode="r"))


def _write(segment: Segment, folder: Path) -> str:
    """Write the segment if it is not there, whole. The name says which insights, and how many."""
    name = f"{segment.ids[0]}-{segment.ids[-1]}-{len(segment.ids)}"
    if not _is_whole(folder / name):
        shutil.rmtree(folder / name, ignore_errors=True)
        new = Path(mkdtemp(dir=folder))
        np.save(new / "ids.npy", segment.ids)
        np.save(new / "days.npy", segment.days)
        np.save(new / "width.npy", segment.rows.width)
        for array in _ARRAYS:
            np.save(new / f"rows-{array}.npy", getattr(segment.rows, array))
            np.save(new / f"columns-{array}.npy", getattr(segment.columns, array))
        new.rename(folder / name)
    return name


def _is_whole(folder: Path) -> bool:
    try:
        _read(folder)
    except _UNREADABLE:
        return False
    return True


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _remove_others(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(True)
