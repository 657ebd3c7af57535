"""What came in: files and feeds, their briefs and insights, and what a model was asked."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from newsletter.storage.schema.base import Instant, metadata, one_of

brief = Table(
    "brief",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("podcast", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("published", Date),
    Column("first_seen", Date, nullable=False),
)

file = Table(
    "file",
    metadata,
    # The machine that reads it: the same path on another machine is another file.
    Column("source", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    # A file of several episodes has a row for each, told apart by podcast and episode; else empty.
    Column("part", String(64), primary_key=True, server_default=""),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("brief_id", ForeignKey("brief.id"), index=True),
    Column("reason", Text),
    Column("line", Integer),
    Column("dropped", JSON, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

insight = Table(
    "insight",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    # The date of its earliest brief; none while no current brief says it.
    Column("date", Date, index=True),
)

mention = Table(
    "mention",
    metadata,
    Column("brief_id", ForeignKey("brief.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("insight_id", ForeignKey("insight.id"), nullable=False, index=True),
    Column("role", String(8), nullable=False),
    Column("speaker", Text, nullable=False),
    Column("at", Integer),
    Column("topics", JSON, nullable=False),
    # The insight's own address, which leads to the second by itself; empty where it has none.
    Column("link", Text, nullable=False, server_default=""),
    Column("origin", String(8), nullable=False, server_default="takeaway"),
    CheckConstraint("role IN ('lead', 'related')", name="role"),
    CheckConstraint("origin IN ('takeaway', 'quote', 'written')", name="origin"),
)

# A podcast that is followed. ``url`` is as it was added; ``location`` is where it moved for good.
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("location", Text, nullable=False),
    # It stands in sources.feeds, and goes when it goes from there.
    Column("configured", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("checked_at", Instant),
    Column("succeeded_at", Instant),
    Column("next_try", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("reason", Text, nullable=False),
    # The server said that it is gone for good (410).
    Column("ended", Boolean, nullable=False),
)

# What became of each item of a feed; its brief stands under the feed's address in ``file``.
episode = Table(
    "episode",
    metadata,
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    # Of the guid: that may be of any length.
    Column("key", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("published", Date),
    # What its brief is made from: another hash, another brief.
    Column("content_hash", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("insights", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint(one_of("state", "read", "empty", "waiting", "passed"), name="state"),
)

# The beginning of what was fetched and cannot be read, the newest few of each feed.
unread = Table(
    "unread",
    metadata,
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# What a language model was asked (``key`` stands for the model and the messages). Dropped after
# store.keep_days.
model_call = Table(
    "model_call",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, index=True),
    # In UTC: the limits of a day are counted by it.
    Column("day", Date, nullable=False, index=True),
    # At most, until the answer is there; NULL: none came yet, or ever.
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("price", Float, nullable=False),
    Column("answer", Text),
    # Why the model stopped before its own end; empty where it did not.
    Column("finish", String(8), nullable=False),
)
