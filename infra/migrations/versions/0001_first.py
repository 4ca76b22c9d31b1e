"""first: every table of version 0.1"""

from __future__ import annotations

from alembic import op

from infra.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Frozen as explicit tables once 0.1 is released; until then the first version is whatever the code says.
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
