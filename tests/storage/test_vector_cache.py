"""Vectors are kept by text, and a file that cannot be used costs only time."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from newsletter.storage.vector_cache import VectorCache


def test_what_is_put_is_got_whatever_the_text(tmp_path: Path) -> None:
    texts = ["", "kettle", "\ud800", "a" * 10_000, "kettle "]
    vectors = {text: bytes([number]) for number, text in enumerate(texts)}
    VectorCache(tmp_path / "kept").put(vectors)
    assert VectorCache(tmp_path / "kept").get([*texts, "ferry"]) == vectors


def test_a_file_that_cannot_be_used_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "torn").write_bytes(b"no database" * 99)
    for path in (tmp_path / "torn", tmp_path / "no folder" / "kept", tmp_path):
        VectorCache(path).put({"kettle": b"1"})
        assert VectorCache(path).get(["kettle"]) == {}


def test_a_file_that_is_no_database_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    (tmp_path / "torn").write_bytes(b"no database" * 99)
    VectorCache(tmp_path / "torn").put({"kettle": b"1"})
    VectorCache(tmp_path / "torn").get(["kettle"])
    assert len(opened) == 2
    for db in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            db.execute("SELECT 1")
