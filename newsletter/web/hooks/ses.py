"""``/hooks/ses``: what Amazon SES tells by way of SNS, signed by SNS.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.domain.tokens import delivery_id, noticed
from newsletter.returns.severity import severity
from newsletter.web.hooks import Event, Malformed, Unsigned, bare, parsed, part, text

Fetch = Callable[[str], bytes]
"""Of an https address that was checked; raises Unsigned where nothing is there."""

_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_HASHES = {"1": SHA1, "2": SHA256}


@dataclass(frozen=True, slots=True)
class Call:
    """``confirm`` is the address that confirms a subscription; else ``events`` are told."""

    events: Sequence[Event] = ()
    confirm: str = ""


def call(body: bytes, topics: Collection[str], secret: bytes, fetch: Fetch, now: datetime) -> Call:
    """Only of ``topics``. ``secret`` reads the token in the return path of what was sent."""
    notification = parsed(body)
    if not isinstance(notification, dict):
        raise Malformed
    if notification.get("TopicArn") not in topics:
        raise Unsigned
    _check_signature(notification, fetch, now)
    if notification.get("Type") == "SubscriptionConfirmation":
        return Call(confirm=_checked(text(notification, "SubscribeURL")))
    message = notification.get("Message")
    if not isinstance(message, str):
        raise Malformed
    return Call(list(_events(parsed(message), text(notification, "MessageId"), secret)))


def _check_signature(notification: Mapping[str, Any], fetch: Fetch, now: datetime) -> None:
    names = _SIGNED.get(str(notification.get("Type")))
    how = _HASHES.get(str(notification.get("SignatureVersion")))
    address = notification.get("SigningCertURL")
    if names is None or how is None or not isinstance(address, str):
        raise Unsigned
    pairs = [(name, notification[name]) for name in names if name in notification]
    if not all(isinstance(value, str) for _, value in pairs):
        raise Unsigned
    content = "".join(f"{name}\n{value}\n" for name, value in pairs)
    key = _key(fetch(_checked(address)), now)
    try:
        signature = b64decode(str(notification.get("Signature")), validate=True)
        key.verify(signature, content.encode("utf-8", "surrogatepass"), PKCS1v15(), how())
    except (InvalidSignature, ValueError) as error:
        raise Unsigned from error


def _checked(address: str) -> str:
    """An https address of SNS itself, and of no other host, user or port."""
    try:
        url = urlsplit(address)
        plain = url.scheme == "https" and url.netloc == url.hostname and address.isprintable()
    except ValueError as error:
        raise Unsigned from error
    if not plain or not _HOST.fullmatch(url.netloc):
        raise Unsigned
    return address


def _key(pem: bytes, now: datetime) -> RSAPublicKey:
    """Of the first certificate, which must be valid now and SNS's; each one is issued by the next.

    Whether the last one is to be trusted TLS said: the chain came from Amazon's own host.
    """
    try:
        chain = x509.load_pem_x509_certificates(pem)
        for certificate, issuer in pairwise(chain):
            certificate.verify_directly_issued_by(issuer)
        names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = names.get_values_for_type(x509.DNSName)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise Unsigned from error
    valid = all(
        certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        for certificate in chain
    )
    key = chain[0].public_key()
    ours = any(re.fullmatch(r"sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?", host) for host in hosts)
    if not (valid and ours and isinstance(key, RSAPublicKey)):
        raise Unsigned
    return key


def _events(notification: Any, message_id: str, secret: bytes) -> Sequence[Event]:
    """One for each recipient; nothing of what is no bounce and no complaint."""
    if not isinstance(notification, dict):
        raise Malformed
    kind = text(notification, "notificationType", "eventType")
    name, list_name, make = _KINDS.get(kind, ("", "", None))
    if make is None:
        return []
    about = part(notification, name)
    listed = about.get(list_name)
    ids = text(about, "feedbackId") or message_id
    recipients = (
        [recipient for recipient in listed if isinstance(recipient, dict)]
        if isinstance(listed, list)
        else []
    )
    return [
        Event(
            f"{ids} {text(recipient, 'emailAddress')}",
            make(recipient, about, _ours(notification, secret, recipients)),
            notification,
        )
        for recipient in recipients
    ]


def _ours(
    notification: Mapping[str, Any], secret: bytes, recipients: Sequence[object]
) -> dict[str, Any]:
    """What tells whose it is: the return path, which SES calls the source, and our Message-ID."""
    mail = part(notification, "mail")
    source = text(mail, "source") if len(recipients) == 1 else ""
    headers = part(mail, "commonHeaders")
    return {
        "delivery": delivery_id(secret, source),
        "notice": noticed(secret, source),
        "message_id": bare(text(headers, "messageId")),
    }


def _bounce(
    recipient: Mapping[str, Any], about: Mapping[str, Any], ours: Mapping[str, Any]
) -> Return:
    status, words = text(recipient, "status"), text(recipient, "diagnosticCode")
    how = severity(status, words)
    kinds = text(about, "bounceType"), text(about, "bounceSubType")
    if kinds[0] == "Permanent" and how is Severity.UNSURE and kinds[1] in ("NoEmail", "Suppressed"):
        how = Severity.HARD
    if kinds[0] == "Transient" and how is Severity.HARD:
        how = Severity.SOFT
    address = text(recipient, "emailAddress")
    return Return(ReturnKind.BOUNCE, how, address=address, status=status, words=words, **ours)


def _complaint(
    recipient: Mapping[str, Any], about: Mapping[str, Any], ours: Mapping[str, Any]
) -> Return:
    """ "not-spam" is the opposite of one."""
    opposite = text(about, "complaintFeedbackType") == "not-spam"
    kind = ReturnKind.AUTOMATIC if opposite else ReturnKind.COMPLAINT
    return Return(kind, address=text(recipient, "emailAddress"), **ours)


_KINDS = {
    "Bounce": ("bounce", "bouncedRecipients", _bounce),
    "Complaint": ("complaint", "complainedRecipients", _complaint),
}
