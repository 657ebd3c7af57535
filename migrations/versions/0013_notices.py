"""Messages to one reader that are no issues, and the attempts at them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

INSTANT = sa.DateTime(timezone=True)
STATES = " OR ".join(
    f"state = '{state}'" for state in ("pending", "sending", "sent", "failed", "unknown", "skipped")
)


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), primary_key=True),
        _reference("notice", "subscriber"),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("offered_at", INSTANT),
        sa.Column("owner", sa.Text()),
        sa.Column("boot", sa.Text()),
        sa.Column("lease_end", sa.Float()),
        sa.Column("lease_until", INSTANT),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_notice_state")),
    )
    op.create_index(
        "uq_notice_subscriber_id_purpose_day",
        "notice",
        ["subscriber_id", "purpose", "day"],
        unique=True,
    )
    op.create_index("ix_notice_state_next_attempt_at", "notice", ["state", "next_attempt_at"])
    op.create_table(
        "notice_attempt",
        sa.Column("id", sa.Integer(), primary_key=True),
        _reference("notice_attempt", "notice"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("rcpt", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_notice_attempt_notice_id"), "notice_attempt", ["notice_id"])


def _reference(table: str, to: str) -> sa.Column[int]:
    name = op.f(f"fk_{table}_{to}_id_{to}")
    key = sa.ForeignKey(f"{to}.id", ondelete="CASCADE", name=name)
    return sa.Column(f"{to}_id", sa.Integer(), key, nullable=False)


def downgrade() -> None:
    op.drop_table("notice_attempt")
    op.drop_table("notice")
