"""0022: what of its offer a claim takes up, whatever sum staff grant"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy_claims", sa.Column("marked_yuan", sa.String(), nullable=True))
    # Until now the offer was given back the claim's own sum.
    claims = sa.table("policy_claims", *(sa.column(name) for name in ("stage", "yuan", "marked_yuan")))
    live = claims.c.stage.in_(("accepted", "approved", "paid"))
    op.get_bind().execute(sa.update(claims).where(live).values(marked_yuan=claims.c.yuan))
