"""Where a rendered message goes. A channel is a module here and a line in cli's registry."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way, its lines ended by CRLF; the addresses are bare."""

    sender: str
    recipient: str
    message: bytes


class Channel(Protocol):
    def send(self, envelope: Envelope) -> str:
        """Hand over one message and return the answer; a DeliveryError where it was not taken."""

    def close(self) -> None:
        """Let go of the connection; the next ``send`` opens another."""
