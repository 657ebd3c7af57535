"""What the editor did: notes, pins, blocks and corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "editing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "action = 'note' OR action = 'pin' OR action = 'unpin' OR action = 'block'"
            " OR action = 'unblock' OR action = 'edit'",
            name=op.f("ck_editing_action"),
        ),
        sa.ForeignKeyConstraint(
            ["insight_id"], ["insight.id"], name=op.f("fk_editing_insight_id_insight")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editing")),
    )
    op.create_index(op.f("ix_editing_insight_id"), "editing", ["insight_id"])


def downgrade() -> None:
    op.drop_table("editing")
