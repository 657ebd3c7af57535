"""What came back, each once; and the marks of provider calls that must not be played again."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "returned",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(8), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("done", sa.String(16), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind = 'bounce' OR kind = 'complaint' OR kind = 'leave' OR kind = 'reply'"
            " OR kind = 'automatic' OR kind = 'unknown'",
            name=op.f("ck_returned_kind"),
        ),
        sa.CheckConstraint(
            "severity = 'hard' OR severity = 'soft' OR severity = 'policy' OR severity = 'unsure'",
            name=op.f("ck_returned_severity"),
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_returned_delivery_id_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_returned_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned")),
        sa.UniqueConstraint("key", name=op.f("uq_returned_key")),
    )
    op.create_index(op.f("ix_returned_delivery_id"), "returned", ["delivery_id"])
    op.create_index(op.f("ix_returned_subscriber_id"), "returned", ["subscriber_id"])
    op.create_index(op.f("ix_returned_done_at"), "returned", ["done", "at"])
    op.create_index(op.f("ix_returned_date"), "returned", ["date"])
    op.create_index(op.f("ix_returned_at"), "returned", ["at"])
    op.create_table(
        "nonce",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nonce")),
    )


def downgrade() -> None:
    op.drop_table("nonce")
    op.drop_table("returned")
