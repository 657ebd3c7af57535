"""Issues that wait for the operator's approval, and an order that the editor gives to picks."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_ACTIONS = ("note", "pin", "unpin", "block", "unblock", "edit")


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_approval")),
    )
    op.add_column("delivery", sa.Column("held", sa.Integer(), nullable=True))
    op.create_index(
        "ix_delivery_held",
        "delivery",
        ["date", "next_attempt_at", "held", "domain"],
        sqlite_where=sa.text("held IS NOT NULL"),
        postgresql_where=sa.text("held IS NOT NULL"),
    )
    _allow((*_ACTIONS, "order"))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM editing WHERE action = 'order'"))
    _allow(_ACTIONS)
    op.drop_index("ix_delivery_held", "delivery")
    op.drop_column("delivery", "held")
    op.drop_table("approval")


def _allow(actions: tuple[str, ...]) -> None:
    with op.batch_alter_table("editing") as table:
        table.drop_constraint(op.f("ck_editing_action"), type_="check")
        table.create_check_constraint(
            op.f("ck_editing_action"), " OR ".join(f"action = '{each}'" for each in actions)
        )
