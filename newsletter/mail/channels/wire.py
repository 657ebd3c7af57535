"""A message as it goes over the wire: domains in ASCII, lines ended by CRLF, dots doubled."""

import io
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.errors import Refused, SenderRefused
from newsletter.domain.hostnames import in_ascii
from newsletter.mail.channels import Envelope
from newsletter.mail.channels.replies import Step

_GROUP: tuple[Step, ...] = ("MAIL", "RCPT", "DATA")
_DOT_AT_LINE_START = re.compile(rb"\.(?<=\n\.)")
"""Begins with the dot since that is rarer than a line's end: found three times as fast."""


@dataclass(frozen=True, slots=True)
class WireMail:
    """An envelope as it goes over the wire: domains in ASCII, lines in CRLF, dots stuffed."""

    sender: str
    recipient: str
    body: bytes

    @classmethod
    def of(cls, envelope: Envelope) -> "WireMail":
        try:
            sender = _in_ascii(envelope.sender)
        except ValueError as error:
            raise SenderRefused(
                f"newsletter.from_address, or delivery.return_path: {error}"
            ) from error
        try:
            recipient = _in_ascii(envelope.recipient)
        except ValueError as error:
            raise Refused(str(error)) from error
        return cls(sender, recipient, _dots_doubled(envelope.message))

    def groups(self, client: smtplib.SMTP, where: str) -> Sequence[tuple[bytes, tuple[Step, ...]]]:
        """The commands before the message, in groups, and the steps that each group gets replies
        to: one group where the server offers PIPELINING (RFC 2920), else one for each command."""
        recipient = f"RCPT TO:<{self.recipient}>\r\n".encode()
        commands = (self._mail_command(client, where), recipient, b"DATA\r\n")
        if client.has_extn("pipelining"):
            return ((b"".join(commands), _GROUP),)
        return [(command, (step,)) for command, step in zip(commands, _GROUP, strict=True)]

    def _mail_command(self, client: smtplib.SMTP, where: str) -> bytes:
        """MAIL with the parameters that this server knows: SIZE (RFC 1870), SMTPUTF8 (RFC 6531).

        Only addresses, in the envelope or in a header, can hold characters beyond ASCII.
        """
        line = f"MAIL FROM:<{self.sender}>"
        if client.has_extn("size"):
            line += f" SIZE={len(self.body)}"
        if not ((self.sender + self.recipient).isascii() and self.body.isascii()):
            self._check_utf8(client, where)
            line += " BODY=8BITMIME SMTPUTF8"
        return f"{line}\r\n".encode()

    def _check_utf8(self, client: smtplib.SMTP, where: str) -> None:
        for extension in ("SMTPUTF8", "8BITMIME"):
            if not client.has_extn(extension):
                theirs = self.sender.isascii() and not self.recipient.isascii()
                lacks = f"and {where} does not offer {extension}"
                raise (Refused if theirs else SenderRefused)(
                    f"the part of {'the' if theirs else 'our'} address before the @ is not ASCII,"
                    f" {lacks}"
                )


def _in_ascii(address: str) -> str:
    """The address, its domain in ASCII (IDNA 2008). ValueError where it cannot be sent at all."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an address: it needs something on both sides of an @")
    if not address.isprintable() or set(address) & set(" <>"):
        raise ValueError(
            "not an address: it holds a space, an angle bracket or a control character"
        )
    return f"{local}@{in_ascii(domain)}"


def _dots_doubled(message: bytes) -> bytes:
    """RFC 5321 4.5.2. A bare CR or LF becomes CRLF: no server sees an end we did not write."""
    if not message.endswith(b"\r\n") or _line_ends(message) != "\r\n":
        message = b"".join(line + b"\r\n" for line in message.splitlines())
    return b"." * message.startswith(b".") + _DOT_AT_LINE_START.sub(b"..", message)


def _line_ends(message: bytes) -> str | tuple[str, ...] | None:
    """The line ends that the text contains. Counting them takes five times as long."""
    seen = io.IncrementalNewlineDecoder(None, translate=False)
    seen.decode(message.decode("latin-1"), final=True)
    return seen.newlines
