"""Issues: their picks, what explains them, and what the editor and operator did with them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    false,
    text,
)

from newsletter.storage.schema.base import Instant, metadata, one_of

issue = Table(
    "issue",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("date", Date, nullable=False),
    Column("house", Boolean, nullable=False),
    # Its reader was sent none before: it says welcome.
    Column("first", Boolean, nullable=False, server_default=false()),
    Index(
        "uq_issue_house_date",
        "date",
        unique=True,
        # The migration says the same for PostgreSQL; naming it here would load that dialect.
        sqlite_where=text("house"),
    ),
)

# Kept for ever: novelty asks which insights an issue held. A row is little more than its primary
# key, so a table without a rowid is its own index.
pick = Table(
    "pick",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), primary_key=True),
    Column("rank", SmallInteger, primary_key=True),
    Column("insight_id", ForeignKey("insight.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

# What explains an issue and makes its message again: dropped after store.keep_days, except for
# house issues. ``explanations`` says what the body holds.
explanation = Table(
    "explanation",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), primary_key=True, autoincrement=False),
    Column("composed_at", Instant, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

# What the editor did, for ever, each act a row: the latest of a matter is what holds.
editing = Table(
    "editing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(8), nullable=False),
    Column("insight_id", ForeignKey("insight.id"), index=True),
    Column("date", Date),
    Column("words", Text, nullable=False),
    CheckConstraint(
        one_of("action", "note", "pin", "unpin", "block", "unblock", "edit", "order"),
        name="action",
    ),
)

# The operator lets the issues of a date go: with all the editor's acts up to this one.
approval = Table(
    "approval",
    metadata,
    Column("date", Date, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("acts", Integer, nullable=False),
)

cancelled = Table(
    "cancelled",
    metadata,
    Column("date", Date, primary_key=True),
    Column("at", Instant, nullable=False),
)
