"""0014: licences that rest on a promise"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from streams.runtime.messages import from_json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_commitments",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("stated_from", sa.String(), nullable=True),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("checked_on", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    with op.batch_alter_table("intake_commitments", schema=None) as batch_op:
        batch_op.create_index("intake_commitments_by_state", ["state", "since"], unique=False)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """The promises of the employers that are there, from their documents."""
    names = ("employer_id", "number", "stated_from", "since", "state", "checked_on")
    commitments = sa.table("intake_commitments", *(sa.column(name) for name in names))
    employers = sa.table("intake_employers", sa.column("employer_id"), sa.column("doc"), sa.column("changed_at"))
    after = ""
    while True:
        query = sa.select(employers).where(employers.c.employer_id > after).order_by(employers.c.employer_id).limit(1000)
        page = connection.execute(query).all()
        if not page:
            return
        after = page[-1].employer_id
        promised = [(row, licence) for row in page if (licence := from_json(row.doc).get("licence") or {}).get("kind") == "commitment"]
        rows = [
            {
                "employer_id": row.employer_id,
                "number": licence.get("number"),
                "stated_from": licence.get("from"),
                "since": licence.get("from") or row.changed_at[:10],
                "state": "kept" if licence.get("checked_on") else "open",
                "checked_on": licence.get("checked_on"),
            }
            for row, licence in promised
        ]
        if rows:
            connection.execute(sa.insert(commitments), rows)
