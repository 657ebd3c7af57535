"""A file that holds several episodes has a row for each of them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("file", sa.Column("part", sa.String(64), nullable=False, server_default=""))
    _key("source", "path", "part")


def downgrade() -> None:
    """Of each file the first episode stays; the files are read again, for what they all hold."""
    op.execute(
        "DELETE FROM file WHERE EXISTS (SELECT 1 FROM file AS other WHERE other.source ="
        " file.source AND other.path = file.path AND other.part < file.part)"
    )
    op.execute("UPDATE file SET size = -1 WHERE part <> ''")
    _key("source", "path")
    with op.batch_alter_table("file") as table:
        table.drop_column("part")


def _key(*names: str) -> None:
    with op.batch_alter_table("file") as table:
        table.drop_constraint("pk_file", type_="primary")
        table.create_primary_key("pk_file", list(names))
