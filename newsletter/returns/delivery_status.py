"""Delivery status notifications (RFC 3464): fields for each recipient."""

import re
from dataclasses import dataclass

from newsletter.returns.charsets import one_line
from newsletter.returns.ours import ADDRESS
from newsletter.returns.parts import FIELDS, Part, fields_of
from newsletter.returns.status_codes import enhanced

LONGEST_ADDRESS = 320
LONGEST_WORDS = 1_000
_BLOCKS = re.compile(r"\n[ \t]*\n+")
_RECIPIENT = ("original-recipient", "final-recipient", "x-actual-recipient")
_SAYS = re.compile(r"(?im)^(?:final-recipient|action)\s*:")
_COMMENT = re.compile(r"^[\d.]+\s*")
_MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """``action`` is "failed", "delayed", "delivered", "relayed", "expanded" or empty, ``words`` the
    remote server's, in one line, ``addresses`` all that the report calls this recipient."""

    action: str
    status: str
    words: str
    addresses: tuple[str, ...]


def delivery_status(message: Part) -> list[RecipientStatus]:
    """Of each recipient of the report, without those of a message it returns."""
    texts = (part.text for part in message.report() if part.type in FIELDS[:2])
    return [status for text in texts for status in statuses(text)][:_MOST_RECIPIENTS]


def statuses(text: str) -> list[RecipientStatus]:
    """Of a text with blocks of fields; some servers send them as plain text."""
    blocks = _BLOCKS.split(text)[:_MOST_RECIPIENTS] if _SAYS.search(text) else []
    return [_status(fields_of(block)) for block in blocks if _SAYS.search(block)]


def _status(fields: Part) -> RecipientStatus:
    values = [value for name in _RECIPIENT for value in fields.all(name)]
    addresses = (address for value in values for address in ADDRESS.findall(value))
    codes = enhanced(fields.header("status"))
    return RecipientStatus(
        action=fields.header("action").casefold().partition(" ")[0],
        status=codes[0] if codes else "",
        words=one_line(_diagnostic(fields), LONGEST_WORDS),
        addresses=tuple(address[:LONGEST_ADDRESS] for address in addresses),
    )


def _diagnostic(fields: Part) -> str:
    """Without the type ("smtp;"). Some servers put their words behind the status."""
    text = fields.header("diagnostic-code") or _COMMENT.sub("", fields.header("status"))
    kind, semicolon, rest = text.partition(";")
    return rest.strip() if semicolon and len(kind) < 20 and " " not in kind.strip() else text
