"""What codes mean: enhanced status codes (RFC 3463 and IANA's registry), and SMTP's own."""

import re

from newsletter.domain.returns import Severity

_ENHANCED = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.]\d|\d)")
_BASIC = re.compile(r"(?<![\w.])([45][0-5]\d)(?=[ -]\D|[ -][45]\.\d|\s*$)")

_BY_CODE = {
    "1.1": Severity.HARD,  # bad destination mailbox
    "1.3": Severity.HARD,  # bad syntax of it
    "1.6": Severity.HARD,  # it has moved, and left no address
    "1.10": Severity.HARD,  # a domain that takes no mail (RFC 7505); Exchange: not found
    "1.2": Severity.SOFT,  # no such domain: it comes back once its owner has paid
    "1.4": Severity.SOFT,  # ambiguous
    "1.7": Severity.POLICY,  # the sender's address
    "1.8": Severity.POLICY,
    "2.2": Severity.SOFT,  # full
    "2.3": Severity.POLICY,  # too long for this mailbox
    "2.4": Severity.SOFT,
    "3.4": Severity.POLICY,  # too big for the system
}
_BY_SUBJECT = {
    "4": Severity.SOFT,  # network and routing
    "6": Severity.POLICY,  # what the message holds
    "7": Severity.POLICY,
}
# 5.0.0, 5.1.0, 5.2.0, 5.2.1, 5.3.0, 5.5.x: too little is said. Words decide.


def enhanced(text: str) -> list[str]:
    """All enhanced status codes of failures in it."""
    return [".".join(match) for match in _ENHANCED.findall(text)]


def basic(text: str) -> list[str]:
    """SMTP's codes of refusals in it ("550")."""
    return _BASIC.findall(text)


def of_enhanced(code: str) -> Severity | None:
    """None where it says too little."""
    first, _, rest = code.partition(".")
    if first == "4":
        return Severity.SOFT
    if first != "5":
        return None
    return _BY_CODE.get(rest) or _BY_SUBJECT.get(rest.partition(".")[0])


def of_basic(code: str) -> Severity | None:
    """552 is a full mailbox, or a message too big: none of it says that an address is gone."""
    return Severity.SOFT if code.startswith("4") or code == "552" else None
