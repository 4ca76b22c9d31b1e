"""0012: notices of benefits that end, and of what policy says, for those who are told by mail or message too"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_notices",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("letter", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("benefit", sa.String(), nullable=False),
        sa.Column("match_id", sa.String(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("last_day", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id"),
    )
    op.create_index("delivery_notices_by_person", "delivery_notices", ["person_id", "day"])
    op.create_index("delivery_notices_by_letter", "delivery_notices", ["letter"])
    op.add_column("delivery_outgoing", sa.Column("employer_id", sa.String(), nullable=True))
