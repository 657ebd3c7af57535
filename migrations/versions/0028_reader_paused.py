"""A delivery may be skipped because its reader paused after it was composed."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_REASONS = (
    *("too_few", "too_late", "expired", "refused"),
    *("unsubscribed", "bounced", "complained", "cancelled"),
)
_MORE_REASONS = (*_REASONS, "paused")


def upgrade() -> None:
    _change_reasons(_REASONS, _MORE_REASONS)


def downgrade() -> None:
    op.execute("UPDATE delivery SET reason = 'cancelled' WHERE reason = 'paused'")
    _change_reasons(_MORE_REASONS, _REASONS)


def _change_reasons(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    old, new = (" OR ".join(f"reason = {one!r}" for one in some) for some in (before, after))
    db = op.get_bind()
    if db.dialect.name == "sqlite":
        _rewrite_check(db, f"CHECK ({old})", f"CHECK ({new})")
    else:
        check = op.f("ck_delivery_reason")
        op.drop_constraint(check, "delivery", type_="check")
        op.create_check_constraint(check, "delivery", new)


def _rewrite_check(db: sa.Connection, before: str, after: str) -> None:
    """As migration 0008 does: every row that is there passes both, and years are not copied."""
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
