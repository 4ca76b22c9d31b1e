"""0032: at which instant a list told civil affairs of somebody"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Empty for lists from before: the log has their instants, a rebuild of policy finds them.
    op.add_column("policy_referrals", sa.Column("told_at", sa.String(), nullable=True))
