"""The index's files: a cache that is believed only where it fits."""

from pathlib import Path

import numpy as np

from newsletter.daily.indexing import index_of
from newsletter.edges import shelf
from newsletter.edges.store import Store
from newsletter.editorial.similarity import Index, compare
from tests.builders import NOON, TODAY, brief, read, unlike

TEXTS = [unlike(number) for number in range(20)]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    index = Index.build(range(1, 21), TEXTS)
    shelf.save(index, shelf.Mark(20, "key", 20), tmp_path / "shelf")
    found = shelf.load(tmp_path / "shelf", "en")
    assert found
    again, mark = found
    assert mark == shelf.Mark(20, "key", 20)
    ours, theirs = (compare(one, TEXTS[:3]) for one in (index, again))
    assert np.array_equal(ours.row, theirs.row)
    assert np.array_equal(ours.probability, theirs.probability)


def test_missing_torn_or_foreign_files_are_no_index(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    assert shelf.load(folder, "en") is None
    shelf.save(Index.build(range(20), TEXTS), shelf.Mark(20, "key", 20), folder)
    assert shelf.load(folder, "de") is None
    (folder / "manifest.json").write_text('{"edition"')
    assert shelf.load(folder, "en") is None


def test_the_files_follow_the_database_and_are_made_anew_when_they_do_not(tmp_path: Path) -> None:
    store, folder = Store(f"sqlite:///{tmp_path / 'news.db'}"), tmp_path / "shelf"
    for number, text in enumerate(TEXTS[:4]):
        _enter(store, number, text)
        with store.reading() as db:
            assert len(index_of(db, folder, "en")) == number + 1
    shelf.save(Index.build([1], ["of another database"]), shelf.Mark(1, "other", 1), folder)
    with store.reading() as db:
        index = index_of(db, folder, "en")
        assert compare(index, [TEXTS[2]]).probability.max() > 0.9
        assert len(index) == 4
    store.close()


def _enter(store: Store, number: int, text: str) -> None:
    from newsletter.edges.store import archive

    with store.writing() as db:
        archive.record(db, [read(f"{number}.txt", brief(text))], NOON, TODAY)
