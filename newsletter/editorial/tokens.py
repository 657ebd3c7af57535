"""Unsubscribe tokens: who a link belongs to, signed, so that nobody can make one for another."""

import base64
import hashlib
import hmac
import re

_PURPOSE = b"newsletter:unsubscribe"
_SHAPE = re.compile(r"([0-9]{1,19})\.[A-Za-z0-9_-]{22}")


def token(secret: bytes, subscriber_id: int) -> str:
    """The same for ever, URL-safe, at most 42 characters: id, dot, 128 bits of HMAC-SHA256."""
    signed = hmac.digest(_key(secret), b"%d" % subscriber_id, hashlib.sha256)
    return f"{subscriber_id}.{base64.urlsafe_b64encode(signed[:16]).rstrip(b'=').decode()}"


def subscriber_id(secret: bytes, text: str) -> int | None:
    """Whose token this is; None for every other text. Raises nothing, compares in constant time."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    claimed = int(shape[1])
    return claimed if hmac.compare_digest(token(secret, claimed), text) else None


def _key(secret: bytes) -> bytes:
    """A key for this purpose alone: the same secret may sign other things later."""
    return hmac.digest(secret, _PURPOSE, hashlib.sha256)
