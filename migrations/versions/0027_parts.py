"""A file that holds several episodes has a row for each of them."""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"

_PARTS = sa.text("SELECT source, path, part, brief_id FROM file ORDER BY source, path, part")
_HELD = sa.text("SELECT count(*) FROM file WHERE brief_id = :brief")
_LEAVE_OUT = sa.text("DELETE FROM file WHERE source = :source AND path = :path AND part = :part")
_LAST = sa.text("SELECT max(position) FROM mention WHERE brief_id = :first")
_PUT_INTO = sa.text(
    "UPDATE mention SET brief_id = :first, position = position + :shift WHERE brief_id = :brief"
)
_REMOVE = sa.text("DELETE FROM brief WHERE id = :brief")


def upgrade() -> None:
    op.add_column("file", sa.Column("part", sa.String(64), nullable=False, server_default=""))
    _key("source", "path", "part")


def downgrade() -> None:
    """Of a file one brief is left, with what all its episodes held, and it is read again. An
    episode that another file tells as well is left to that one."""
    db = op.get_bind()
    for _, rows in groupby(db.execute(_PARTS).all(), lambda row: (row.source, row.path)):
        parts = list(rows)
        if len(parts) == 1:
            continue
        first = min(parts, key=lambda row: db.scalar(_HELD, {"brief": row.brief_id}))
        for row in parts:
            ids = {"first": first.brief_id, "brief": row.brief_id}
            if row is not first:
                db.execute(_LEAVE_OUT, {"source": row.source, "path": row.path, "part": row.part})
            if not db.scalar(_HELD, ids):
                db.execute(_PUT_INTO, {**ids, "shift": db.scalar(_LAST, ids) + 1})
                db.execute(_REMOVE, ids)
    op.execute("UPDATE file SET size = -1 WHERE part <> ''")
    _key("source", "path")
    with op.batch_alter_table("file") as table:
        table.drop_column("part")


def _key(*names: str) -> None:
    with op.batch_alter_table("file") as table:
        table.drop_constraint("pk_file", type_="primary")
        table.create_primary_key("pk_file", list(names))
