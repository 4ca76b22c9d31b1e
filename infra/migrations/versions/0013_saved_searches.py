"""0013: saved searches, the keys a posting finds them by, and what they found"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_finds",
        sa.Column("search_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("held_on", sa.String(), nullable=True),
        sa.Column("pushed_on", sa.String(), nullable=True),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("search_id", "posting_id"),
    )
    with op.batch_alter_table("delivery_finds", schema=None) as batch_op:
        batch_op.create_index("delivery_finds_by_person", ["person_id", "state"], unique=False)
        batch_op.create_index("delivery_finds_by_posting", ["posting_id", "state"], unique=False)
        batch_op.create_index(
            "delivery_finds_held",
            ["held_on"],
            unique=False,
            sqlite_where=sa.text("held_on IS NOT NULL"),
            postgresql_where=sa.text("held_on IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_finds_match_id"), ["match_id"], unique=False)

    op.create_table(
        "delivery_search_keys",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("search_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "search_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("delivery_search_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_search_keys_search_id"), ["search_id"], unique=False)

    op.create_table(
        "delivery_searches",
        sa.Column("search_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parameters", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("search_id"),
    )
    with op.batch_alter_table("delivery_searches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_searches_person_id"), ["person_id"], unique=False)
