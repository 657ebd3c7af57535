"""What came back."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from newsletter.storage.schema.base import Instant, metadata, one_of

# What came back by mail or webhook, each once (``key`` is the event's id or the content), for ever.
returned = Table(
    "returned",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("at", Instant, nullable=False, index=True),
    # "mail", "smtp" (a refusal while it was sent), or the provider whose webhook told.
    Column("source", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("severity", String(8)),
    Column("status", String(16), nullable=False),
    Column("words", Text, nullable=False),
    # What the report names; it proves nothing.
    Column("address", Text, nullable=False),
    # The destination's, in ASCII; empty where nobody was found.
    Column("domain", Text, nullable=False),
    # The issue's.
    Column("date", Date, index=True),
    Column("delivery_id", ForeignKey("delivery.id"), index=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), index=True),
    # No key: notices are forgotten, and what came back for one is not.
    Column("notice_id", Integer, index=True),
    Column("done", String(16), nullable=False),
    # Of the message, or the provider's event: their beginning.
    Column("headers", Text, nullable=False),
    # A reply until it is forwarded; of what was not understood, the beginning.
    Column("body", LargeBinary),
    Index("ix_returned_done_at", "done", "at"),
    CheckConstraint(
        one_of("kind", "bounce", "complaint", "leave", "reply", "automatic", "unknown"),
        name="kind",
    ),
    CheckConstraint(one_of("severity", "hard", "soft", "policy", "unsure"), name="severity"),
)

# The token of a provider's call, and what it was used for: it may not carry anything else.
nonce = Table(
    "nonce",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", String(64), nullable=False),
)
