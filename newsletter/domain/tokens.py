"""Tokens: whose a link or a bounce is, signed, so that nobody can make one for another."""

import base64
import hashlib
import hmac
import re
from functools import lru_cache

_UNSUBSCRIBE = b"newsletter:unsubscribe"
_BOUNCE = b"newsletter:bounce"
_SHAPE = re.compile(r"([0-9]{1,19})\.[A-Za-z0-9_-]{22}")


def token(secret: bytes, subscriber_id: int) -> str:
    """The same for ever, URL-safe, at most 42 characters: id, dot, 128 bits of HMAC-SHA256."""
    signed = _signed(secret, _UNSUBSCRIBE, subscriber_id)
    return f"{subscriber_id}.{base64.urlsafe_b64encode(signed[:16]).rstrip(b'=').decode()}"


def subscriber_id(secret: bytes, text: str) -> int | None:
    """Whose token this is; None for every other text. Raises nothing, compares in constant time."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    claimed = int(shape[1])
    return claimed if hmac.compare_digest(token(secret, claimed), text) else None


def return_path(secret: bytes, address: str, delivery_id: int) -> str:
    """VERP: ``bounces@example.org`` made ``bounces+17.b2zq...@example.org``, to know a bounce by.

    80 bits of HMAC-SHA256 in small letters and digits: a mail server may fold an address's case,
    and its local part holds 64 octets (RFC 5321, 4.5.3.1.1), of which this adds at most 37.
    """
    signed = _signed(secret, _BOUNCE, delivery_id)
    code = base64.b32encode(signed[:10]).decode().lower()
    local, _, domain = address.rpartition("@")
    return f"{local}+{delivery_id}.{code}@{domain}"


def _signed(secret: bytes, purpose: bytes, number: int) -> bytes:
    return hmac.digest(_key(secret, purpose), b"%d" % number, hashlib.sha256)


@lru_cache(maxsize=8)
def _key(secret: bytes, purpose: bytes) -> bytes:
    """For this purpose alone: what was signed for one is worth nothing for another."""
    return hmac.digest(secret, purpose, hashlib.sha256)
