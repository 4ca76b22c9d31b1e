"""0020: what policy counts of an employer, for the hints of its pairs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from streams.runtime.messages import from_json

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "matching_counts",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("absorbed", sa.Integer(), nullable=False),
        sa.Column("poverty", sa.Integer(), nullable=False),
        sa.Column("share", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """The counts as policy announced them last, before there was a message for it; its first message has revision 1."""
    employers = sa.table("policy_employers", sa.column("employer_id"), sa.column("counters"))
    counts = sa.table("matching_counts", *(sa.column(name) for name in ("employer_id", "revision", "absorbed", "poverty", "share")))
    rows = []
    for employer_id, document in connection.execute(sa.select(employers).where(employers.c.counters.is_not(None))):
        known = from_json(document)
        if known["absorbed"] or known["poverty"]:
            numbers = {name: known.get(name) for name in ("absorbed", "poverty", "share")}
            rows.append({"employer_id": employer_id, "revision": 0, **numbers})
    if rows:
        connection.execute(sa.insert(counts), rows)
