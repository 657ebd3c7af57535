"""A Maildir, an mbox, a folder of .eml files, or one message in a file."""

import mailbox
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.mail.mailboxes import MOST, Letter


def letters(path: Path) -> Iterator[Letter]:
    """All that is there; nothing is changed. Raises UsageError where there is no such thing."""
    try:
        if path.is_dir():
            yield from _folder(path)
        elif _is_mbox(path):
            yield from _mbox(path)
        else:
            yield Letter(_read(path))
    except FileNotFoundError as error:
        raise UsageError(f"{error.filename} is missing") from error
    except OSError as error:
        raise NewsletterError(
            f"{error.filename or path} cannot be read: {error.strerror}"
        ) from error


def _folder(path: Path) -> Iterator[Letter]:
    places = [path / "new", path / "cur"] if is_maildir(path) else [path]
    pattern = "*" if is_maildir(path) else "*.eml"
    for place in places:
        yield from (Letter(_read(file)) for file in sorted(place.glob(pattern)) if file.is_file())


def is_maildir(path: Path) -> bool:
    return (path / "new").is_dir() and (path / "cur").is_dir()


def new_letters(path: Path) -> Iterator[Letter]:
    """What came into a Maildir of our own; once stored, it is moved to ``cur`` as seen."""
    if not is_maildir(path):
        raise UsageError(f"returns.maildir: {path} is no Maildir: it has no folders new and cur")
    unseen = [file for file in sorted((path / "cur").glob("*")) if "S" not in _flags(file)]
    for file in [*sorted((path / "new").glob("*")), *unseen]:
        try:
            yield Letter(_read(file), partial(_see, file))
        except FileNotFoundError:  # another process took it
            continue
        except OSError as error:
            raise NewsletterError(f"{file} cannot be read: {error.strerror}") from error


def _flags(file: Path) -> str:
    return file.name.rpartition(":2,")[2] if ":2," in file.name else ""


def _see(file: Path) -> None:
    name, _, flags = file.name.partition(":2,")
    seen = "".join(sorted({*flags, "S"}))
    try:
        file.rename(file.parent.parent / "cur" / f"{name}:2,{seen}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise NewsletterError(f"{file} cannot be moved to cur: {error.strerror}") from error


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST)


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(5) == b"From "


def _mbox(path: Path) -> Iterator[Letter]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            with box.get_file(key) as stream:
                yield Letter(stream.read(MOST))
    finally:
        box.close()
