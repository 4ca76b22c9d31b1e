"""0008: Incomes beside the standard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_incomes",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("income_yuan", sa.String(), nullable=False),
        sa.Column("standard_yuan", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "month"),
    )
