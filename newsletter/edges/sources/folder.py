"""An inbox: a folder of brief files, looked at twice so that none is read half written."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import BriefRejected, NewsletterError, UsageError

_UNFINISHED = ("~", ".tmp", ".part", ".swp", ".crdownload")


class StillWritten(NewsletterError):
    """A file changed between two looks: leave it for the next time."""


@dataclass(frozen=True, slots=True)
class Look:
    """A file as it stood: its absolute path in valid Unicode, bytes, time of change.

    ``name`` is what opens it: the path itself, unless that holds bytes that are no Unicode.
    """

    path: str
    size: int
    mtime_ns: int
    name: str = field(default="", compare=False, repr=False)


class Folder:
    """Brief files under ``path``, or the one file that it is. Nothing in it is moved or deleted."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = os.path.abspath(path)  # noqa: PTH100: a link to the inbox keeps its own name
        self.max_bytes = max_bytes

    def look(self) -> dict[str, Look]:
        """What stands there now, by path, in order; raises UsageError where the path cannot be read.

        Hidden and unfinished files are no briefs. A link, a pipe, a folder that cannot be listed
        stand among the files, so that ``read`` says why they are none.
        """
        looks = (_look(name) for name in self._names())
        found = {look.path: look for look in looks if look}
        return dict(sorted(found.items()))

    def _names(self) -> Iterator[str]:
        try:
            if not stat.S_ISDIR(os.stat(self.path).st_mode):  # noqa: PTH116
                return iter([self.path])
            os.scandir(self.path).close()
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}") from error
        return _under(self.path)

    def read(self, look: Look) -> bytes:
        """The file's bytes; raises BriefRejected, or StillWritten where it is not as it was seen."""
        name = look.name or look.path
        try:
            target = self._inside(name)
            _expect(look, os.stat(target))  # noqa: PTH116
            self._accept(look, target)
            return _read(look, target)
        except FileNotFoundError as error:
            if os.path.islink(name):  # noqa: PTH114
                raise BriefRejected("a link to nothing") from error
            raise StillWritten(f"{look.path} went away") from error
        except OSError as error:
            raise BriefRejected(f"cannot be opened: {error.strerror}") from error

    def _inside(self, name: str) -> str:
        """Where a link leads, which is inside the inbox; opening follows no further one."""
        if not os.path.islink(name):  # noqa: PTH114
            return name
        target, inbox = os.path.realpath(name), os.path.realpath(self.path)
        if os.path.commonpath([target, inbox]) != inbox:
            raise BriefRejected(f"a link that leaves the inbox: it leads to {_unicode(target)}")
        return target

    def _accept(self, look: Look, target: str) -> None:
        mode = os.stat(target).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            os.scandir(target).close()  # a folder stands among the files when it cannot be listed
        if not stat.S_ISREG(mode):
            raise BriefRejected(f"not a regular file but {_kind(mode)}")
        if look.size > self.max_bytes:
            raise BriefRejected(
                f"{look.size:,} bytes: more than the {self.max_bytes:,} that inbox.max_bytes allows"
            )


def settled(
    before: Mapping[str, Look], after: Mapping[str, Look]
) -> tuple[dict[str, Look], list[str]]:
    """Of the files seen last, those that stand as they did before, and the paths still changing."""
    still = {path: look for path, look in after.items() if before.get(path) == look}
    return still, [path for path in after if path not in still]


def _under(folder: str) -> Iterator[str]:
    """Every name that may be a brief, the names of folders that cannot be listed among them."""
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                ...
        except OSError:
            ...
