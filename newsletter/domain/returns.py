"""What comes back by mail or webhook, as values."""

from dataclasses import dataclass
from enum import StrEnum


class ReturnKind(StrEnum):
    """What a returned message is. The values stand in the database and in what commands print."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEAVE = "leave"
    """A reader asks by mail to be unsubscribed (RFC 2369)."""
    REPLY = "reply"
    """Written by a person, for the editor."""
    AUTOMATIC = "automatic"
    """Out of office, challenges, "delayed": nothing follows from it."""
    UNKNOWN = "unknown"
    """Not understood: it is listed for the operator."""


class Severity(StrEnum):
    """Of a bounce. HARD: the address is gone. SOFT: it may work another day. POLICY: it blames the
    sender, not the reader (5.7.x and its kin). UNSURE: no status and no words that say which."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Return:
    """One thing that came back, understood.

    ``delivery``, ``reader`` and ``notice`` (its id, and when it was asked for, in microseconds) are
    proved by a signed token. ``message_id`` is one of ours found
    inside it, without angle brackets, and ``address`` is what a report names: both prove nothing by
    themselves. ``forged``: it held a token that is wrong. ``status`` is an enhanced status code
    (RFC 3463), ``words`` what the remote server said; both may be empty.
    """

    kind: ReturnKind
    severity: Severity | None = None
    delivery: int | None = None
    reader: int | None = None
    message_id: str = ""
    address: str = ""
    status: str = ""
    words: str = ""
    forged: bool = False
    notice: tuple[int, int] | None = None
