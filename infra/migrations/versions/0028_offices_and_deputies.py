"""0028: offices of the five levels, and who stands in for whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_offices",
        sa.Column("office_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("office_id"),
    )
    op.create_table(
        "access_deputies",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.String(), nullable=False),
        sa.Column("first_day", sa.String(), nullable=False),
        sa.Column("last_day", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "deputy_id"),
    )
    with op.batch_alter_table("access_deputies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_deputies_deputy_id"), ["deputy_id"], unique=False)
    op.add_column("access_accounts", sa.Column("office_id", sa.String(), nullable=True))
    op.add_column("access_sessions", sa.Column("acting_for", sa.String(), nullable=True))
