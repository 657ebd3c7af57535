"""Indexes by which a page of readers is found without reading all of them."""

from alembic import op

revision = "0022"
down_revision = "0021"

_DOMAIN = {
    "sqlite": '(substr("key", instr("key", \'@\') + 1))',
    "postgresql": "(split_part(key, '@', 2))",
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        # By the order of the code points, as everywhere else: only so an index finds a beginning.
        op.execute(
            'ALTER TABLE subscriber ALTER COLUMN key TYPE text COLLATE "C",'
            ' ALTER COLUMN name TYPE text COLLATE "C"'
        )
    op.execute(f"CREATE INDEX ix_subscriber_domain ON subscriber ({_DOMAIN[dialect]}, id)")
    op.execute("CREATE INDEX ix_subscriber_name ON subscriber ((lower(name)), id)")
    op.create_index("ix_subscriber_state_id", "subscriber", ["state", "id"])
    op.create_index("ix_subscriber_timezone_id", "subscriber", ["timezone", "id"])


def downgrade() -> None:
    for name in ("timezone_id", "state_id", "name", "domain"):
        op.drop_index(f"ix_subscriber_{name}", table_name="subscriber")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            'ALTER TABLE subscriber ALTER COLUMN key TYPE text COLLATE "default",'
            ' ALTER COLUMN name TYPE text COLLATE "default"'
        )
