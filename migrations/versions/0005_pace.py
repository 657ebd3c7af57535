"""A delivery knows its destination's domain; slots in time, by which senders keep the pace."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MANY = 1000


def upgrade() -> None:
    op.add_column("delivery", sa.Column("domain", sa.Text(), nullable=False, server_default=""))
    _fill(op.get_bind())
    op.drop_index("ix_delivery_state_next_attempt_at", table_name="delivery")
    op.create_index(
        "ix_delivery_state_next_attempt_at_id_domain",
        "delivery",
        ["state", "next_attempt_at", "id", "domain"],
    )
    op.create_table(
        "pace",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pace"),
    )


def _fill(db: sa.Connection) -> None:
    """Of the rows that may still be sent; the others are history."""
    rows = db.execute(
        sa.text(
            "SELECT d.id, s.key FROM delivery d JOIN subscriber s ON s.id = d.subscriber_id"
            " WHERE d.state IN ('pending', 'sending', 'unknown')"
        )
    ).all()
    found = [{"row": row.id, "domain": row.key.rpartition("@")[2]} for row in rows]
    for start in range(0, len(found), _MANY):
        some = found[start : start + _MANY]
        db.execute(sa.text("UPDATE delivery SET domain = :domain WHERE id = :row"), some)


def downgrade() -> None:
    op.drop_table("pace")
    op.drop_index("ix_delivery_state_next_attempt_at_id_domain", table_name="delivery")
    op.create_index("ix_delivery_state_next_attempt_at", "delivery", ["state", "next_attempt_at"])
    op.drop_column("delivery", "domain")
