"""A mention keeps how its insight came, and its own link."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("mention") as table:
        table.add_column(sa.Column("link", sa.Text(), nullable=False, server_default=""))
        origin = sa.Column("origin", sa.String(8), nullable=False, server_default="takeaway")
        table.add_column(origin)
        table.create_check_constraint(
            op.f("ck_mention_origin"), "origin IN ('takeaway', 'quote', 'written')"
        )


def downgrade() -> None:
    with op.batch_alter_table("mention") as table:
        table.drop_constraint(op.f("ck_mention_origin"), type_="check")
        table.drop_column("origin")
        table.drop_column("link")
