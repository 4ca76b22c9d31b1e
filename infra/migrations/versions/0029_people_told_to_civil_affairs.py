"""0029: what civil affairs are told of people in hardship"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_referrals",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("sent", sa.LargeBinary(), nullable=True),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.String(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index("ix_policy_referrals_region", "policy_referrals", ["region"])
    op.create_index("ix_policy_referrals_batch", "policy_referrals", ["batch"])
    # Only what is waiting is looked for.
    due = sa.text("due")
    op.create_index("policy_referrals_due", "policy_referrals", ["person_id"], sqlite_where=due, postgresql_where=due)
