"""Pictures for links, made once and kept in a folder of files that can be removed at any time."""

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore, Lock

from newsletter.rendering.picture import Card

_MOST = 1_000
_KEPT = 800
_WAITING = 2
_FORMAT = "1"
"""Raised with every change to how a card is drawn."""


class Busy(Exception):
    """Several pictures are being drawn already."""


class Pictures:
    """``draw`` makes a PNG in a tenth of a second, one at a time: one more may wait, so that
    other pages have threads left. At most a thousand files are kept, in about 40 MB."""

    def __init__(self, folder: Path, draw: Callable[[Card], bytes]) -> None:
        self._folder, self._draw = folder, draw
        self._waiting, self._turn = BoundedSemaphore(_WAITING), Lock()

    def get(self, card: Card) -> bytes:
        """Raises Busy."""
        path = self._folder / f"{sha256(repr((_FORMAT, *card)).encode()).hexdigest()[:40]}.png"
        with suppress(OSError):
            return path.read_bytes()
        if not self._waiting.acquire(blocking=False):
            raise Busy
        try:
            with self._turn:
                png = self._draw(card)
        finally:
            self._waiting.release()
        self._keep(path, png)
        return png

    def _keep(self, path: Path, png: bytes) -> None:
        """A failure costs only time: it is drawn again."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_suffix(f".{os.getpid()}")
            new.write_bytes(png)
            new.replace(path)
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        paths = list(self._folder.glob("*.png"))
        if len(paths) > _MOST:
            for old in sorted(paths, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
                old.unlink(missing_ok=True)
