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
    found = [(one, _returned(one)) for one in each(body)]
    return [Event(_id(one), returned, one) for one, returned in found if returned]


def _id(one: Mapping[str, Any]) -> str:
    """A change of subscription has no id of its own."""
    own = text(one, "ID") or f"{text(one, 'MessageID')} {text(one, 'ChangedAt')}"
    return f"{text(one, 'RecordType')} {own}"


def _returned(one: Mapping[str, Any]) -> Return | None:
    address = text(one, "Email", "Recipient")
    match text(one, "RecordType"), text(one, "Type"):
        case ("SpamComplaint", _) | ("Bounce", "SpamComplaint"):
            return Return(ReturnKind.COMPLAINT, address=address)
        case ("Bounce", "Unsubscribe"):
            return Return(ReturnKind.LEAVE, address=address)
        case ("Bounce", kind) if kind in _AUTOMATIC:
            return Return(ReturnKind.AUTOMATIC, address=address)
        case ("Bounce", kind):
            words = text(one, "Details", "Description")
            return Return(ReturnKind.BOUNCE, _severity(kind, words), address=address, words=words)
        case ("SubscriptionChange", _) if _suppressed_by_reader(one):
            return Return(ReturnKind.LEAVE, address=address)
    return None


def _suppressed_by_reader(one: Mapping[str, Any]) -> bool:
    return one.get("SuppressSending") is True and text(one, "Origin") == "Recipient"


def _severity(kind: str, words: str) -> Severity:
    """A "hard bounce" whose words say otherwise is none: providers call much so."""
    said = severity("", words)
    if kind in _POLICY:
        return Severity.POLICY
    if kind in _HARD:
        return Severity.HARD if said is Severity.UNSURE else said
    return Severity.SOFT if said is Severity.HARD else said
