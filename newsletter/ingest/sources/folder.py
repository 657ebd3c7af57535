"""A folder of brief files. It is scanned twice, so that no file is read half written."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.domain.errors import BriefRejected, NewsletterError, UsageError

_UNFINISHED = ("~", ".tmp", ".part", ".swp", ".crdownload")
_FILE_TYPES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class StillWritten(NewsletterError):
    """A file changed since it was scanned: leave it for the next scan."""


@dataclass(frozen=True, slots=True)
class Look:
    """A file when it was scanned: absolute path in valid Unicode, size in bytes, last change.

    ``name`` opens the file if its real path is not valid Unicode; otherwise ``path`` does.
    """

    path: str
    size: int
    mtime_ns: int
    name: str = field(default="", compare=False, repr=False)


class Folder:
    """The brief files under ``path``, or the one file that it is; none is moved or deleted."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        # Not resolved: an inbox that is a link keeps its name, and with it its briefs keep theirs.
        self.path = Path(os.path.normpath(path.absolute()))
        self.max_bytes = max_bytes

    def look(self) -> dict[str, Look]:
        """The files by path, sorted. Raises UsageError if the folder cannot be listed.

        Hidden and unfinished files are left out. Links, pipes and folders that cannot be listed are
        included, so that ``read`` can report what is wrong with them.
        """
        looks = {look.path: look for look in map(_look, self._paths()) if look}
        return dict(sorted(looks.items()))

    def _paths(self) -> Iterable[Path]:
        try:
            if not stat.S_ISDIR(self.path.stat().st_mode):
                return [self.path]
            os.scandir(self.path).close()
        except OSError as error:
            raise UsageError(f"{_unicode(self.path)}: {error.strerror}") from error
        return _under(self.path)

    def read(self, look: Look) -> bytes:
        """The file's bytes. Raises BriefRejected, or StillWritten if it changed since the scan."""
        path = Path(look.name or look.path)
        try:
            target = self._inside(path)
            self._accept(look, _status(target))
            return _read(look, target)
        except FileNotFoundError as error:
            raise StillWritten(f"{look.path}: it is gone") from error
        except OSError as error:
            raise BriefRejected(f"cannot be opened: {error.strerror}") from error

    def _inside(self, path: Path) -> Path:
        """The file that a link leads to, which must be in the inbox too; or the path itself."""
        if not path.is_symlink():
            return path
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(os.path.realpath(self.path)):
            raise BriefRejected(f"a link that leaves the inbox, to {_unicode(target)}")
        if not target.exists():
            raise BriefRejected(f"a link to nothing: {_unicode(target)}")
        return target

    def _accept(self, look: Look, status: os.stat_result) -> None:
        file_type = stat.S_IFMT(status.st_mode)
        if file_type == stat.S_IFDIR:
            os.scandir(look.name or look.path).close()  # raises the reason why it cannot be listed
        if file_type != stat.S_IFREG:
            type_name = _FILE_TYPES.get(file_type, "something else")
            raise BriefRejected(f"not a regular file but {type_name}")
        _expect(look, status)
        if look.size > self.max_bytes:
            allowed = f"inbox.max_bytes allows {self.max_bytes:,}"
            raise BriefRejected(f"too large: {look.size:,} bytes, and {allowed}")


def settled(
    before: Mapping[str, Look], after: Mapping[str, Look]
) -> tuple[dict[str, Look], list[str]]:
    """Of two scans: the files that did not change, and the paths of those that did."""
    still = {path: look for path, look in after.items() if before.get(path) == look}
    return still, [path for path in after if path not in still]


def _under(root: Path) -> Iterator[Path]:
    folders = [os.fspath(root)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:
            yield Path(folder)
            continue
        for entry in visible:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif not entry.name.lower().endswith(_UNFINISHED):
                yield Path(entry.path)


def _look(path: Path) -> Look | None:
    try:
        status = _status(path)
    except OSError:
        return None  # it was removed during the scan
    return Look(_unicode(path), status.st_size, status.st_mtime_ns, os.fspath(path))


def _status(path: Path) -> os.stat_result:
    """Of the file that a link leads to, or of the link itself if it leads nowhere."""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


def _unicode(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read(look: Look, target: Path) -> bytes:
    """Refuses to follow a link, or to block on a pipe, that replaced the file since the scan."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags), "rb") as file:
        _expect(look, os.fstat(file.fileno()))
        data = file.read(look.size + 1)
        _expect(look, os.fstat(file.fileno()))
    return data


def _expect(look: Look, status: os.stat_result) -> None:
    if (look.size, look.mtime_ns) != (status.st_size, status.st_mtime_ns):
        raise StillWritten(f"{look.path}: its size or time changed since it was scanned")
