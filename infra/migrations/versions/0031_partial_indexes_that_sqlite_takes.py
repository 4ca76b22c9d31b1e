"""0031: partial indexes in the words in which SQLite is asked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# Index, table, its key, the condition. SQLite took none of them for a query that says "due = 1"; PostgreSQL knows that it says the same.
_INDEXES = (
    ("policy_employers_due", "policy_employers", "employer_id", "due = 1"),
    ("policy_hires_due", "policy_hires", "hire_id", "due = 1"),
    ("policy_referrals_due", "policy_referrals", "person_id", "due = 1"),
    ("staffing_employers_key", "staffing_employers", "employer_id", "has_key = 1"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, table, key, condition in _INDEXES:
        op.drop_index(name, table_name=table, if_exists=True)
        op.create_index(name, table, [key], sqlite_where=sa.text(condition))
