"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "brief",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("podcast", sa.Text(), nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brief"),
        sa.UniqueConstraint("fingerprint", name="uq_brief_fingerprint"),
    )
    op.create_table(
        "insight",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_insight"),
        sa.UniqueConstraint("key", name="uq_insight_key"),
    )
    op.create_index("ix_insight_date", "insight", ["date"], unique=False)
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("house", sa.Boolean(), nullable=False),
        sa.Column("runners_up", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issue"),
    )
    op.create_index(
        "uq_issue_house_date",
        "issue",
        ["date"],
        unique=True,
        sqlite_where=sa.text("house"),
        postgresql_where=sa.text("house"),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("interests", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'unsubscribed', 'bounced', 'complained')",
            name=op.f("ck_subscriber_state"),
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_subscriber_hour")),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber"),
        sa.UniqueConstraint("key", name="uq_subscriber_key"),
    )
    op.create_index("ix_subscriber_state", "subscriber", ["state"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('too_few', 'too_late', 'expired', 'refused', 'unsubscribed', 'cancelled')",
            name=op.f("ck_delivery_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped')",
            name=op.f("ck_delivery_state"),
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_delivery_issue_id"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_delivery_subscriber_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index(
        "uq_delivery_subscriber_id_date", "delivery", ["subscriber_id", "date"], unique=True
    )
    op.create_table(
        "file",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("brief_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brief_id"], ["brief.id"], name="fk_file_brief_id"),
        sa.PrimaryKeyConstraint("path", name="pk_file"),
    )
    op.create_index("ix_file_brief_id", "file", ["brief_id"], unique=False)
    op.create_table(
        "mention",
        sa.Column("brief_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.CheckConstraint("role IN ('lead', 'related')", name=op.f("ck_mention_role")),
        sa.ForeignKeyConstraint(
            ["brief_id"], ["brief.id"], name="fk_mention_brief_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["insight_id"], ["insight.id"], name="fk_mention_insight_id"),
        sa.PrimaryKeyConstraint("brief_id", "position", name="pk_mention"),
    )
    op.create_index("ix_mention_insight_id", "mention", ["insight_id"], unique=False)
    op.create_table(
        "pick",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("citation", sa.JSON(), nullable=False),
        sa.Column("echoes", sa.JSON(), nullable=False),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["insight_id"], ["insight.id"], name="fk_pick_insight_id"),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_pick_issue_id"),
        sa.PrimaryKeyConstraint("issue_id", "rank", name="pk_pick"),
    )
    op.create_index("ix_pick_insight_id", "pick", ["insight_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_pick_insight_id", table_name="pick")
    op.drop_table("pick")
    op.drop_index("ix_mention_insight_id", table_name="mention")
    op.drop_table("mention")
    op.drop_index("ix_file_brief_id", table_name="file")
    op.drop_table("file")
    op.drop_index("uq_delivery_subscriber_id_date", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("ix_subscriber_state", table_name="subscriber")
    op.drop_table("subscriber")
    op.drop_index(
        "uq_issue_house_date",
        table_name="issue",
        sqlite_where=sa.text("house"),
        postgresql_where=sa.text("house"),
    )
    op.drop_table("issue")
    op.drop_index("ix_insight_date", table_name="insight")
    op.drop_table("insight")
    op.drop_table("brief")
