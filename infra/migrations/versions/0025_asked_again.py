"""0025: when people said last that what they state still stands, and who was asked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intake_postings", sa.Column("asked_until", sa.String(), nullable=True))
    op.add_column("intake_people", sa.Column("confirmed_on", sa.String(), nullable=True))
    op.add_column("intake_people", sa.Column("asked_on", sa.String(), nullable=True))
    op.create_index("intake_people_by_confirmed", "intake_people", ["confirmed_on"])
    # Instants are kept in Shanghai time: their first ten characters are the day.
    op.execute("UPDATE intake_people SET confirmed_on = SUBSTR(changed_at, 1, 10)")
