"""The tables. Migrations in migrations/ bring a database to this shape; a test holds them equal."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    func,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

HEAD = "0027"
"""The newest migration, so that a command need not load Alembic to know it is up to date."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class DomainOf(FunctionElement[str]):
    """What stands behind the @ of a subscriber's key."""

    type = Text()
    inherit_cache = True


@compiles(DomainOf)
def _split(element: DomainOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, '@', 2)"


@compiles(DomainOf, "sqlite")
def _behind(element: DomainOf, compiler: SQLCompiler, **options: Any) -> str:
    key = compiler.process(element.clauses, **options)
    return f"substr({key}, instr({key}, '@') + 1)"


_BY_CODE_POINT = Text().with_variant(Text(collation="C"), "postgresql")
"""In the same order on every database: an index finds what begins with a text."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(name: str, *values: str) -> str:
    """No IN: of a list of more than two SQLite builds a table, for every row that is written."""
    return " OR ".join(f"{name} = {value!r}" for value in values)


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

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", _BY_CODE_POINT, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("name", _BY_CODE_POINT, nullable=False),
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
        _one_of("state", "pending", "sending", "sent", "failed", "unknown", "skipped"),
        name="state",
    ),
    CheckConstraint(
        _one_of(
            "reason",
            *("too_few", "too_late", "expired", "refused"),
            *("unsubscribed", "bounced", "complained", "cancelled"),
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
        _one_of("state", "pending", "sending", "sent", "failed", "unknown", "skipped"),
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

# A destination whose server asked to wait: nobody of it is tried before ``until``.
domain = Table(
    "domain",
    metadata,
    Column("name", Text, primary_key=True),
    Column("refusals", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)

# The last slot in time that was given for a message, by destination domain ("": of all together).
pace = Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
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
        _one_of("action", "note", "pin", "unpin", "block", "unblock", "edit", "order"),
        name="action",
    ),
)

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
    CheckConstraint(_one_of("kind", "more", "knew"), name="kind"),
    sqlite_with_rowid=False,
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

# What is so, and since when: that the newsletter is paused, that a scheduler works, that the
# operator was told.
mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("boot", Text, nullable=False),
    Column("seconds", Float, nullable=False),
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
    CheckConstraint(_one_of("state", "read", "empty", "waiting", "passed"), name="state"),
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
        _one_of("kind", "bounce", "complaint", "leave", "reply", "automatic", "unknown"),
        name="kind",
    ),
    CheckConstraint(_one_of("severity", "hard", "soft", "policy", "unsure"), name="severity"),
)

# The token of a provider's call, and what it was used for: it may not carry anything else.
nonce = Table(
    "nonce",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", String(64), nullable=False),
)

# Messages claimed on a day (in UTC) for a group of destinations that is warmed up.
warm_up = Table(
    "warm_up",
    metadata,
    Column("name", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("messages", Integer, nullable=False),
)

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
    CheckConstraint(_one_of("entrance", "cli", "api", "desk"), name="entrance"),
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
    CheckConstraint(_one_of("role", "editor", "operator"), name="role"),
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
