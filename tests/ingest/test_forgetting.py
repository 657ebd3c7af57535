"""Only a file that is gone is forgotten: not one that this look did not ask for."""

from pathlib import Path

from newsletter.storage import Store
from tests.ingest.test_ingest import run, write


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_look_at_one_folder_forgets_nothing_of_another(sqlite: Store, tmp_path: Path) -> None:
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    write(here, "a.txt", 1)
    write(there, "b.txt", 2)
    assert run(sqlite, here, there).after.briefs == 2
    assert run(sqlite, there).after.briefs == 2
    again = run(sqlite, here, there)
    assert (again.read, again.after.briefs) == (0, 2), "known still: not read anew"


def test_a_file_that_is_gone_is_forgotten_whichever_folder_is_looked_at(
    sqlite: Store, tmp_path: Path
) -> None:
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    path = write(here, "a.txt", 1)
    write(there, "b.txt", 2)
    run(sqlite, here, there)
    content = path.read_text()
    path.unlink()
    run(sqlite, there)
    path.write_text(content)
    assert run(sqlite, here).read == 1, "it was forgotten, and is read as a new one"


def test_a_link_that_stands_is_not_gone_though_it_leads_nowhere(
    sqlite: Store, tmp_path: Path
) -> None:
    """What was refused stays recorded with its reason, as long as the file lies there."""
    here, there, disk = (folder(tmp_path / name) for name in ("here", "there", "disk"))
    link = here / "a.txt"
    link.symlink_to(write(disk, "a.txt", 1))
    assert run(sqlite, here).after.rejected == 1, "it leaves the inbox"
    disk.rename(tmp_path / "away")
    assert run(sqlite, there).after.rejected == 1
    link.unlink()
    assert run(sqlite, there).after.rejected == 0
