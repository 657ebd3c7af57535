"""Who may log in to the desk: added, listed and removed; and their passwords."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from newsletter.domain.errors import NotFound, UsageError
from newsletter.storage import Store, desk_sessions, desk_users

Role = Literal["editor", "operator"]
"""An editor works on the issue; an operator may do everything."""
SHORTEST, LONGEST = 12, 1_000
"""Characters of a password."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_HASHER = PasswordHasher()
_ONE_AT_A_TIME = Lock()
"""Each hash takes 64 MiB of memory."""


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this user may do what needs that role."""
        return role in (self.role, "editor")


def add(store: Store, name: str, role: Role, password: str, now: datetime) -> None:
    """Raises UsageError for a name that is none or in use, and for a bad password."""
    check_name(name)
    hashed = _hash(_checked(password, name))
    with store.writing(durable=True) as db:
        if desk_users.named(db, name):
            raise UsageError(f"there is a user {name!r} already", "take another name")
        desk_users.add(db, name, role, hashed, now)


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a user",
            "write up to 64 small letters (a to z), digits and . _ @ -",
        )


def listed(store: Store) -> Sequence[Mapping[Any, Any]]:
    with store.reading() as db:
        return desk_users.listed(db)


def user_id(store: Store, name: str) -> int:
    """Raises NotFound."""
    with store.reading() as db:
        return _id_of(desk_users.named(db, name), name)


def set_password(store: Store, name: str, password: str, keep: int = 0) -> None:
    """Ends the user's sessions, but for the one with the id ``keep``. Raises UsageError."""
    hashed = _hash(_checked(password, name))
    with store.writing(durable=True) as db:
        user_id = _id_of(desk_users.named(db, name), name)
        desk_users.set_password(db, user_id, hashed)
        desk_sessions.end_all(db, user_id, keep)


def remove(store: Store, name: str) -> None:
    """The sessions end. Raises NotFound."""
    with store.writing(durable=True) as db:
        desk_users.remove(db, _id_of(desk_users.named(db, name), name))


def verified(store: Store, name: str, password: str) -> User | None:
    """The user of this name and password. It takes as long where there is no such user."""
    nobody = _of_nobody()  # made once, whoever comes first
    with store.reading() as db:
        row = desk_users.named(db, name)
    if not _holds(row["password"] if row else nobody, password) or row is None:
        return None
    if _HASHER.check_needs_rehash(row["password"]):
        with store.writing() as db:
            desk_users.set_password(db, row["id"], _hash(password))
    return User(row["id"], row["name"], row["role"])


def _id_of(row: Mapping[Any, Any] | None, name: str) -> int:
    if row is None:
        raise NotFound(f"there is no user {name!r}: see `newsletter desk user list`")
    return int(row["id"])


def _checked(password: str, name: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"a password has {SHORTEST} to {LONGEST:,} characters, not {len(password):,}",
            "four or five words at random are a good one",
        )
    if password.casefold() == name or len(set(password)) < 5:
        raise UsageError("that password is easily guessed", "four or five words at random are not")
    return password


def _hash(password: str) -> str:
    with _ONE_AT_A_TIME:
        return _HASHER.hash(_octets(password))


def _holds(hashed: str, password: str) -> bool:
    try:
        with _ONE_AT_A_TIME:
            return _HASHER.verify(hashed, _octets(password))
    except VerifyMismatchError:
        return False


def _octets(password: str) -> bytes:
    """The same however a keyboard puts accents together (NIST SP 800-63B)."""
    text = unicodedata.normalize("NFKC", password[:LONGEST])
    return text.encode("utf-8", "surrogatepass")


@cache
def _of_nobody() -> str:
    return _hash("the password of nobody")
