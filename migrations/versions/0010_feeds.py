"""Podcast feeds that are followed, what became of their episodes, and what could not be read."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

INSTANT = sa.DateTime(timezone=True)
STATES = "state = 'read' OR state = 'empty' OR state = 'waiting' OR state = 'passed'"


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("checked_at", INSTANT),
        sa.Column("succeeded_at", INSTANT),
        sa.Column("next_try", INSTANT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("url", name=op.f("uq_feed_url")),
    )
    op.create_table(
        "episode",
        _feed_id("episode"),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("published", sa.Date()),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("insights", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_episode_state")),
    )
    op.create_table(
        "unread",
        _feed_id("unread"),
        sa.Column("url", sa.Text(), primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )


def _feed_id(table: str) -> sa.Column[int]:
    name = op.f(f"fk_{table}_feed_id_feed")
    key = sa.ForeignKey("feed.id", ondelete="CASCADE", name=name)
    return sa.Column("feed_id", sa.Integer(), key, primary_key=True)


def downgrade() -> None:
    for table in ("unread", "episode", "feed"):
        op.drop_table(table)
