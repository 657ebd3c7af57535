"""``/hooks/postmark``: bounces, spam complaints and changes of subscriptions, by basic login.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.severity import severity
from newsletter.web.hooks import Event, Headers, Unsigned, each, text

_HARD = ("HardBounce", "BadEmailAddress")
_POLICY = ("Blocked", "SpamNotification", "DMARCPolicy", "SMTPApiError", "TemplateRenderingFailed")
_AUTOMATIC = (
    *("AutoResponder", "AddressChange", "ChallengeVerification", "OpenRelayTest"),
    *("Subscribe", "VirusNotification", "ManuallyDeactivated", "InboundError", "Unconfirmed"),
)


def events(body: bytes, headers: Headers, login: str) -> Sequence[Event]:
    """``login`` is "user:password"."""
    expected = b"Basic " + b64encode(login.encode())
    if not hmac.compare_digest(headers.get("authorization", "").encode(), expected):
        raise Unsigned
    pairs = [(event, _returned(event)) for event in each(body)]
    return [Event(_id(event), returned, event) for event, returned in pairs if returned]


def _id(event: Mapping[str, Any]) -> str:
    """A change of subscription has no id of its own."""
    own = text(event, "ID") or f"{text(event, 'MessageID')} {text(event, 'ChangedAt')}"
    return f"{text(event, 'RecordType')} {own}"


def _returned(event: Mapping[str, Any]) -> Return | None:
    address = text(event, "Email", "Recipient")
    match text(event, "RecordType"), text(event, "Type"):
        case ("SpamComplaint", _) | ("Bounce", "SpamComplaint"):
            return Return(ReturnKind.COMPLAINT, address=address)
        case ("Bounce", "Unsubscribe"):
            return Return(ReturnKind.LEAVE, address=address)
        case ("Bounce", kind) if kind in _AUTOMATIC:
            return Return(ReturnKind.AUTOMATIC, address=address)
        case ("Bounce", kind):
            words = text(event, "Details", "Description")
            return Return(ReturnKind.BOUNCE, _severity(kind, words), address=address, words=words)
        case ("SubscriptionChange", _) if _suppressed_by_reader(event):
            return Return(ReturnKind.LEAVE, address=address)
    return None


def _suppressed_by_reader(event: Mapping[str, Any]) -> bool:
    return event.get("SuppressSending") is True and text(event, "Origin") == "Recipient"


def _severity(kind: str, words: str) -> Severity:
    """A "hard bounce" whose words say otherwise is none: providers call much so."""
    by_words = severity("", words)
    if kind in _POLICY:
        return Severity.POLICY
    if kind in _HARD:
        return Severity.HARD if by_words is Severity.UNSURE else by_words
    return Severity.SOFT if by_words is Severity.HARD else by_words
