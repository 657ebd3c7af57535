"""Attempts, leases on a clock that does not jump, waiting domains, pause and cancel, alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("boot", sa.Text(), nullable=True))
        table.add_column(sa.Column("lease_end", sa.Float(), nullable=True))
    op.drop_index("ix_delivery_date_state", table_name="delivery")
    op.create_index("ix_delivery_date_state_reason", "delivery", ["date", "state", "reason"])
    op.create_index(
        "ix_subscriber_state_timezone_hour", "subscriber", ["state", "timezone", "hour"]
    )
    op.drop_index("ix_subscriber_state", table_name="subscriber")
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rcpt", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_attempt_delivery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_delivery_id", "attempt", ["delivery_id"])
    op.create_table(
        "domain",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_domain"),
    )
    op.create_table(
        "cancelled",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("date", name="pk_cancelled"),
    )
    op.create_table(
        "mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mark"),
    )


def downgrade() -> None:
    for name in ("mark", "cancelled", "domain", "attempt"):
        op.drop_table(name)
    op.create_index("ix_subscriber_state", "subscriber", ["state"])
    op.drop_index("ix_subscriber_state_timezone_hour", table_name="subscriber")
    op.drop_index("ix_delivery_date_state_reason", table_name="delivery")
    op.create_index("ix_delivery_date_state", "delivery", ["date", "state"])
    with op.batch_alter_table("delivery") as table:
        table.drop_column("lease_end")
        table.drop_column("boot")
