"""Where a rendered message goes: a channel is a module here and a line in bootstrap.mail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from newsletter.mail.channels.steps import Steps


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way, its lines ended by CRLF; the addresses are bare."""

    sender: str
    recipient: str
    message: bytes


@dataclass(slots=True)
class Attempt:
    """One try at handing over. ``look`` is called right before the message itself goes, and may
    raise to withhold.

    ``answers`` comes to hold what the server said: at "RCPT", and at "DATA" (to the final dot,
    or to the command where it went no further).
    """

    look: Callable[[], None] = lambda: None
    answers: dict[str, str] = field(default_factory=dict)


class Channel(Protocol):
    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        """Hand over one message and return the answer; a DeliveryError where it was not taken."""

    def sending(self, envelope: Envelope, attempt: Attempt) -> Steps[str]:
        """The same in steps: one thread hands over to several channels at the same time."""

    def close(self) -> None:
        """Let go of the connection; the next ``send`` opens another."""
