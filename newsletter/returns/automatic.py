"""Answers that no person wrote: out of office, challenges, receipts, reports about mail."""

from newsletter.returns.parts import Part
from newsletter.returns.signs import (
    CHALLENGE_SUBJECTS,
    CHALLENGES,
    REPORT_SUBJECTS,
    VACATION_SUBJECTS,
    has,
    plain,
)

# Whatever their value, only programs that answer by themselves add these.
_MARKS = frozenset(
    """
    x-autoreply x-autorespond x-autoresponder x-autoreply-from x-auto-reply x-auto-response
    x-mail-autoreply x-mailer-autoresponder x-vacation x-ms-exchange-inbox-rules-loop
    x-boxbe-guestlist x-challenge-response x-tmda-fingerprint x-trusted-delivery
    """.split()
)
_ANSWERS = frozenset({"auto_reply", "auto-reply", "autoreply"})
_PRECEDENCE = _ANSWERS | {"bulk", "junk"}
_REPORTS = frozenset({"disposition-notification", "tlsrpt", "dmarc"})
_SUPPRESS = ("all", "oof", "autoreply")
_LONGEST_CHALLENGE = 2_000


def is_answer(message: Part, text: str) -> bool:
    """Whether a program of the reader's wrote it, and not a mail server that reports a failure.

    ``text`` is its ``prose``."""
    return (
        not _MARKS.isdisjoint(message.raw_headers)
        or message.header("precedence").casefold() in _ANSWERS
        or message.kind_of_report in _REPORTS
        or any(part.type == "message/disposition-notification" for part in message.report())
        or has(VACATION_SUBJECTS + REPORT_SUBJECTS, plain(message.header("subject")))
        or _is_challenge(message, text)
    )


def is_automatic(message: Part) -> bool:
    """Whether its headers say that no person wrote it (RFC 3834), or that none is to answer."""
    submitted = message.header("auto-submitted").casefold().partition(";")[0].strip()
    suppress = message.header("x-auto-response-suppress").casefold()
    return (
        submitted not in ("", "no")
        or message.header("precedence").casefold() in _PRECEDENCE
        or any(word.strip() in _SUPPRESS for word in suppress.split(","))
    )


def _is_challenge(message: Part, text: str) -> bool:
    """Whether it asks the sender to prove something. A person's answer says what it answers."""
    if "in-reply-to" in message.raw_headers:
        return False
    return has(CHALLENGE_SUBJECTS, plain(message.header("subject"))) or has(
        CHALLENGES, plain(text[:_LONGEST_CHALLENGE])
    )
