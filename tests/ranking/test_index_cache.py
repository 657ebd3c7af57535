"""The index's files: a cache that is believed only where it fits."""

from pathlib import Path

import numpy as np
import pytest

from newsletter.composing.similarity_index import index_of
from newsletter.ranking import index_cache
from newsletter.ranking.similarity import Index, compare
from newsletter.storage import Store
from tests.builders import NOON, TODAY, brief, read, unlike

TEXTS = [unlike(number) for number in range(20)]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    index = Index.build(range(1, 21), TEXTS)
    index_cache.save(index, index_cache.Fingerprint(20, "key", 20), tmp_path / "index")
    found = index_cache.load(tmp_path / "index", "en")
    assert found
    again, mark = found
    assert mark == index_cache.Fingerprint(20, "key", 20)
    ours, theirs = (compare(one, TEXTS[:3]) for one in (index, again))
    assert np.array_equal(ours.row, theirs.row)
    assert np.array_equal(ours.probability, theirs.probability)


def test_missing_torn_or_foreign_files_are_no_index(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    assert index_cache.load(folder, "en") is None
    index_cache.save(Index.build(range(20), TEXTS), index_cache.Fingerprint(20, "key", 20), folder)
    assert index_cache.load(folder, "de") is None
    assert index_cache.load(folder, "en")
    (values,) = folder.glob("*/rows-data.npy")
    np.save(values, np.load(values)[:-1])
    assert index_cache.load(folder, "en") is None
    (folder / "manifest.json").write_text('{"edition"')
    assert index_cache.load(folder, "en") is None


@pytest.mark.parametrize("half", [0, 0.5])
def test_any_file_that_a_power_cut_left_empty_or_half_is_no_index(
    tmp_path: Path, half: float
) -> None:
    """Arrays, terms and manifest alike."""
    folder = tmp_path / "index"
    made = Index.build(range(20), TEXTS), index_cache.Fingerprint(20, "key", 20)
    index_cache.save(*made, folder)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * half)])
        assert index_cache.load(folder, "en") is None, path.name
        index_cache.save(*made, folder)
        assert index_cache.load(folder, "en"), f"{path.name} is made anew"


def test_the_files_follow_the_database_and_are_made_anew_when_they_do_not(tmp_path: Path) -> None:
    store, folder = Store(f"sqlite:///{tmp_path / 'news.db'}", create=True), tmp_path / "index"
    for number, text in enumerate(TEXTS[:4]):
        _enter(store, number, text)
        with store.reading() as db:
            assert len(index_of(db, folder, "en")) == number + 1
    index_cache.save(
        Index.build([1], ["of another database"]), index_cache.Fingerprint(1, "other", 1), folder
    )
    with store.reading() as db:
        index = index_of(db, folder, "en")
        assert compare(index, [TEXTS[2]]).probability.max() > 0.9
        assert len(index) == 4
    store.close()


def _enter(store: Store, number: int, text: str) -> None:
    from newsletter.storage import archive

    with store.writing() as db:
        archive.record(db, [read(f"{number}.txt", brief(text))], NOON, TODAY)
