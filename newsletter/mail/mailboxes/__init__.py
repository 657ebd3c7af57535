"""Where returned mail is read from: files of every usual form, and IMAP."""

from collections.abc import Callable
from dataclasses import dataclass

MOST = 10_000_000
"""Octets of a message that are read; what is longer is cut off there."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Letter:
    """``kept`` is called when the message is stored, so that it need not be read again."""

    raw: bytes
    kept: Callable[[], None] = _nothing
