"""0006: reports of users; what a posting pays by trade, how often it was public, who answered; smaller blocks of look-alikes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from matcher.near_duplicates import keys, signature, tail
from matcher.pay import monthly
from matcher.shapes import read_posting
from streams.runtime.messages import from_json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PAGE = 1000
_COLUMNS = (
    ("first_public", sa.String()),
    ("times_public", sa.Integer()),
    ("accepted", sa.Integer()),
    ("in_talks", sa.Integer()),
    ("occupation_code", sa.String()),
    ("pay_low", sa.Float()),
    ("pay_high", sa.Float()),
)


def upgrade() -> None:
    op.create_table(
        "intake_reports",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("correct_by", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("intake_reports_by_posting", "intake_reports", ["posting_id"])
    op.create_index("intake_reports_by_employer", "intake_reports", ["employer_id", "state"])
    op.create_index("intake_reports_by_state", "intake_reports", ["state", "region"])
    for name, type_ in _COLUMNS:
        op.add_column("intake_postings", sa.Column(name, type_, nullable=True))
    op.create_index("intake_postings_by_trade", "intake_postings", ["occupation_code", "region"])
    op.drop_table("intake_blocks")
    op.create_table(
        "intake_blocks",
        sa.Column("block", sa.String(), nullable=False),
        sa.Column("tail", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("block", "tail", "posting_id"),
    )
    op.create_index("intake_blocks_by_posting", "intake_blocks", ["posting_id"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Blocks and pay of the postings that are there, from their documents."""
    blocks = sa.table("intake_blocks", sa.column("block"), sa.column("tail"), sa.column("posting_id"))
    postings = sa.table("intake_postings", sa.column("posting_id"), sa.column("doc"), *(sa.column(name) for name, _ in _COLUMNS),
                        sa.column("public_since"))  # fmt: skip
    after = ""
    while True:
        query = sa.select(postings.c.posting_id, postings.c.doc, postings.c.public_since)
        page = connection.execute(query.where(postings.c.posting_id > after).order_by(postings.c.posting_id).limit(_PAGE)).all()
        if not page:
            return
        after = page[-1].posting_id
        marked, paid = [], []
        for posting_id, doc, public_since in page:
            posting = read_posting(from_json(doc))
            own = signature(posting)
            marked += [{"block": key, "tail": tail(own), "posting_id": posting_id} for key in dict.fromkeys(keys(own))]
            low, high = monthly(posting.pay) or (None, None)
            public = {"since": public_since, "times": 1 if public_since else 0}
            paid.append({"id": posting_id, "code": posting.occupation_code, "low": low, "high": high, **public})
        if marked:
            connection.execute(sa.insert(blocks), marked)
        statement = sa.update(postings).where(postings.c.posting_id == sa.bindparam("id"))
        values = {name: sa.bindparam(given) for name, given in (("occupation_code", "code"), ("pay_low", "low"), ("pay_high", "high"),
                  ("first_public", "since"), ("times_public", "times"))}  # fmt: skip
        connection.execute(statement.values(**values), paid)
