"""0016: how many internship posts were recruited in a year"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from streams.policy.rules import recruited_posts
from streams.runtime.messages import from_json

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_PAGE = 1000


def upgrade() -> None:
    op.create_table(
        "policy_internship_posts",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("policy_internship_posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_internship_posts_year"), ["year"], unique=False)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """The internships that intake knows to have been public, as they stand; one that is no internship any more counts nothing."""
    names = ("posting_id", "revision", "state", "employer_id", "region", "doc", "filled", "first_public")
    postings = sa.table("intake_postings", *(sa.column(name) for name in names))
    counted = sa.table(
        "policy_internship_posts",
        *(sa.column(name) for name in ("posting_id", "revision", "employer_id", "region", "year", "state", "posts", "taken", "counted")),
    )
    after = ""
    while True:
        query = sa.select(postings).where(postings.c.posting_id > after).order_by(postings.c.posting_id).limit(_PAGE)
        page = connection.execute(query).all()
        if not page:
            return
        after = page[-1].posting_id
        rows = [
            _row(one, document)
            for one in page
            if one.first_public is not None and (document := from_json(one.doc)).get("type") == "internship"
        ]
        if rows:
            connection.execute(sa.insert(counted), rows)


def _row(posting: sa.Row[tuple[object, ...]], document: dict[str, object]) -> dict[str, object]:
    posts, taken = int(str(document.get("headcount") or 1)), int(str(posting.filled or 0))
    row = {name: getattr(posting, name) for name in ("posting_id", "revision", "employer_id", "region", "state")}
    year = int(str(posting.first_public)[:4])
    return {**row, "year": year, "posts": posts, "taken": taken, "counted": recruited_posts(str(posting.state), posts, taken)}
