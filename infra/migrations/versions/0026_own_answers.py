"""0026: what people's own answers do to their later recommendations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_leanings",
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("match_id"),
    )
    with op.batch_alter_table("delivery_leanings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_leanings_person_id"), ["person_id"], unique=False)
