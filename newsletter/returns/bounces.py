"""Bounces: what a mail server says became of a message."""

from newsletter.domain.returns import ReturnKind, Severity
from newsletter.returns.delivery_status import RecipientStatus, delivery_status, statuses
from newsletter.returns.ours import ADDRESS, Ours
from newsletter.returns.parts import Part
from newsletter.returns.prose import remote_words
from newsletter.returns.recipients import recipient, returned_to
from newsletter.returns.severity import least_final, severity
from newsletter.returns.signs import (
    DAEMONS,
    DELAYS,
    FAILURE_SUBJECTS,
    FIRST_WORDS,
    SYSTEMS,
    has,
    plain,
)
from newsletter.returns.status_codes import basic, enhanced
from newsletter.returns.verdict import Verdict
from newsletter.returns.words import of_words

_ANSWERED = ("re:", "aw:", "fw:", "fwd:", "wg:", "tr:", "rv:", "r:")
_NO_FAILURE = ("delayed", "delivered", "relayed", "expanded")
_FIRST = 4_000


def bounce(message: Part, text: str, raw: bytes, ours: Ours) -> Verdict | None:
    """None for what no mail server reports. What is delayed or delivered is AUTOMATIC.

    ``text`` is the message's ``prose``, ``raw`` are its bytes.
    """
    recipients = delivery_status(message)
    if not recipients and not is_report(message, text):
        return None
    if recipients := recipients or statuses(text):
        return _by_status(recipients, message, text, ours)
    words = remote_words(text)
    address = recipient(message, text, raw, ours)
    if has(DELAYS, plain(f"{message.header('subject')} {text[:_FIRST]}")):
        return Verdict(ReturnKind.AUTOMATIC, address=address, words=words)
    codes = enhanced(words)
    status = codes[0] if codes else ""
    return Verdict(ReturnKind.BOUNCE, _severity("", words, ours), address, status, words)


def is_report(message: Part, text: str) -> bool:
    """Whether a mail server wrote it, by its structure, sender, subject or first words."""
    if message.kind_of_report == "delivery-status" or "x-failed-recipients" in message.raw_headers:
        return True
    sender, subject = plain(message.header("from")), plain(message.header("subject"))
    if has(DAEMONS, sender):
        return True
    signs = (
        has(SYSTEMS, sender) or message.header("return-path") == "<>",
        not subject.startswith(_ANSWERED) and has(FAILURE_SUBJECTS, subject),
        has(FIRST_WORDS, plain(text[:_FIRST])),
    )
    return sum(signs) >= 2


def _by_status(recipients: list[RecipientStatus], message: Part, text: str, ours: Ours) -> Verdict:
    failed = [status for status in recipients if _has_failed(status)]
    first = (failed or recipients)[0]
    address = first.addresses[0] if first.addresses else ""
    if not failed:
        return Verdict(ReturnKind.AUTOMATIC, None, address, first.status, first.words)
    answers = [_words(status, text) for status in failed]
    severities = [
        _severity(status.status, words, ours) for status, words in zip(failed, answers, strict=True)
    ]
    if len(failed) < len(recipients) or _led_elsewhere(first, message, ours):
        severities.append(Severity.SOFT)
    codes = [*enhanced(answers[0]), first.status]
    return Verdict(ReturnKind.BOUNCE, least_final(severities), address, codes[0], answers[0])


def _has_failed(status: RecipientStatus) -> bool:
    if status.action:
        return status.action not in _NO_FAILURE
    return not status.status.startswith("2")


def _words(status: RecipientStatus, text: str) -> str:
    """The remote server's; what the report says to people only where there are none: Sendmail adds
    "User unknown" to whatever refusal."""
    if basic(status.words) or enhanced(status.words) or of_words(status.words):
        return status.words
    return f"{status.words} {remote_words(text)}".strip()


def _severity(status: str, words: str, ours: Ours) -> Severity:
    """A server that names our own address as one that does not exist checked the sender."""
    verdict = severity(status, words)
    if verdict is Severity.HARD and any(map(ours.is_own, ADDRESS.findall(words))):
        return Severity.POLICY
    return verdict


def _led_elsewhere(status: RecipientStatus, message: Part, ours: Ours) -> bool:
    """Whether the reader's address only leads to the one that failed: that one is gone, and theirs
    may lead elsewhere tomorrow."""
    sent_to = returned_to(message, ours)
    reported = {address.casefold() for address in status.addresses}
    names = {address.rpartition("@")[0] for address in reported}
    return bool(sent_to and reported) and sent_to.rpartition("@")[0] not in names
