"""From a folder on disk into the store: nothing lost, nothing twice, nothing half."""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from newsletter.domain.model import Brief
from newsletter.ingest import parsers
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
        IngestJob(store, "here", sources, (), "UTC", pause, lambda _done, _total: None),
        lambda: NOON,
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


@pytest.mark.parametrize("files", [205, pytest.param(450, marks=pytest.mark.heavy)])
def test_many_files_go_in_by_batches(sqlite: Store, inbox: Path, files: int) -> None:
    for number in range(files):
        (inbox / f"{number}.txt").write_text(f"This is the insight with the number {number}.")
    assert run(sqlite, inbox).after == Totals(files, files, files, 0, 0)


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


def elsewhere(store: Store, source: str, *paths: Path) -> IngestReport:
    folders = [Folder(path, 1_000_000) for path in paths]
    job = IngestJob(store, source, folders, (), "UTC", lambda: None, lambda _done, _total: None)
    return ingest_sources(job, lambda: NOON)


def test_a_second_machine_forgets_only_its_own_files(sqlite: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    path = write(first, "a.txt", 1, 2)
    write(second, "b.txt", 3)
    elsewhere(sqlite, "one", first)
    hidden = first.rename(tmp_path / "not on the other machine")
    assert elsewhere(sqlite, "two", second).after.briefs == 2
    hidden.rename(first)
    assert elsewhere(sqlite, "one", first).read == 0
    write(first, path.name, 4, 5, 6)
    assert elsewhere(sqlite, "one", first).after == Totals(2, 4, 4, 0, 0)


def test_the_same_path_on_two_machines_is_two_files(sqlite: Store, inbox: Path) -> None:
    path = write(inbox, "a.txt", 1)
    elsewhere(sqlite, "one", inbox)
    write(inbox, path.name, 2, 3)
    assert elsewhere(sqlite, "two", inbox).after.briefs == 2
    assert elsewhere(sqlite, "two", inbox).read == 0


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_brief_that_two_machines_have_and_is_edited_stays_one(
    sqlite: Store, inbox: Path, order: tuple[str, str]
) -> None:
    path = write(inbox, "a.txt", 1)
    for source in ("one", "two"):
        elsewhere(sqlite, source, inbox)
    write(inbox, path.name, 2, 3)
    for source in order:
        assert elsewhere(sqlite, source, inbox).after.briefs == 1
    write(inbox, path.name, 4, 5, 6)
    assert elsewhere(sqlite, order[0], inbox).after == Totals(1, 3, 3, 0, 0)


def test_what_another_machine_still_says_is_not_lost(sqlite: Store, inbox: Path) -> None:
    path = write(inbox, "a.txt", 1)
    elsewhere(sqlite, "one", inbox)
    elsewhere(sqlite, "two", inbox)
    write(inbox, "b.txt", 2, 3)
    elsewhere(sqlite, "one", inbox)
    write(inbox, path.name, 2, 3)
    assert elsewhere(sqlite, "one", inbox).after.briefs == 2
    assert elsewhere(sqlite, "two", inbox).after.briefs == 1


def test_an_inbox_that_moved_on_its_machine_keeps_its_briefs(
    sqlite: Store, inbox: Path, tmp_path: Path
) -> None:
    write(inbox, "a.txt", 1)
    elsewhere(sqlite, "one", inbox)
    moved = inbox.rename(tmp_path / "moved")
    assert elsewhere(sqlite, "one", moved).after.briefs == 1
    write(moved, "a.txt", 2, 3)
    assert elsewhere(sqlite, "one", moved).after == Totals(1, 2, 2, 0, 0)


def test_a_file_named_by_itself_is_the_file_of_the_inbox(sqlite: Store, inbox: Path) -> None:
    path = write(inbox, "a.txt", 1)
    elsewhere(sqlite, "one", inbox)
    assert elsewhere(sqlite, "one", path).read == 0
    write(inbox, "a.txt", 2, 3)
    assert elsewhere(sqlite, "one", path).after == Totals(1, 2, 2, 0, 0)


def test_a_machine_that_was_renamed_counts_nothing_twice(sqlite: Store, inbox: Path) -> None:
    write(inbox, "a.txt", 1)
    elsewhere(sqlite, "old name", inbox)
    assert elsewhere(sqlite, "new name", inbox).after.briefs == 1
    write(inbox, "a.txt", 2, 3)
    assert elsewhere(sqlite, "new name", inbox).after == Totals(1, 2, 2, 0, 0)


def test_a_defect_that_one_file_brings_to_light_does_not_end_the_others(
    sqlite: Store, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "a.txt", 1)
    write(inbox, "b.txt", 2)
    real = parsers.briefs

    def defective(name: str, data: bytes, phrases: Sequence[str] = ()) -> tuple[Brief, ...]:
        if name.endswith("a.txt"):
            raise ZeroDivisionError
        return real(name, data, phrases)

    monkeypatch.setattr(parsers, "briefs", defective)
    done = run(sqlite, inbox)
    assert done.after.briefs == 1
    assert [read.reason for read in done.rejected] == [
        "unexpected, please report it: ZeroDivisionError()"
    ]


def test_a_file_whose_insights_were_all_taken_out_is_withdrawn(sqlite: Store, inbox: Path) -> None:
    path = inbox / "a.md"
    path.write_text(f"- {unlike(1)}\n")
    assert run(sqlite, inbox).after.insights == 1
    path.write_text(f"# Private\n\n- {unlike(1)}\n")
    done = run(sqlite, inbox)
    assert done.after == Totals(0, 0, 0, 1, 0)
    path.write_text("")
    path.write_text(f"---\ntitle: [\n---\n- {unlike(1)}\n")
    assert run(sqlite, inbox).after.insights == 1, "and is one again"
