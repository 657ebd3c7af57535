"""Indexes for the queue and the day's overview."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_delivery_date_state", "delivery", ["date", "state"], unique=False)
    op.create_index(
        "ix_delivery_state_next_attempt_at", "delivery", ["state", "next_attempt_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_state_next_attempt_at", table_name="delivery")
    op.drop_index("ix_delivery_date_state", table_name="delivery")
