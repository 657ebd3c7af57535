"""The tables, by subject. The migrations bring a database to this shape; a test compares both."""

from newsletter.storage.schema.access import api_answer, api_token, audit, desk_session, desk_user
from newsletter.storage.schema.archive import (
    brief,
    episode,
    feed,
    file,
    insight,
    mention,
    model_call,
    unread,
)
from newsletter.storage.schema.base import DomainOf, Instant, metadata
from newsletter.storage.schema.issues import approval, cancelled, editing, explanation, issue, pick
from newsletter.storage.schema.ledger import attempt, delivery, notice, notice_attempt, recipient
from newsletter.storage.schema.readers import subscriber, vote
from newsletter.storage.schema.returns import nonce, returned
from newsletter.storage.schema.sending import domain, mark, pace, warm_up

__all__ = [
    "HEAD",
    "DomainOf",
    "Instant",
    "api_answer",
    "api_token",
    "approval",
    "attempt",
    "audit",
    "brief",
    "cancelled",
    "delivery",
    "desk_session",
    "desk_user",
    "domain",
    "editing",
    "episode",
    "explanation",
    "feed",
    "file",
    "insight",
    "issue",
    "mark",
    "mention",
    "metadata",
    "model_call",
    "nonce",
    "notice",
    "notice_attempt",
    "pace",
    "pick",
    "recipient",
    "returned",
    "subscriber",
    "unread",
    "vote",
    "warm_up",
]

HEAD = "0028"
"""The newest migration, so that a command need not load Alembic to know it is up to date."""
