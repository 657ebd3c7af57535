"""Email addresses as people write them: checked, with one key for all spellings of an address."""

import email.utils
from dataclasses import dataclass
from typing import Any

from newsletter.domain.errors import UsageError

_MAX_LOCAL_OCTETS = 64  # RFC 5321, 4.5.3.1.1
_FORMULA_SIGNS = ("=", "+", "-")
# Python 3.13 and patched older ones (Debian's 3.11.2) refuse domain literals by default; the others
# have no such parameter. Every Python is asked to read addresses in the lenient way.
_LENIENT: dict[str, Any] = (
    {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """``address`` is where mail goes; ``key`` is the same for every spelling of it."""

    address: str
    key: str


def parse_address(text: str) -> tuple[str, str]:
    """The name and the address of "Name <a@b>", the same on every Python; empty where none is."""
    return email.utils.parseaddr(text, **_LENIENT)


def mailbox(text: str, where: str = "") -> Mailbox:
    """Check "a@b" or "Name <a@b>" without asking the network. Raises UsageError saying why not."""
    from email_validator import EmailNotValidError, validate_email

    bare = parse_address(text)[1] if "<" in text else text.strip()
    try:
        valid = validate_email(bare, check_deliverability=False, allow_empty_local=False)
    except EmailNotValidError as error:
        prefix = f"{where}: " if where else ""
        raise UsageError(f"{prefix}{text!r} is no address: {error}") from error
    key = f"{valid.local_part.casefold()}@{(valid.ascii_domain or valid.domain).casefold()}"
    return Mailbox(valid.normalized, key)


def new_mailbox(text: str) -> Mailbox:
    """``mailbox`` with more rules, for an address that is to be added. Raises UsageError.

    An address that was added before there were these rules can still be found and removed.
    """
    box = mailbox(text)
    if fault := _fault(box.key.rpartition("@")[0]):
        raise UsageError(f"{text!r} is no address to write to: {fault}")
    return box


def _fault(local: str) -> str:
    octets = len(local.encode())
    if octets > _MAX_LOCAL_OCTETS:
        return f"{octets} octets stand before the @, and at most {_MAX_LOCAL_OCTETS} may"
    if local.startswith(_FORMULA_SIGNS):
        return f"it begins with {local[0]}, which spreadsheets take for a formula"
    return ""
