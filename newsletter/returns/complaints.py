"""Complaints: feedback reports (RFC 5965), and the messages of providers that send them plain."""

import re
from dataclasses import dataclass, replace

from newsletter.domain.returns import ReturnKind
from newsletter.returns.ours import ADDRESS
from newsletter.returns.parts import Part, fields_of, returned

_KINDS = {
    "auth-failure": ReturnKind.AUTOMATIC,  # DMARC's (RFC 6591): nobody complained
    "not-spam": ReturnKind.AUTOMATIC,  # somebody said that it is none (RFC 6430)
    "dkim": ReturnKind.AUTOMATIC,
    "opt-out": ReturnKind.LEAVE,
    "opt-out-list": ReturnKind.LEAVE,
}
_WHO = ("original-rcpt-to", "removal-recipient", "redacted-address")
_JMRP = "x-hmxmroriginalrecipient"
_JMRP_SUBJECT = re.compile(r"complaint about message from", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feedback:
    """``type`` is the report's own word ("abuse")."""

    kind: ReturnKind
    address: str = ""
    type: str = ""


def feedback(message: Part) -> Feedback | None:
    """None for what is no feedback report."""
    for part in message.report():
        if part.type == "message/feedback-report":
            fields = _of_fields(fields_of(part.text))
            return (
                fields if fields.address else replace(fields, address=_original_recipient(message))
            )
    if message.kind_of_report == "feedback-report":
        return Feedback(ReturnKind.COMPLAINT)
    return _plain(message)


def _of_fields(fields: Part) -> Feedback:
    type_ = fields.header("feedback-type").casefold()
    named = (value for name in _WHO for value in fields.all(name))
    addresses = [address for value in named for address in ADDRESS.findall(value)]
    kind = _KINDS.get(type_, ReturnKind.COMPLAINT)
    return Feedback(kind, addresses[0] if addresses else "", type_)


def _plain(message: Part) -> Feedback | None:
    """Outlook.com's (JMRP): the message complained about, attached or as it was, and a header with
    who did."""
    subject = bool(_JMRP_SUBJECT.search(message.header("subject"))) and bool(returned(message))
    marked = any(part.header(_JMRP) for part in (message, *returned(message)))
    if not (subject or marked):
        return None
    return Feedback(ReturnKind.COMPLAINT, _original_recipient(message))


def _original_recipient(message: Part) -> str:
    """Who complained, as Outlook.com names them; empty where it does not."""
    parts = message, *returned(message)
    named = (address for part in parts for address in ADDRESS.findall(part.header(_JMRP)))
    return next(named, "")
