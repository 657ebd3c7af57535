"""``/hooks/mailgun``: Mailgun's webhooks, signed with HMAC over a time and a token.

The signature does not cover the event: a token may carry one body only (see ``Call.nonce``).
https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.severity import severity
from newsletter.web.hooks import Event, Malformed, Unsigned, bare, parsed, part, text

WINDOW = timedelta(hours=9)
"""It tries again for eight hours."""


@dataclass(frozen=True, slots=True)
class Call:
    """``nonce`` was signed for this call alone."""

    nonce: str
    event: Event | None


def call(body: bytes, key: str, now: datetime) -> Call:
    call = parsed(body)
    if not isinstance(call, dict):
        raise Malformed
    signature = part(call, "signature")
    stamp, token = text(signature, "timestamp"), text(signature, "token")
    expected = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = text(signature, "signature").encode("utf-8", "replace")
    if not token or not hmac.compare_digest(expected.encode(), signed):
        raise Unsigned
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Unsigned
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        raise Unsigned
    event = part(call, "event-data")
    returned = _returned(event)
    return Call(token, Event(text(event, "id") or token, returned, event) if returned else None)


def _returned(event: Mapping[str, Any]) -> Return | None:
    headers = part(event, "message", "headers")
    about: dict[str, Any] = {
        "address": text(event, "recipient"),
        "message_id": bare(text(headers, "message-id")),
    }
    match text(event, "event"):
        case "failed":
            answer = part(event, "delivery-status")
            status = text(answer, "enhanced-code")
            words = f"{text(answer, 'code')} {text(answer, 'message', 'description')}".strip()
            how = severity(status, words)
            if text(event, "severity") == "temporary" and how is not Severity.POLICY:
                return None  # it goes on trying, and tells how that ends
            return Return(ReturnKind.BOUNCE, how, status=status, words=words, **about)
        case "complained":
            return Return(ReturnKind.COMPLAINT, **about)
        case "unsubscribed":
            return Return(ReturnKind.LEAVE, **about)
    return None
