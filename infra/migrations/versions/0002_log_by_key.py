"""0002: the log by key, so that what was said of one person or posting is found without reading all of it"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Exchanges begun before the first version was written down have it already.
    op.create_index("log_by_key", "log", ["key", "seq"], if_not_exists=True)
