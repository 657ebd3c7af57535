"""What a reader was sent, told by an index alone: the rows of picks are wide, and to read a year of
them for every reader would be most of composing."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_pick_issue_id_insight_id", "pick", ["issue_id", "insight_id"])


def downgrade() -> None:
    op.drop_index("ix_pick_issue_id_insight_id", table_name="pick")
