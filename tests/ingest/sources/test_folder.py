"""The inbox as it really is: links, pipes, odd names, files that grow or go away."""

import os
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.domain.errors import BriefRejected, UsageError
from newsletter.ingest.sources.folder import Folder, Look, StillWritten, settled

MAX = 1_000


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def looked(path: Path) -> list[str]:
    return [Path(name).relative_to(path).as_posix() for name in Folder(path, MAX).look()]


def refused(path: Path, name: str) -> str:
    folder = Folder(path, MAX)
    with pytest.raises(BriefRejected) as caught:
        folder.read(folder.look()[str(path / name)])
    return caught.value.reason


def test_every_file_below_is_seen_in_order(inbox: Path) -> None:
    (inbox / "2026" / "march").mkdir(parents=True)
    for name in ("z.txt", "2026/b.md", "2026/march/a.json", "a.txt"):
        (inbox / name).write_text(name)
    assert looked(inbox) == ["2026/b.md", "2026/march/a.json", "a.txt", "z.txt"]
    folder = Folder(inbox, MAX)
    assert [folder.read(look) for look in folder.look().values()] == [
        b"2026/b.md",
        b"2026/march/a.json",
        b"a.txt",
        b"z.txt",
    ]


def test_hidden_and_unfinished_files_are_no_briefs(inbox: Path) -> None:
    (inbox / ".stash").mkdir()
    names = (".stash/a.txt", ".b.txt", "c.txt~", "d.tmp", "e.txt.PART", "f.swp", "g.crdownload")
    for name in names:
        (inbox / name).write_text("x")
    assert looked(inbox) == []


def test_a_named_file_is_the_whole_folder(inbox: Path) -> None:
    (inbox / ".draft.tmp").write_text("x")
    (inbox / "other.txt").write_text("y")
    folder = Folder(inbox / ".draft.tmp", MAX)
    (look,) = folder.look().values()
    assert (look.path, folder.read(look)) == (str(inbox / ".draft.tmp"), b"x")


def test_paths_are_absolute_and_plain(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "a.txt").write_text("x")
    monkeypatch.chdir(inbox)
    assert list(Folder(Path("../inbox/."), MAX).look()) == [str(inbox / "a.txt")]


def test_a_path_that_does_not_exist_is_a_usage_error(inbox: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.txt: No such file"):
        Folder(inbox / "none.txt", MAX).look()


def test_a_file_over_the_limit(inbox: Path) -> None:
    (inbox / "fits.txt").write_bytes(b"x" * MAX)
    (inbox / "large.txt").write_bytes(b"x" * (MAX + 1))
    assert refused(inbox, "large.txt") == "too large: 1,001 bytes, and inbox.max_bytes allows 1,000"
    folder = Folder(inbox, MAX)
    assert len(folder.read(folder.look()[str(inbox / "fits.txt")])) == MAX


def test_a_link_inside_is_read_and_one_that_leaves_is_not(inbox: Path, tmp_path: Path) -> None:
    (inbox / "a.txt").write_text("inside")
    (inbox / "b.txt").symlink_to("a.txt")
    (tmp_path / "secret.txt").write_text("outside")
    (inbox / "c.txt").symlink_to("../secret.txt")
    (inbox / "up").symlink_to(tmp_path)
    (inbox / "gone.txt").symlink_to("nowhere.txt")
    (inbox / "round.txt").symlink_to("round.txt")
    folder = Folder(inbox, MAX)
    assert folder.read(folder.look()[str(inbox / "b.txt")]) == b"inside"
    assert refused(inbox, "c.txt") == f"a link that leaves the inbox, to {tmp_path / 'secret.txt'}"
    assert refused(inbox, "up") == f"a link that leaves the inbox, to {tmp_path}"
    assert refused(inbox, "gone.txt").startswith("a link to nothing")
    assert refused(inbox, "round.txt")


def test_a_sibling_whose_name_begins_alike_is_outside(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "inbox-2").mkdir()
    (tmp_path / "inbox-2" / "a.txt").write_text("x")
    (inbox / "a.txt").symlink_to(tmp_path / "inbox-2" / "a.txt")
    assert "leaves the inbox" in refused(inbox, "a.txt")


def test_an_inbox_that_is_a_link_keeps_its_name(inbox: Path, tmp_path: Path) -> None:
    (inbox / "a.txt").write_text("x")
    (inbox / "b.txt").symlink_to("a.txt")
    (tmp_path / "drop").symlink_to(inbox)
    folder = Folder(tmp_path / "drop", MAX)
    looks = folder.look()
    assert list(looks) == [str(tmp_path / "drop" / name) for name in ("a.txt", "b.txt")]
    assert {folder.read(look) for look in looks.values()} == {b"x"}


def test_a_link_that_the_operator_named_may_lead_anywhere(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (inbox / "b.txt").symlink_to(tmp_path / "a.txt")
    folder = Folder(inbox / "b.txt", MAX)
    assert [folder.read(look) for look in folder.look().values()] == [b"x"]


def test_a_pipe_is_never_opened(inbox: Path) -> None:
    """Whoever writes into it waits for a reader: that must not be us."""
    os.mkfifo(inbox / "a.txt")
    opened = threading.Event()

    def write() -> None:
        descriptor = os.open(inbox / "a.txt", os.O_WRONLY)
        opened.set()
        os.close(descriptor)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    assert refused(inbox, "a.txt") == "not a regular file but a pipe"
    assert not opened.wait(0.05)
    os.close(os.open(inbox / "a.txt", os.O_RDONLY))
    writer.join(5)


def test_a_socket_is_no_brief() -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/a.txt")
        assert refused(Path(short).absolute(), "a.txt") == "not a regular file but a socket"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_what_may_not_be_opened(inbox: Path) -> None:
    (inbox / "a.txt").write_text("x")
    (inbox / "a.txt").chmod(0)
    (inbox / "closed").mkdir(mode=0)
    assert refused(inbox, "a.txt") == "cannot be opened: Permission denied"
    assert refused(inbox, "closed") == "cannot be opened: Permission denied"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("xy"),
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.unlink(),
    ],
    ids=["grown", "touched", "gone"],
)
def test_a_file_that_is_not_as_it_was_seen_is_left(
    inbox: Path, change: Callable[[Path], object]
) -> None:
    (inbox / "a.txt").write_text("x")
    folder = Folder(inbox, MAX)
    (look,) = folder.look().values()
    change(inbox / "a.txt")
    with pytest.raises(StillWritten, match=r"a\.txt"):
        folder.read(look)


def test_settled() -> None:
    def look(name: str, size: int, changed: int) -> Look:
        return Look(name, size, changed)

    before = {
        "a": look("a", 1, 1),
        "b": look("b", 1, 1),
        "c": look("c", 1, 1),
        "d": look("d", 1, 1),
    }
    after = {"a": look("a", 1, 1), "b": look("b", 2, 1), "c": look("c", 1, 2), "e": look("e", 1, 1)}
    assert settled(before, after) == ({"a": look("a", 1, 1)}, ["b", "c", "e"])


def test_names_of_any_bytes(inbox: Path) -> None:
    """What is stored is valid Unicode; what is opened are the bytes."""
    try:
        Path(os.fsdecode(bytes(inbox) + b"/gr\xfcn\n.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes Unicode names alone")
    folder = Folder(inbox, MAX)
    (look,) = folder.look().values()
    assert look.path == f"{inbox}/gr\\xfcn\n.txt"
    assert look.path.encode()
    assert folder.read(look) == b"x"
