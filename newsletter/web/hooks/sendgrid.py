"""``/hooks/sendgrid``: SendGrid's event webhook, signed with ECDSA.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.severity import severity
from newsletter.web.hooks import Event, Headers, Unsigned, bare, each, text

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
WINDOW = timedelta(hours=25)
"""It tries again for a day, with the time of the first try."""
_LEAVES = ("unsubscribe", "group_unsubscribe")


def public_key(text: str) -> EllipticCurvePublicKey:
    """As the settings page shows it: DER in base64. Raises ValueError for anything else."""
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except Error as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("it is no elliptic-curve key")  # noqa: TRY004
    return key


def events(
    body: bytes, headers: Headers, key: EllipticCurvePublicKey, now: datetime
) -> Sequence[Event]:
    stamp = headers.get(TIMESTAMP, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Unsigned
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        raise Unsigned
    try:
        signature = b64decode(headers.get(SIGNATURE, ""), validate=True)
        key.verify(signature, stamp.encode() + body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise Unsigned from error
    pairs = [(event, _returned(event)) for event in each(body)]
    return [Event(_id(event), returned, event) for event, returned in pairs if returned]


def _id(event: Mapping[str, Any]) -> str:
    return text(event, "sg_event_id") or f"{text(event, 'event', 'sg_message_id')} {event}"


def _returned(event: Mapping[str, Any]) -> Return | None:
    about: dict[str, Any] = {
        "address": text(event, "email"),
        "message_id": bare(text(event, "smtp-id")),
    }
    match text(event, "event"):
        case "bounce" | "blocked":
            status, words = text(event, "status"), text(event, "reason")
            how = severity(status, words)
            # "blocked" is a bounce that SendGrid itself calls temporary.
            if how is Severity.HARD and text(event, "type") == "blocked":
                how = Severity.SOFT
            return Return(ReturnKind.BOUNCE, how, status=status, words=words, **about)
        case "spamreport":
            return Return(ReturnKind.COMPLAINT, **about)
        case kind if kind in _LEAVES:
            return Return(ReturnKind.LEAVE, **about)
    return None
