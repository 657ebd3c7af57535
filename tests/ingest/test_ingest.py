"""From a folder on disk into the store: nothing lost, nothing twice, nothing half."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.ingest.ingest import IngestJob, IngestReport, ingest_sources
from newsletter.ingest.sources.folder import Folder
from newsletter.storage import Store
from newsletter.storage.archive import Totals
from tests.builders import NOON, unlike

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
QUOTES = str.maketrans({"'": "’", '"': "”"})


def run(store: Store, *paths: Path, pause: Callable[[], None] = lambda: None) -> IngestReport:
    sources = [Folder(path, 1_000_000) for path in paths]
    return ingest_sources(
        IngestJob(store, sources, (), "UTC", pause, lambda _done, _total: None), lambda: NOON
    )


def write(folder: Path, name: str, *numbers: int) -> Path:
    path = folder / name
    path.write_text("\n\n".join(map(unlike, numbers)))
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def test_an_unchanged_file_is_read_once(sqlite: Store, inbox: Path) -> None:
    write(inbox, "a.txt", 1, 2)
    assert run(sqlite, inbox).read == 1
    found = run(sqlite, inbox, pause=pytest.fail)
    assert (found.read, found.after) == (0, Totals(1, 2, 2, 0, 0))


def test_a_renamed_file_is_the_same_brief(sqlite: Store, inbox: Path) -> None:
    path = write(inbox, "a.txt", 1, 2)
    run(sqlite, inbox)
    path.rename(inbox / "b.txt")
    assert run(sqlite, inbox).after == Totals(1, 2, 2, 0, 0)
    write(inbox, "b.txt", 3, 4, 5)
    assert run(sqlite, inbox).after == Totals(1, 3, 3, 0, 0)


def test_a_file_still_being_written_is_left_and_named(sqlite: Store, inbox: Path) -> None:
    write(inbox, "whole.txt", 1)
    growing = write(inbox, "growing.txt", 2)

    def grow() -> None:
        with growing.open("a") as file:
            file.write(" More of it.")

    found = run(sqlite, inbox, pause=grow)
    assert (found.left, found.after.briefs) == ([str(growing)], 1)
    assert run(sqlite, inbox).after.briefs == 2


def test_what_cannot_be_read_stays_and_is_tried_again_when_it_changes(
    sqlite: Store, inbox: Path
) -> None:
    bad = inbox / "bad.json"
    bad.write_text('{"insights": [\n}')
    write(inbox, "good.txt", 1)
    found = run(sqlite, inbox)
    assert [(one.path, one.line) for one in found.rejected] == [(str(bad), 2)]
    assert (found.after.briefs, found.after.rejected) == (1, 1)
    assert run(sqlite, inbox).rejected == []
    assert bad.exists()
    bad.write_text('{"insights": ["Now it can be read, and it says something."]}')
    assert run(sqlite, inbox).after == Totals(2, 2, 2, 0, 0)


def test_a_rejected_file_that_is_removed_is_forgotten(sqlite: Store, inbox: Path) -> None:
    bad = inbox / "bad.txt"
    bad.write_bytes(b"\x00\x01")
    assert run(sqlite, inbox).after.rejected == 1
    bad.unlink()
    assert run(sqlite, inbox).after.rejected == 0


def test_a_name_that_is_no_unicode_is_read_once(sqlite: Store, inbox: Path) -> None:
    name = os.fsencode(inbox) + b"/caf\xe9.txt"
    Path(os.fsdecode(name)).write_text(unlike(1))
    assert run(sqlite, inbox).after.briefs == 1
    assert run(sqlite, inbox).read == 0


def test_several_sources_are_one_look(sqlite: Store, inbox: Path, tmp_path: Path) -> None:
    write(inbox, "a.txt", 1)
    other = write(tmp_path, "other.txt", 2)
    pauses: list[int] = []
    found = run(sqlite, inbox, other, inbox, pause=lambda: pauses.append(1))
    assert (found.after.briefs, found.read, pauses) == (2, 2, [1])


def test_many_files_go_in_by_batches(sqlite: Store, inbox: Path) -> None:
    for number in range(450):
        (inbox / f"{number}.txt").write_text(f"This is the insight with the number {number}.")
    assert run(sqlite, inbox).after == Totals(450, 450, 450, 0, 0)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")
def test_the_seeds_give_5_30_55_however_they_are_written(
    sqlite: Store, inbox: Path, tmp_path: Path
) -> None:
    seeds = [path.read_text() for path in sorted(SEEDS.glob("*.txt"))]
    ways: list[Callable[[str], str]] = [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.translate(QUOTES),
        lambda text: text.replace(". ", ".   ").replace("\n", "  \n"),
    ]
    shuffled = random.Random(4)
    for number, way in enumerate(ways):
        shuffled.shuffle(seeds)
        for place, text in enumerate(seeds):
            (inbox / f"{number}-{place}.txt").write_text(way(text), encoding="utf-8", newline="")
        after = run(sqlite, inbox).after
        assert (after.briefs, after.insights, after.mentions) == (5, 30, 55)
