"""What is sent to whom: deliveries and notices, and each attempt at one."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from newsletter.storage.schema.base import Instant, metadata, one_of

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("issue_id", ForeignKey("issue.id")),
    Column("state", String(8), nullable=False),
    Column("reason", String(16)),
    Column("message_id", Text, nullable=False),
    # The destination's, in ASCII; empty in rows that were over before it was kept.
    Column("domain", Text, nullable=False, server_default=""),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("owner", Text),
    # The end of the owner's lease: by the clock of its machine since boot, and, for a row whose
    # machine is another or was started anew, by the calendar.
    Column("boot", Text),
    Column("lease_end", Float),
    Column("lease_until", Instant),
    Column("changed_at", Instant, nullable=False),
    # Waits for the operator's approval: the newest of the editor's acts that its issue heeds. NULL:
    # it waits for none.
    Column("held", Integer),
    # One row ever: what makes a second copy impossible.
    Index("uq_delivery_subscriber_id_date", "subscriber_id", "date", unique=True),
    Index("ix_delivery_date_state_reason", "date", "state", "reason"),
    Index("ix_delivery_due_at", "due_at"),
    # In the order of a claim, which passes over domains without looking at the rows themselves. On
    # PostgreSQL without the rows that are sent (migration 0025).
    Index(
        "ix_delivery_state_next_attempt_at_id_domain", "state", "next_attempt_at", "id", "domain"
    ),
    # Nothing but what waits for approval: counted without reading a row.
    Index(
        "ix_delivery_held",
        *("date", "next_attempt_at", "held", "domain"),
        # The migration says the same for PostgreSQL.
        sqlite_where=text("held IS NOT NULL"),
    ),
    CheckConstraint(
        one_of("state", "pending", "sending", "sent", "failed", "unknown", "skipped"),
        name="state",
    ),
    CheckConstraint(
        one_of(
            "reason",
            *("too_few", "too_late", "expired", "refused"),
            *("unsubscribed", "bounced", "complained", "cancelled", "paused"),
        ),
        name="reason",
    ),
)

# The reader as they were when the message was composed: what was composed is what is sent. Dropped
# after store.keep_days.
recipient = Table(
    "recipient",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True, autoincrement=False),
    # The message's Date.
    Column("composed_at", Instant, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("hour", SmallInteger, nullable=False),
    Column("interests", Text, nullable=False),
    Column("frequency", String(8), nullable=False, server_default="daily"),
    Column("language", Text, nullable=False, server_default=""),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    # What the delivery became by it, and the server's answers; empty where it gave none.
    Column("state", String(8), nullable=False),
    Column("rcpt", Text, nullable=False),
    Column("data", Text, nullable=False),
)

# A message to one reader that is no issue. ``day`` is the window in which it was asked for: one row
# ever for each makes a second copy impossible.
notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("domain", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    # What was asked for with it: a confirmation makes it so.
    Column("wishes", JSON, nullable=False),
    # From this instant on the server may have it. It is written before the message is sent.
    Column("offered_at", Instant),
    # When the button behind its link was pressed; kept for "still there" alone.
    Column("followed_at", Instant),
    # As a delivery has them.
    Column("owner", Text),
    Column("boot", Text),
    Column("lease_end", Float),
    Column("lease_until", Instant),
    Column("changed_at", Instant, nullable=False),
    Index(
        "uq_notice_subscriber_id_purpose_day",
        *("subscriber_id", "purpose", "day"),
        unique=True,
    ),
    Index("ix_notice_state_next_attempt_at", "state", "next_attempt_at"),
    CheckConstraint(
        one_of("state", "pending", "sending", "sent", "failed", "unknown", "skipped"),
        name="state",
    ),
)

notice_attempt = Table(
    "notice_attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notice_id", ForeignKey("notice.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    # As an attempt at a delivery has them.
    Column("state", String(8), nullable=False),
    Column("rcpt", Text, nullable=False),
    Column("data", Text, nullable=False),
)
