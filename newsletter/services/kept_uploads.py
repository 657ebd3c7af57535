"""Files that were looked at and wait for a yes: in a private folder, for an hour; taken once."""

import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from newsletter.domain.errors import UsageError
from newsletter.services.secret import write_private_bytes

_KEPT = timedelta(hours=1)
_TOKEN = re.compile("[A-Za-z0-9_-]{22}")
_GONE = "this file was imported already, is just being imported, or waited for an hour"

_AGAIN = "upload it once more to see what is missing"


class KeptUpload(msgspec.Struct, frozen=True):
    """``shown`` is what a person was shown of it, as CSV."""

    at: datetime
    name: str
    content: bytes
    shown: bytes


class KeptUploads:
    """In ``folder``, for every process of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, upload: KeptUpload) -> str:
        """The token by which it is found. Those that are too old go."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            self._drop_old(path, upload.at)
        token = secrets.token_urlsafe(16)
        write_private_bytes(self.folder / token, msgspec.msgpack.encode(upload))
        return token

    def look(self, token: str, now: datetime) -> KeptUpload:
        """Raises UsageError where there is none."""
        return self._read(self._path(token), now)

    def take(self, token: str, now: datetime) -> KeptUpload:
        """As ``look``, and nobody else gets it again, even at the same moment."""
        path = self._path(token)
        mine = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            path.rename(mine)
        except OSError:
            raise UsageError(_GONE, _AGAIN) from None
        try:
            return self._read(mine, now)
        finally:
            mine.unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        if not _TOKEN.fullmatch(token):
            raise UsageError(_GONE, _AGAIN)
        return self.folder / token

    def _read(self, path: Path, now: datetime) -> KeptUpload:
        try:
            kept = msgspec.msgpack.decode(path.read_bytes(), type=KeptUpload)
        except (OSError, msgspec.DecodeError):
            kept = None
        if kept is None or not timedelta() <= now - kept.at < _KEPT:
            raise UsageError(_GONE, _AGAIN)
        return kept

    def _drop_old(self, path: Path, now: datetime) -> None:
        with suppress(UsageError):
            self._read(path, now)
            return
        path.unlink(missing_ok=True)
