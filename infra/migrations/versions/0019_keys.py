"""0019: API keys have a number, a name, actions, a last day and a last use; those there were keep opening what they opened"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_api_keys", sa.Column("key_id", sa.String(), nullable=True))
    op.add_column("access_api_keys", sa.Column("name", sa.String(), server_default="", nullable=False))
    for name, kind in (("actions", sa.Text()), ("last_day", sa.String()), ("last_used_on", sa.String())):
        op.add_column("access_api_keys", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE access_api_keys SET key_id = 'k-' || substr(key_hash, 1, 24)")
    with op.batch_alter_table("access_api_keys", schema=None) as batch_op:
        batch_op.alter_column("key_id", existing_type=sa.String(), nullable=False)
        batch_op.create_index(batch_op.f("ix_access_api_keys_key_id"), ["key_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_access_api_keys_account_id"), ["account_id"], unique=False)
