"""Who is logged in to the desk: sessions, the cookies that hold them, and the tokens of forms.

A cookie holds a random id and our signature; the database has only the id's hash. A form's token is
made from the id: who can read neither the page nor the cookie cannot make it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsletter.services.desk_users import User
from newsletter.storage import Store, desk_sessions

IDLE = timedelta(hours=2)
"""A session ends when it was not used for so long."""
LASTS = timedelta(hours=12)
"""And at the latest after this."""
_SEEN_EVERY = timedelta(minutes=1)
_COOKIE = b"newsletter:desk:cookie:"
_FORM = b"newsletter:desk:form:"
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Session:
    """``random`` is what the cookie holds."""

    id: int
    user: User
    message: str
    random: str = field(repr=False)


def new_id() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def begin(store: Store, user: User, now: datetime, address: str, browser: str) -> str:
    """The new session's random id."""
    random = new_id()
    with store.writing(durable=True) as db:
        desk_sessions.forget_ended(db, now - IDLE, now - LASTS)
        desk_sessions.add(db, user.id, _hash(random), now, address[:_LONGEST], browser[:_LONGEST])
    return random


def find(store: Store, random: str, now: datetime) -> Session | None:
    """The session that holds, which is marked as seen now."""
    with store.reading() as db:
        row = desk_sessions.find(db, _hash(random), now - IDLE, now - LASTS)
    if row is None:
        return None
    if now - row["seen_at"] >= _SEEN_EVERY:
        with store.writing() as db:
            desk_sessions.seen(db, row["id"], now)
    user = User(row["user_id"], row["name"], row["role"])
    return Session(row["id"], user, row["message"], random)


def holds(store: Store, session: Session, now: datetime) -> bool:
    """Asked again while an answer goes on: the session may have ended meanwhile."""
    with store.reading() as db:
        row = desk_sessions.find(db, _hash(session.random), now - IDLE, now - LASTS)
    return row is not None


def say(store: Store, session: Session, message: str) -> None:
    """The next page says it once; an empty message: it was said."""
    with store.writing() as db:
        desk_sessions.say(db, session.id, message)


def end(store: Store, session: Session) -> None:
    with store.writing(durable=True) as db:
        desk_sessions.end(db, session.id)


def end_others(store: Store, session: Session) -> int:
    """How many of the same user's ended."""
    with store.writing(durable=True) as db:
        return desk_sessions.end_all(db, session.user.id, session.id)


def of_user(store: Store, user_id: int, now: datetime) -> Sequence[Mapping[Any, Any]]:
    with store.reading() as db:
        return desk_sessions.of_user(db, user_id, now - IDLE, now - LASTS)


def signed(secret: bytes, random: str) -> str:
    """What the cookie holds."""
    return f"{random}.{_signature(secret, _COOKIE, random)}"


def unsigned(secret: bytes, cookie: str) -> str | None:
    """The random id of a cookie that ``signed`` made; None for every other text."""
    random = cookie.partition(".")[0]
    return random if _same(signed(secret, random), cookie) else None


def form_token(secret: bytes, random: str) -> str:
    """What every form of a session holds."""
    return _signature(secret, _FORM, random)


def token_holds(secret: bytes, random: str, token: str) -> bool:
    return _same(form_token(secret, random), token)


def _signature(secret: bytes, purpose: bytes, random: str) -> str:
    key = hmac.digest(secret, purpose, hashlib.sha256)
    hashed = hmac.digest(key, random.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _same(hashed: str, expected: str) -> bool:
    """In constant time."""
    encoded = (text.encode("utf-8", "surrogatepass") for text in (hashed, expected))
    return hmac.compare_digest(*encoded)


def _hash(random: str) -> str:
    return hashlib.sha256(random.encode("utf-8", "surrogatepass")).hexdigest()
