"""Quoted-printable (RFC 2045, 6.7) of a text in pieces, which many texts share."""

from binascii import b2a_qp
from collections.abc import Iterable


class Fragment(str):
    """A piece of many texts. ``encoded``: its encoded lines; empty if it ends within a line."""

    __slots__ = ("encoded",)
    encoded: bytes

    def __new__(cls, text: str) -> "Fragment":
        fragment = super().__new__(cls, text)
        fragment.encoded = _encode(text) if text.endswith("\n") else b""
        return fragment


def encode(pieces: Iterable[str]) -> bytes:
    """Every line ends in CRLF, the last one too.

    A piece that begins and ends with a line is encoded on its own, which gives the same bytes as
    encoding the whole; the encoded form of a fragment is used again.
    """
    encoded: list[bytes] = []
    lines: list[str] = []
    for piece in pieces:
        if type(piece) is Fragment and piece.encoded and (not lines or lines[-1][-1] == "\n"):
            if lines:
                # join, not +, which escapes plain text when it is added to safe HTML
                encoded.append(_encode("".join(lines)))
                lines.clear()
            encoded.append(piece.encoded)
        elif piece:
            lines.append(piece)
    return b"".join((*encoded, _encode("".join(lines))))


def _encode(text: str) -> bytes:
    return b2a_qp("\r\n".join([*text.splitlines(), ""]).encode("utf-8", "replace"))
