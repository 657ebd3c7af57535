"""Checks of a delivery as comparisons: for a list of more than two SQLite builds a table at every
row that is written, which takes longer than to write the row."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_CHECKS = {
    "state": ("pending", "sending", "sent", "failed", "unknown", "skipped"),
    "reason": ("too_few", "too_late", "expired", "refused", "unsubscribed", "cancelled"),
}


def _listed(name: str) -> str:
    return f"{name} IN ({', '.join(map(repr, _CHECKS[name]))})"


def _compared(name: str) -> str:
    return " OR ".join(f"{name} = {value!r}" for value in _CHECKS[name])


def upgrade() -> None:
    for name in _CHECKS:
        _change(name, _listed(name), _compared(name))


def downgrade() -> None:
    for name in _CHECKS:
        _change(name, _compared(name), _listed(name))


def _change(name: str, before: str, after: str) -> None:
    db = op.get_bind()
    if db.dialect.name == "sqlite":
        _rewrite(db, f"CHECK ({before})", f"CHECK ({after})")
    else:
        check = op.f(f"ck_delivery_{name}")
        op.drop_constraint(check, "delivery", type_="check")
        op.create_check_constraint(check, "delivery", after)


def _rewrite(db: sa.Connection, before: str, after: str) -> None:
    """In the schema's own text (sqlite.org/lang_altertable.html, 7): both say the same of every row
    that is there, and years of them need not be copied."""
    version = db.scalar(sa.text("PRAGMA schema_version"))
    db.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        db.execute(
            sa.text(
                "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
                " WHERE name = 'delivery'"
            ),
            {"before": before, "after": after},
        )
        db.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    finally:
        db.execute(sa.text("PRAGMA writable_schema = OFF"))
