# ruff: noqa: E501
"""Bounces: what a mail server says became of a message."""

import logging
import re
from email import message_from_bytes

from flufl.bounce import all_failures

from newsletter.domain.returns import ReturnKind, Severity
from newsletter.returns.delivery_status import LONGEST_ADDRESS, RecipientStatus, delivery_status
from newsletter.returns.parts import RETURNED, RETURNED_HEADERS, Part, fields_of
from newsletter.returns.prose import prose, remote_words
from newsletter.returns.severity import least_final, severity
from newsletter.returns.status_codes import enhanced
from newsletter.returns.verdict import Verdict

_DAEMON = re.compile(
    r"mailer-?daemon|\bpostmaster\b|\bmail(?:er)?[-_.]?(?:delivery|system|admin|router)|\bmdaemon\b"
    r"|\bmail delivery (?:sub)?system\b|\bmicrosoft exchange\b|microsoftexchange|\bmaildaemon\b"
    r"|\b(?:bounce|no-?reply-bounce|mdaemon|nobody|root)@|\bsystem administrator\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:undeliver(?:able|ed)|undelivered|un-?deliverable|non[- ]?(?:delivery|remis|recapit))\b"
    r"|\b(?:mail|message|delivery|e-?mail)\b.{0,40}\b(?:fail\w*|error|problem|not (?:been )?(?:be )?deliver\w*|"
    r"undeliverable|returned|rejected|bounced?|could ?n[o']t be delivered|status notif\w*)"
    r"|^(?:failure notice|returned mail|delivery (?:failure|report|status)|warning: (?:could not|message)"
    r"|failed:|failure delivery|bounced?\b|rejected:|error sending)|\breturned (?:mail|to sender)\b"
    r"|\bunzustellbar|\bnicht (?:zugestellt|zustellbar|übermittel)|\bfehlgeschlagen|\brückläufer"
    r"|\b(?:non remis|échec (?:de|d'|à)|impossible de remettre|mancat[oa] (?:recapito|consegna))"
    r"|\b(?:no se (?:ha )?(?:pudo|podido)|no entregado|não entregue|falha (?:na|de) entrega|onbestelbaar)"
    r"|\bniedostarcz|\bnie dostarcz|\bzwrot\b|не доставлен|недоставлен|退信|无法投递|配信(?:できません|不能|エラー)"
    r"|送信できません|oförmedl|\bkunde inte levereras|\bikke leveres|nedoruč",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"hi\. this is the qmail-send program|this message was created automatically by (?:the )?mail deliver"
    r"|this is the mail system at host|a message that you sent could not be delivered"
    r"|your message (?:to .{1,200} )?(?:could ?n[o']t be|was ?n[o']t|was not|cannot be|has not been) delivered"
    r"|unable to deliver (?:your )?(?:the )?(?:mail|message)|delivery to the following recipients? "
    r"(?:has )?failed|the following (?:addresses|recipients?) (?:had|failed)|did not reach the following",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>\"'();:,\[\]]{1,256}@[^\s<>\"'();:,\[\]]{1,255}")
_FAILED = ("x-failed-recipients", "x-actual-recipient")
_FOR_FLUFL = 64 * 1024

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each of its detectors


def bounce(message: Part, raw: bytes) -> Verdict | None:
    """None for what no mail server reports. "delayed" and "delivered" are AUTOMATIC."""
    if statuses := delivery_status(message):
        return _by_status(statuses, message)
    if not is_report(message):
        return None
    text = prose(message)
    words = remote_words(text)
    codes = enhanced(words)
    return Verdict(
        ReturnKind.BOUNCE,
        severity("", words),
        address=_address(message, raw),
        status=codes[0] if codes else "",
        words=words,
    )


def is_report(message: Part) -> bool:
    """Whether a mail server wrote it, by its structure, sender, subject or first words."""
    if message.kind_of_report == "delivery-status" or "x-failed-recipients" in message.raw_headers:
        return True
    signs = (
        _DAEMON.search(message.header("from")) or message.header("return-path") == "<>",
        _SUBJECT.search(message.header("subject")),
        _BODY.search(" ".join(prose(message)[:4_000].split())),
    )
    return sum(map(bool, signs)) >= 2


def _by_status(statuses: list[RecipientStatus], message: Part) -> Verdict:
    failed = [status for status in statuses if _has_failed(status)]
    if not failed:
        first = statuses[0]
        address = first.addresses[0] if first.addresses else ""
        return Verdict(ReturnKind.AUTOMATIC, None, address, first.status, first.words)
    said = [_words(status, message) for status in failed]
    severities = [
        severity(status.status, words) for status, words in zip(failed, said, strict=True)
    ]
    if len(failed) < len(statuses) or _forwarded(failed[0], message):
        severities.append(Severity.SOFT)  # some of it arrived; or what is gone is where it led to
    worst = failed[0]
    codes = [*enhanced(said[0]), worst.status]
    address = worst.addresses[0] if worst.addresses else ""
    return Verdict(ReturnKind.BOUNCE, least_final(severities), address, codes[0], said[0])


def _has_failed(status: RecipientStatus) -> bool:
    if status.action:
        return status.action.startswith("fail")
    return not status.status.startswith("2")


def _words(status: RecipientStatus, message: Part) -> str:
    return status.words or remote_words(prose(message))


def _forwarded(status: RecipientStatus, message: Part) -> bool:
    """Whether the report is about none of the addresses that the returned message was for."""
    sent_to = {address for part in _returned(message) for address in _addresses(part.header("to"))}
    reported = {address.casefold() for address in status.addresses}
    if len(sent_to) != 1 or not reported:
        return False
    locals_ = {address.rpartition("@")[0] for address in reported}
    return not sent_to & reported and next(iter(sent_to)).rpartition("@")[0] not in locals_


def _returned(message: Part) -> list[Part]:
    """The returned messages, as headers."""
    parts = list(message.walk())
    whole = [part.children[0] for part in parts if part.type in RETURNED and part.children]
    return whole + [fields_of(part.text) for part in parts if part.type in RETURNED_HEADERS]


def _addresses(value: str) -> list[str]:
    return [address.casefold() for address in _ADDRESS.findall(value)]


def _address(message: Part, raw: bytes) -> str:
    named = [value for name in _FAILED for value in message.all(name)]
    found = [address for value in named for address in _ADDRESS.findall(value)]
    return (found or _by_flufl(raw) or [""])[0][:LONGEST_ADDRESS]


def _by_flufl(raw: bytes) -> list[str]:
    """Its recipients only: most of what it calls permanent is not."""
    try:
        temporary, permanent = all_failures(message_from_bytes(raw[:_FOR_FLUFL]))
        found = sorted({*temporary, *permanent})
    except Exception:  # it raises for messages that it was not made for
        return []
    return [address.decode("utf-8", "replace") for address in found]
