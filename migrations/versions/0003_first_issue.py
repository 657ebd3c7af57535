"""A reader's first issue is known as such."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    first = sa.Column("first", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("issue", first)


def downgrade() -> None:
    op.drop_column("issue", "first")
