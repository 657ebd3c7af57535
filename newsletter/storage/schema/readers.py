"""Subscribers, and their votes."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    func,
)

from newsletter.storage.schema.base import BY_CODE_POINT, DomainOf, Instant, metadata, one_of

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", BY_CODE_POINT, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("name", BY_CODE_POINT, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("hour", SmallInteger, nullable=False),
    Column("interests", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("activated_at", Instant, nullable=False),
    # When and why the state became what it is. NULL: it was not kept yet.
    Column("state_changed_at", Instant),
    Column("state_reason", Text, nullable=False, server_default=""),
    # A set of days: bit 0 is Monday. Who reads weekly has one.
    Column("weekdays", SmallInteger, nullable=False, server_default="127"),
    Column("paused_until", Date),
    Column("frequency", String(8), nullable=False, server_default="daily"),
    # Empty: the newsletter's.
    Column("language", Text, nullable=False, server_default=""),
    # When the time zone, the hour, the days or the pause last changed: no issue was promised by
    # them before. NULL: never since the reader joined.
    Column("schedule_changed_at", Instant),
    # When the reader last gave a sign: voted, chose, answered. NULL: not since they joined.
    Column("heard_at", Instant),
    # All that a look at the clock asks for, so that it reads no row of who is not due.
    Index("ix_subscriber_due", "state", "timezone", "hour", "weekdays", "paused_until"),
    # What a page of readers is found by, in its order (see ``reader_search``).
    Index("ix_subscriber_state_id", "state", "id"),
    Index("ix_subscriber_timezone_id", "timezone", "id"),
    CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
    CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
    CheckConstraint("frequency IN ('daily', 'weekly')", name="frequency"),
    CheckConstraint(
        "state IN ('pending', 'active', 'unsubscribed', 'bounced', 'complained')", name="state"
    ),
)

Index("ix_subscriber_domain", DomainOf(subscriber.c.key), subscriber.c.id)

Index("ix_subscriber_name", func.lower(subscriber.c.name), subscriber.c.id)

# What a reader says of an insight: the latest holds, and one taken back leaves no row. In the order
# of its primary key it is read for each reader who is due.
vote = Table(
    "vote",
    metadata,
    Column(
        "subscriber_id",
        ForeignKey("subscriber.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("insight_id", ForeignKey("insight.id"), primary_key=True, index=True),
    Column("kind", String(4), nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint(one_of("kind", "more", "knew"), name="kind"),
    sqlite_with_rowid=False,
)
