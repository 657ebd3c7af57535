"""The lines of the journal: claims, changes of readers, and the first byte that tells a state."""

from datetime import date, datetime
from zlib import crc32

import msgspec

CLAIMED, OFFERED, ACCEPTED, ANSWERED, CHANGED = "c", "o", "a", "n", "r"
"""The first byte of a line. CLAIMED: no server was offered it. OFFERED: one may have it. ACCEPTED:
one took it. ANSWERED: one did not take it. CHANGED: a reader's line, which stays as it is."""


class Claim(msgspec.Struct, frozen=True, array_like=True, tag="claim"):
    """``row``, ``owner`` and ``at`` tell it from every other; the rest is for who restores:
    ``reader`` is in the links of the message, which must not become somebody else's."""

    row: int
    owner: str
    at: datetime
    key: str
    # Not ``date``: from Python 3.14 on a field of its type's name hides the type (PEP 649).
    day: date
    message_id: str
    reader: int = 0

    @property
    def may_send(self) -> bool:
        return False


class Change(msgspec.Struct, frozen=True, array_like=True, tag="reader"):
    """The reader with this key came to be in ``state``, when and why.

    Who was erased has a hash in the place of a key, and is known by the number ``reader``.
    """

    key: str
    state: str
    at: datetime | None = None
    reason: str = ""
    reader: int = 0

    @property
    def may_send(self) -> bool:
        """Replaying it lets messages go; all else only keeps them from going."""
        return self.state == "active"


Record = Claim | Change

_decoder = msgspec.json.Decoder(Record)

FIRST_BYTE = 1
"""The first byte of a line, which says how far a message is: its sender changes it."""


def nameless(record: Record) -> bytes:
    """Its line, as long, with nobody's key and Message-ID."""
    blank = {"key": _blank(record.key)}
    if isinstance(record, Claim):
        blank["message_id"] = _blank(record.message_id)
    return encode_line(msgspec.structs.replace(record, **blank))


def _blank(text: str) -> str:
    return "-" * (len(msgspec.json.encode(text)) - 2)


def encode_line(record: Record) -> bytes:
    first = CLAIMED if isinstance(record, Claim) else CHANGED
    text = msgspec.json.encode(record)
    return b"%s %08x %s\n" % (first.encode(), crc32(text), text)


def decode_line(line: bytes) -> tuple[str, Record] | None:
    """None where it is torn or changed by another hand."""
    state, text = line[:1].decode("latin-1"), line[11:-1]
    try:
        if line[-1:] != b"\n" or int(line[2:10], 16) != crc32(text):
            return None
        record = _decoder.decode(text)
    except (ValueError, msgspec.DecodeError):
        return None
    allowed = CHANGED if isinstance(record, Change) else _GRAVITY
    return (state, record) if state in allowed else None


_GRAVITY = (CLAIMED, ANSWERED, OFFERED, ACCEPTED)


def graver_state(first: str, second: str) -> str:
    return max(first, second, key=_GRAVITY.index)
