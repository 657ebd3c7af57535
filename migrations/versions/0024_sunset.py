"""When a reader last gave a sign, which notice something came back for, and whose link was used."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"

_INSTANT = sa.DateTime(timezone=True)
_VOTED = """
UPDATE subscriber SET heard_at = (SELECT max(at) FROM vote WHERE vote.subscriber_id = subscriber.id)
"""
_CHOSE = """
UPDATE subscriber SET heard_at = schedule_changed_at
WHERE schedule_changed_at > coalesce(heard_at, activated_at)
"""
# Who took back that they left.
_CAME_BACK = """
UPDATE subscriber SET heard_at = state_changed_at
WHERE state = 'active' AND state_changed_at > coalesce(heard_at, activated_at)
"""


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("heard_at", _INSTANT, nullable=True))
    for sign in (_VOTED, _CHOSE, _CAME_BACK):
        op.execute(sign)
    op.add_column("notice", sa.Column("followed_at", _INSTANT, nullable=True))
    op.add_column("returned", sa.Column("notice_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_returned_notice_id"), "returned", ["notice_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_returned_notice_id"), table_name="returned")
    op.drop_column("returned", "notice_id")
    op.drop_column("notice", "followed_at")
    op.drop_column("subscriber", "heard_at")
