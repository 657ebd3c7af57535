"""Addresses as people write them: checked, and brought to the form that makes them one."""

from dataclasses import dataclass
from email.utils import parseaddr

from newsletter.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class Mailbox:
    """``address`` is what we write to; ``key`` is the same for every spelling of it."""

    address: str
    key: str


def mailbox(text: str, where: str = "") -> Mailbox:
    """Check "a@b" or "Name <a@b>" without asking the network. Raises UsageError saying why not."""
    from email_validator import EmailNotValidError, validate_email

    bare = parseaddr(text)[1] if "<" in text else text.strip()
    try:
        valid = validate_email(bare, check_deliverability=False, allow_empty_local=False)
    except EmailNotValidError as error:
        prefix = f"{where}: " if where else ""
        raise UsageError(f"{prefix}{text!r} is no address: {error}") from error
    key = f"{valid.local_part.casefold()}@{(valid.ascii_domain or valid.domain).casefold()}"
    return Mailbox(valid.normalized, key)
