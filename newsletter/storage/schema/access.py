"""Programs and people that may change something, and what they changed."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from newsletter.storage.schema.base import Instant, metadata, one_of

# What another program may do: the hash of its token, which itself is kept nowhere.
api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    # Parted by spaces.
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

# The answers to requests that may come again: the same key of the same token gets the same answer.
# No answer yet: the request is being worked on, or died.
api_answer = Table(
    "api_answer",
    metadata,
    Column("token_id", ForeignKey("api_token.id"), primary_key=True, autoincrement=False),
    Column("key", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("status", SmallInteger),
    Column("body", LargeBinary),
)

# Who changed what, when, and through which entrance.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("entrance", String(8), nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("about", Text, nullable=False, index=True),
    CheckConstraint(one_of("entrance", "cli", "api", "desk"), name="entrance"),
)

# Who may log in to the desk; ``password`` is its argon2 hash.
desk_user = Table(
    "desk_user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(8), nullable=False),
    Column("password", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint(one_of("role", "editor", "operator"), name="role"),
)

# Who is logged in: the hash of what their cookie holds.
desk_session = Table(
    "desk_session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("desk_user.id"), nullable=False, index=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # Where they logged in from, and the name of their browser.
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    # What the next page says once.
    Column("message", Text, nullable=False),
)
