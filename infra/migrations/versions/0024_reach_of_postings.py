"""0024: how many people were told of each posting"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_reach",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
        sqlite_with_rowid=False,
    )
    # Whoever was told by a recommendation or by a search of their own, each once. Openings are said by the posting's next version.
    told = (
        "SELECT match_id, posting_id FROM delivery_pairs WHERE pushed_on IS NOT NULL"
        " UNION SELECT match_id, posting_id FROM delivery_finds WHERE pushed_on IS NOT NULL"
    )
    op.execute(
        "INSERT INTO delivery_reach (posting_id, people, openings)"
        f" SELECT posting_id, COUNT(*), 1 FROM ({told}) AS told GROUP BY posting_id"
    )
