"""Quoted-printable (RFC 2045, 6.7) of a text in pieces, which many texts share."""

from binascii import b2a_qp
from collections.abc import Iterable
from functools import lru_cache

_MARK = "~\r\n"
_MOST = 75
_SOFT_BREAK = b"=\r\n"


def encode(pieces: Iterable[str]) -> bytes:
    """Every line ends in CRLF, the last one too; none is longer than 76 octets.

    Each piece is encoded by itself: where one ends within a line, a soft line break joins it to the
    next. So what many letters have in common is encoded once.
    """
    encoded = b"".join(map(_encode, filter(None, pieces)))
    return encoded + b"\r\n" if encoded.endswith(_SOFT_BREAK) else encoded


@lru_cache(maxsize=4096)
def _encode(piece: str) -> bytes:
    """The mark keeps room for the soft break, and the piece's last space from being its last."""
    if len(piece) < _MOST and piece.isascii() and piece.isprintable() and "=" not in piece:
        return piece.encode() + _SOFT_BREAK  # an address of the reader's own, mostly
    lines = "\r\n".join(f"{piece}{_MARK}".splitlines())
    encoded = b2a_qp(f"{lines}\r\n".encode("utf-8", "replace"))[: -len(_MARK)]
    return encoded if encoded.endswith(b"\r\n") else encoded + _SOFT_BREAK
