"""On PostgreSQL the queue's index holds no row that is sent: nearly all are, for ever."""

from alembic import op
from sqlalchemy import text

revision = "0025"
down_revision = "0024"

_NAME = "ix_delivery_state_next_attempt_at_id_domain"
_COLUMNS = ("state", "next_attempt_at", "id", "domain")


def upgrade() -> None:
    """SQLite would use such an index only where a query says the very same words."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(_NAME, table_name="delivery")
        open_rows = text("state <> 'sent'")
        op.create_index(_NAME, "delivery", list(_COLUMNS), postgresql_where=open_rows)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(_NAME, table_name="delivery")
        op.create_index(_NAME, "delivery", list(_COLUMNS))
