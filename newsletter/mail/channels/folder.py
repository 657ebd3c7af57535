"""Messages as .eml files in a folder: the channel that needs no server."""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from newsletter.domain.errors import ChannelDown
from newsletter.mail.channels import Attempt, Envelope
from newsletter.turns import waiting

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._+@-]{0,99}")


class Folder:
    """``path/<date>/<address>.eml``, the date as the message's own Date header tells it.

    Files are whole or not there, and readable by their owner only. The same message sent again
    leaves one file; another one of that day for the same address stands beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        """Returns the path of the file; raises ChannelDown where it cannot be written."""
        if attempt is not None:
            attempt.look()
        folder = self._path / _day(envelope.message)
        try:
            self._path.mkdir(0o700, parents=True, exist_ok=True)
            folder.mkdir(0o700, exist_ok=True)
            target = _target(folder, envelope)
            with waiting():
                _write(target, envelope.message)
        except OSError as error:
            advice = "check delivery.folder.path, and the space and rights there"
            raise ChannelDown(f"{folder}: {error.strerror or error}", advice) from error
        return str(target)

    def close(self) -> None:
        """Nothing is kept open."""


def _day(message: bytes) -> str:
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    date = BytesHeaderParser().parsebytes(head)["Date"]
    try:
        return parsedate_to_datetime(str(date)).date().isoformat()
    except ValueError:
        return "undated"


def _target(folder: Path, envelope: Envelope) -> Path:
    target = folder / f"{_name(envelope.recipient)}.eml"
    with suppress(FileNotFoundError):
        if target.read_bytes() != envelope.message:
            suffix = hashlib.sha256(envelope.message).hexdigest()[:16]
            return folder / f"{_name(envelope.recipient)}~{suffix}.eml"
    return target


def _name(address: str) -> str:
    """A file name no other address has, on file systems that ignore case, too."""
    if _PLAIN.fullmatch(address):
        return address
    readable = re.sub(r"[^a-z0-9._+@-]", "_", address.lower()).lstrip(".")[:60]
    return f"{readable}~{hashlib.sha256(address.encode(errors='surrogatepass')).hexdigest()[:32]}"


def _write(target: Path, message: bytes) -> None:
    """Whole and on the disk, or not at all."""
    number, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """A new name lasts once its folder is on the disk, too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
