"""Signed tokens: whose a link or a bounce is, and what it is for. They cannot be forged."""

import base64
import hashlib
import hmac
import re
import string
from datetime import UTC, datetime
from functools import lru_cache

_UNSUBSCRIBE = b"newsletter:unsubscribe"
_BOUNCE = b"newsletter:bounce"
_NOTICE_BOUNCE = b"newsletter:notice-bounce"
_LINK = b"newsletter:link:"
_ERASED = b"newsletter:erased"
VOTE = "vote"
"""The purpose of a link by which a subscriber, the only number, votes on what they were sent."""
_LINK_TOKEN = re.compile(r"([0-9]{1,19}(?:-[0-9]{1,19}){0,3})\.([0-9]{1,11})\.[A-Za-z0-9_-]{22}")
_TOKEN = re.compile(r"([0-9]{1,19})\.[A-Za-z0-9_-]{22}")
_RETURN = re.compile(r"[^\s<>]*\+([0-9]{1,19})\.([a-z2-7]{16})@[^\s@<>]+", re.ASCII | re.IGNORECASE)
_NOTICE_RETURN = re.compile(
    r"[^\s<>]*\+n([0-9a-z]{1,12})-([0-9a-z]{1,12})\.([a-z2-7]{16})@[^\s@<>]+",
    re.ASCII | re.IGNORECASE,
)
_DIGITS = string.digits + string.ascii_lowercase


def token(secret: bytes, subscriber_id: int) -> str:
    """The same for ever, URL-safe, at most 42 characters: id, dot, 128 bits of HMAC-SHA256."""
    signature = _signature(secret, _UNSUBSCRIBE, subscriber_id)[:16]
    return f"{subscriber_id}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def subscriber_id(secret: bytes, text: str) -> int | None:
    """Whose token this is; None for every other text. Raises nothing, compares in constant time.

    The texts are compared, not the decoded signatures: 22 characters of base64 hold four bits more
    than a signature, so that sixteen last characters decode to the same one.
    """
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    claimed = int(match[1])
    return claimed if hmac.compare_digest(token(secret, claimed), text) else None


def link_token(secret: bytes, purpose: str, *numbers: int, until: datetime | None = None) -> str:
    """What a link for ``purpose`` may do: these numbers, until that instant where there is one.

    URL-safe: numbers joined by "-", the end in Unix seconds (0: none), 128 bits of HMAC-SHA256.
    """
    end = int(until.timestamp()) if until else 0
    content = f"{'-'.join(map(str, numbers))}.{end}"
    signature = hmac.digest(_key(secret, _LINK + purpose.encode()), content.encode(), "sha256")[:16]
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def linked(secret: bytes, purpose: str, text: str, now: datetime) -> tuple[int, ...] | None:
    """The numbers of a ``link_token`` of this purpose; None for every other text, and when it has
    ended. Raises nothing, compares in constant time."""
    match = _LINK_TOKEN.fullmatch(text)
    if match is None:
        return None
    numbers, end = tuple(map(int, match[1].split("-"))), int(match[2])
    until = datetime.fromtimestamp(end, UTC) if end else None
    expected = link_token(secret, purpose, *numbers, until=until)
    if not hmac.compare_digest(expected, text) or (until and until <= now):
        return None
    return numbers


def erased_key(secret: bytes, key: str) -> str:
    """What stands in the place of an address's key once its reader was erased: it tells that
    address from others, and only who has the secret can ask it."""
    return f"erased:{hmac.digest(_key(secret, _ERASED), key.encode(), 'sha256').hex()[:40]}"


def return_path(secret: bytes, address: str, delivery_id: int) -> str:
    """VERP: ``bounces@example.org`` becomes ``bounces+17.b2zq...@example.org``, which names the
    delivery that a bounce belongs to.

    80 bits of HMAC-SHA256 in lower-case letters and digits: a mail server may change the case of an
    address. The local part may have 64 octets (RFC 5321, 4.5.3.1.1); this adds at most 37.
    """
    local, _, domain = address.rpartition("@")
    return f"{local}+{delivery_id}.{_return_code(secret, delivery_id)}@{domain}"


def delivery_id(secret: bytes, address: str) -> int | None:
    """Whose return path this is, in any case of its letters; None for every other text.

    Raises nothing, compares in constant time. What stands before the token proves nothing, and is
    not looked at: a forwarder puts more there (SRS).
    """
    match = _RETURN.fullmatch(address)
    if match is None:
        return None
    claimed = int(match[1])
    true = _return_code(secret, claimed)
    return claimed if hmac.compare_digest(true, match[2].lower()) else None


def notice_return_path(secret: bytes, address: str, notice_id: int, asked_at: int) -> str:
    """The same for a notice, which ``asked_at``, in microseconds, tells from another one that is
    given its number later. It adds at most 37 as well, up to the 78 billionth notice."""
    local, _, domain = address.rpartition("@")
    code = _notice_code(secret, notice_id, asked_at)
    return f"{local}+n{_in_letters(notice_id)}-{_in_letters(asked_at)}.{code}@{domain}"


def noticed(secret: bytes, address: str) -> tuple[int, int] | None:
    """The notice whose return path this is, and when it was asked for; None for every other text.

    Raises nothing, compares in constant time.
    """
    match = _NOTICE_RETURN.fullmatch(address)
    if match is None:
        return None
    claimed = int(match[1], 36), int(match[2], 36)
    true = _notice_code(secret, *claimed)
    return claimed if hmac.compare_digest(true, match[3].lower()) else None


def _in_letters(number: int) -> str:
    """To the base of 36."""
    rest, last = divmod(number, 36)
    return (_in_letters(rest) if rest else "") + _DIGITS[last]


def _return_code(secret: bytes, delivery_id: int) -> str:
    return _in_an_address(_signature(secret, _BOUNCE, delivery_id))


def _notice_code(secret: bytes, notice_id: int, asked_at: int) -> str:
    content = b"%d-%d" % (notice_id, asked_at)
    return _in_an_address(hmac.digest(_key(secret, _NOTICE_BOUNCE), content, hashlib.sha256))


def _in_an_address(signature: bytes) -> str:
    return base64.b32encode(signature[:10]).decode().lower()


def _signature(secret: bytes, purpose: bytes, number: int) -> bytes:
    return hmac.digest(_key(secret, purpose), b"%d" % number, hashlib.sha256)


@lru_cache(maxsize=8)
def _key(secret: bytes, purpose: bytes) -> bytes:
    """A key for one purpose: a signature made for one purpose is worth nothing for another."""
    return hmac.digest(secret, purpose, hashlib.sha256)
