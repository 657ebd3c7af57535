"""When a reader wants their issues, and in which language."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_COLUMNS = (
    "weekdays SMALLINT NOT NULL DEFAULT 127"
    " CONSTRAINT ck_subscriber_weekdays CHECK (weekdays BETWEEN 1 AND 127)",
    "paused_until DATE",
    "frequency VARCHAR(8) NOT NULL DEFAULT 'daily'"
    " CONSTRAINT ck_subscriber_frequency CHECK (frequency IN ('daily', 'weekly'))",
    "language TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    op.drop_index("ix_subscriber_state_timezone_hour", table_name="subscriber")
    # Not in a batch, which would write the table anew: a million rows, and others refer to them.
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE subscriber ADD COLUMN {column}")
    at = sa.DateTime(timezone=True)
    op.add_column("subscriber", sa.Column("schedule_changed_at", at, nullable=True))
    op.create_index(
        "ix_subscriber_due",
        "subscriber",
        ["state", "timezone", "hour", "weekdays", "paused_until"],
    )
    op.add_column("recipient", _frequency())
    op.add_column("recipient", _language())


def downgrade() -> None:
    op.drop_column("recipient", "language")
    op.drop_column("recipient", "frequency")
    op.drop_index("ix_subscriber_due", table_name="subscriber")
    for name in ("schedule_changed_at", "language", "frequency", "paused_until", "weekdays"):
        op.drop_column("subscriber", name)
    op.create_index(
        "ix_subscriber_state_timezone_hour", "subscriber", ["state", "timezone", "hour"]
    )


def _frequency() -> "sa.Column[str]":
    return sa.Column("frequency", sa.String(8), nullable=False, server_default="daily")


def _language() -> "sa.Column[str]":
    return sa.Column("language", sa.Text(), nullable=False, server_default="")
