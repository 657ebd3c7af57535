"""Tokens of the API: made, listed, revoked, and whose a request is."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from newsletter.domain.errors import UsageError
from newsletter.storage import Store, api_tokens

SCOPES = ("read", "subscribers", "erase", "briefs", "operate")
"""What a token allows: to look; to add, change and remove subscribers; to erase them; to add
briefs; to pause."""
_PREFIX = "nl_"
"""So that scanners of published code find one that leaked."""
_LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and what it may do."""

    token_id: int
    name: str
    scopes: frozenset[str]


def add(store: Store, name: str, scopes: Collection[str], days: int, now: datetime) -> str:
    """The token, which is kept nowhere. Raises UsageError for a name in use or an odd number."""
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise UsageError(
            f"{name!r} is no name of a token: write one to tell it by, such as website"
        )
    if not 1 <= days <= _LONGEST_DAYS:
        raise UsageError(f"a token lasts 1 to {_LONGEST_DAYS:,} days, not {days:,}")
    token = _PREFIX + secrets.token_urlsafe(32)
    with store.writing(durable=True) as db:
        if any(row["name"] == name and _is_valid(row, now) for row in api_tokens.listed(db)):
            raise UsageError(f"a token {name!r} is in force: revoke it first, or take another name")
        chosen = " ".join(scope for scope in SCOPES if scope in scopes)
        api_tokens.add(db, name, _hash(token), chosen, now, now + timedelta(days=days))
    return token


def listed(store: Store) -> Sequence[Mapping[Any, Any]]:
    with store.reading() as db:
        return api_tokens.listed(db)


def revoke(store: Store, name: str, now: datetime) -> None:
    """Raises UsageError where none of this name is in force."""
    with store.writing(durable=True) as db:
        if not api_tokens.revoke(db, name, now):
            raise UsageError(f"no token {name!r} is in force: see `newsletter api token list`")


def caller(store: Store, token: str, now: datetime) -> Caller | None:
    """None for what is no token in force. Looked up by its hash: the time tells nothing of it."""
    with store.reading() as db:
        row = api_tokens.holding(db, _hash(token), now)
    if row is None:
        return None
    return Caller(row["id"], row["name"], frozenset(row["scopes"].split()))


def _is_valid(row: Mapping[Any, Any], now: datetime) -> bool:
    return row["revoked_at"] is None and bool(row["expires_at"] > now)


def _hash(token: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
