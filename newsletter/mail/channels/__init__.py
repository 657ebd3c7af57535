"""Where a finished message goes: a channel is a module here and a line in bootstrap.mail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message to send, its lines ended by CRLF; the addresses are bare."""

    sender: str
    recipient: str
    message: bytes


@dataclass(slots=True)
class Attempt:
    """One try at sending. The channel calls ``look`` right before it sends the message itself;
    ``look`` may raise to withhold it.

    The channel fills ``answers`` with the server's replies: at "RCPT", and at "DATA" (the reply to
    the final dot, or to the command where it went no further).
    """

    look: Callable[[], None] = lambda: None
    answers: dict[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """Used by one thread at a time. Where it waits for anybody, it lets the others work:
    ``turns.waiting``."""

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        """Send one message and return the server's answer; raises a DeliveryError otherwise."""

    def close(self) -> None:
        """Close the connection; the next ``send`` opens another."""
