"""The similarity index as files beside the database: a cache, mapped into memory, never a truth.

A folder with ``manifest.json``, the terms, and a subfolder of arrays per segment. Segments never
change; the manifest is replaced at once, so that whoever reads sees one state or the next.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from scipy import sparse

from newsletter.ranking.similarity import Index
from newsletter.ranking.similarity.index import Segment

# Counts the changes to what the files hold: older ones are made anew.
_EDITION = 2
_PARTS = ("data", "indices", "indptr")


@dataclass(frozen=True)
class Mark:
    """What tells that an index belongs to a database: its last insight, and how many there are."""

    last: int = 0
    key: str = ""
    count: int = 0


def load(folder: Path, language: str) -> tuple[Index, Mark] | None:
    """The index as it was saved; None where there is none that this program understands."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        if (manifest["edition"], manifest["language"]) != (_EDITION, language):
            return None
        known = (folder / manifest["terms"]).read_text(encoding="utf-8").splitlines()
        segments = [_read(folder / name) for name in manifest["segments"]]
        vocabulary = {term: number for number, term in enumerate(known)}
        return Index(language, vocabulary, segments), Mark(**manifest["mark"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(index: Index, mark: Mark, folder: Path) -> None:
    """Write what is new; segments that lie there already are left. Failing costs only time."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        segments = [_write(segment, folder) for segment in index.segments]
        terms = f"terms-{mark.last}-{mark.count}.txt"
        _replace(folder / terms, "".join(f"{term}\n" for term in index.vocabulary))
        manifest = {
            "edition": _EDITION,
            "language": index.language,
            "mark": vars(mark),
            "terms": terms,
            "segments": segments,
        }
        _replace(folder / "manifest.json", json.dumps(manifest, indent=1))
        _sweep(folder, {*segments, terms, "manifest.json"})


def _read(folder: Path) -> Segment:
    ids = np.load(folder / "ids.npy", mmap_mode="r")
    width = int(np.load(folder / "width.npy"))
    rows = sparse.csr_array(_arrays(folder, "rows"), shape=(len(ids), width))
    columns = sparse.csc_array(_arrays(folder, "columns"), shape=rows.shape)
    return Segment(ids, np.load(folder / "days.npy", mmap_mode="r"), rows, columns)


def _arrays(folder: Path, name: str) -> tuple[Any, ...]:
    return tuple(np.load(folder / f"{name}-{part}.npy", mmap_mode="r") for part in _PARTS)


def _write(segment: Segment, folder: Path) -> str:
    """A segment's name says which insights it holds, and how many."""
    name = f"{segment.ids[0]}-{segment.ids[-1]}-{len(segment.ids)}"
    if not (folder / name).exists():
        made = Path(mkdtemp(dir=folder))
        np.save(made / "ids.npy", segment.ids)
        np.save(made / "days.npy", segment.days)
        np.save(made / "width.npy", segment.rows.shape[1])
        for part in _PARTS:
            np.save(made / f"rows-{part}.npy", getattr(segment.rows, part))
            np.save(made / f"columns-{part}.npy", getattr(segment.columns, part))
        made.rename(folder / name)
    return name


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _sweep(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(True)
