"""Quoted-printable (RFC 2045, 6.7) of a text that comes in pieces, most of them in many texts."""

from binascii import b2a_qp
from collections.abc import Iterable
from functools import lru_cache

_SHORT = 1_000


class Fragment(str):
    """A piece of many texts. ``quoted`` is its encoded form; empty where it ends within a line."""

    __slots__ = ("quoted",)
    quoted: bytes

    def __new__(cls, text: str) -> "Fragment":
        made = super().__new__(cls, text)
        made.quoted = _encoded(text) if text.endswith("\n") else b""
        return made


def quoted(pieces: Iterable[str]) -> bytes:
    """Every line ends in CRLF, the last one, too.

    Pieces that begin and end with a line are encoded each by itself, which is the same as the
    whole; and what stands in many texts, once.
    """
    made: list[bytes] = []
    begun: list[str] = []
    for piece in pieces:
        if type(piece) is Fragment and piece.quoted and not begun:
            made.append(piece.quoted)
            continue
        begun.append(piece)
        if piece.endswith("\n"):
            # Joined, not added: to add what is safe in HTML to what is not would escape it.
            made.append(_lines("".join(begun)))
            begun.clear()
    return b"".join((*made, _lines("".join(begun))))


def _lines(text: str) -> bytes:
    """What is long is an operator's, or one reader's, and would only fill the memory."""
    return _known(text) if len(text) < _SHORT else _encoded(text)


def _encoded(text: str) -> bytes:
    return b2a_qp("\r\n".join([*text.splitlines(), ""]).encode("utf-8", "replace"))


_known = lru_cache(maxsize=8_192)(_encoded)
