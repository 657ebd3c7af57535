"""A reader's reply, forwarded to the editor: in words, and whole as an attachment."""

import re
from datetime import datetime
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import SMTP, compat32
from email.utils import format_datetime, make_msgid

from newsletter.domain.addresses import parse_address
from newsletter.returns.charsets import header_text, one_line, printable
from newsletter.returns.parts import read
from newsletter.returns.prose import prose

FORWARDED = "X-Newsletter-Forwarded"
"""Marks what we forward: it is forwarded no second time, wherever it comes back from."""
_SIMPLE = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}")
_LONGEST = 200
_LONGEST_TEXT = 20_000
_MOST_HEADERS = 64 * 1024
"""Octets. A long Content-Type is not read either: its parameters take quadratic time."""


def may_forward(raw: bytes, own: str) -> bool:
    """Not our own mail (``own`` is our bare address), nor what a program sent (RFC 3834)."""
    message = _headers(raw)
    submitted = str(message.get("Auto-Submitted", "no")).strip().casefold()
    sender = parse_address(str(message.get("From", "")))[1].casefold()
    return (
        FORWARDED not in message
        and submitted.startswith("no")
        and bool(sender)
        and sender != own.casefold()
    )


def forwarded(raw: bytes, from_address: str, to: str, domain: str, now: datetime) -> bytes:
    """The message to send. An answer to it goes to who wrote; programs do not answer it."""
    original = _headers(raw)
    message = EmailMessage()
    message["From"], message["To"] = from_address, to
    subject = _plain(original.get("Subject", "")) or "(no subject)"
    sender = parse_address(_plain(original.get("From", "")))[1]
    if _SIMPLE.fullmatch(sender):
        message["Reply-To"] = sender
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message[FORWARDED] = "yes"
    reply = prose(read(raw)).replace("\0", "")[:_LONGEST_TEXT]
    text = f"{_plain(original.get('From', ''))} wrote to the newsletter:\n\n{reply.strip()}\n"
    message.set_content(_encodable(text), cte="quoted-printable")
    # Not message/rfc822, which may not be encoded: lines of any length, and octets of any kind.
    message.add_attachment(
        raw, maintype="application", subtype="octet-stream", filename="reply.eml"
    )
    return message.as_bytes(policy=SMTP)


def _headers(raw: bytes) -> Message:
    return BytesHeaderParser(policy=compat32).parsebytes(raw[:_MOST_HEADERS])


def _plain(value: object) -> str:
    """One line without control characters."""
    return _encodable(one_line(printable(header_text(str(value))), _LONGEST))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
