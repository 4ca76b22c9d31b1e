"""0001: every table of version 0.1"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_accounts",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("owner_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("display", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), server_default="active", nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "access_api_keys",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash"),
    )
    op.create_table(
        "access_audit",
        sa.Column("n", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_audit", schema=None) as batch_op:
        batch_op.create_index("access_audit_by_person", ["person_id", "n"], unique=False)

    op.create_table(
        "access_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("access_sessions", schema=None) as batch_op:
        batch_op.create_index("access_sessions_by_account", ["account_id"], unique=False)

    op.create_table(
        "dead_letters",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("handler", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "message_id"),
    )
    op.create_table(
        "delivery_budgets",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery_counts",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "what"),
    )
    op.create_table(
        "delivery_merged",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("delivery_merged", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_merged_merged_into"), ["merged_into"], unique=False)

    op.create_table(
        "delivery_outgoing",
        sa.Column("outgoing_id", sa.String(), nullable=False),
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("not_before", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("outgoing_id"),
    )
    with op.batch_alter_table("delivery_outgoing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_outgoing_match_id"), ["match_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_outgoing_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_outgoing_state"), ["state"], unique=False)

    op.create_table(
        "delivery_pairs",
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("catalogue_version", sa.String(), nullable=False),
        sa.Column("best", sa.String(), nullable=False),
        sa.Column("by_posting", sa.Boolean(), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("pushed_on", sa.String(), nullable=True),
        sa.Column("held_back", sa.String(), nullable=True),
        sa.Column("held_on", sa.String(), nullable=True),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_reason", sa.String(), nullable=True),
        sa.Column("answered_on", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("ended_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("match_id"),
    )
    with op.batch_alter_table("delivery_pairs", schema=None) as batch_op:
        batch_op.create_index(
            "delivery_pairs_best",
            ["best"],
            unique=False,
            sqlite_where=sa.text("held_on IS NOT NULL"),
            postgresql_where=sa.text("held_on IS NOT NULL"),
        )
        batch_op.create_index("delivery_pairs_by_person", ["person_id", "state"], unique=False)
        batch_op.create_index("delivery_pairs_by_posting", ["posting_id", "state"], unique=False)
        batch_op.create_index(
            "delivery_pairs_held",
            ["held_on"],
            unique=False,
            sqlite_where=sa.text("held_on IS NOT NULL"),
            postgresql_where=sa.text("held_on IS NOT NULL"),
        )

    op.create_table(
        "delivery_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.create_table(
        "delivery_sides",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("on_market", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery_suppressed",
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("match_id", "day", "reason"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hiring_openings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("hired", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("in_talks", sa.Integer(), nullable=False),
        sa.Column("hired_by_day", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.create_table(
        "hiring_pairs",
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("interested", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("on", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contract_signed", sa.Boolean(), nullable=True),
        sa.Column("contract_months", sa.Float(), nullable=True),
        sa.Column("insured_on", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("match_id"),
    )
    with op.batch_alter_table("hiring_pairs", schema=None) as batch_op:
        batch_op.create_index("hiring_pairs_by_posting", ["posting_id", "step"], unique=False)
        batch_op.create_index(batch_op.f("ix_hiring_pairs_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hiring_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("occupation_code", sa.String(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("ended", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("hiring_postings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hiring_postings_employer_id"), ["employer_id"], unique=False)

    op.create_table(
        "hiring_steps",
        sa.Column("match_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("on", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("contract", sa.LargeBinary(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("match_id", "number"),
    )
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
        sa.UniqueConstraint("scope", "key"),
    )
    op.create_table(
        "intake_blocks",
        sa.Column("block", sa.String(), nullable=False),
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("block", "posting_id"),
    )
    with op.batch_alter_table("intake_blocks", schema=None) as batch_op:
        batch_op.create_index("intake_blocks_by_posting", ["posting_id"], unique=False)

    op.create_table(
        "intake_duplicates",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("intake_duplicates", schema=None) as batch_op:
        batch_op.create_index("intake_duplicates_by_opening", ["merged_into"], unique=False)

    op.create_table(
        "intake_employers",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    with op.batch_alter_table("intake_employers", schema=None) as batch_op:
        batch_op.create_index("intake_employers_by_region", ["region"], unique=False)
        batch_op.create_index("intake_employers_by_uscc", ["uscc"], unique=False)

    op.create_table(
        "intake_people",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("doc", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("person_id"),
    )
    with op.batch_alter_table("intake_people", schema=None) as batch_op:
        batch_op.create_index("intake_people_by_region", ["region", "kind"], unique=False)

    op.create_table(
        "intake_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("doc", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn", sa.Text(), nullable=True),
        sa.Column("hired", sa.Integer(), nullable=False),
        sa.Column("hired_revision", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sa.Column("content_from", sa.String(), nullable=True),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("received_seq", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.String(), nullable=True),
        sa.Column("opens_on", sa.String(), nullable=True),
        sa.Column("last_open_day", sa.String(), nullable=True),
        sa.Column("public_since", sa.String(), nullable=True),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("intake_postings", schema=None) as batch_op:
        batch_op.create_index("intake_postings_by_due", ["last_open_day", "posting_id"], unique=False)
        batch_op.create_index("intake_postings_by_employer", ["employer_id", "state"], unique=False)
        batch_op.create_index("intake_postings_by_merge", ["merged_into"], unique=False)
        batch_op.create_index("intake_postings_by_opening", ["opens_on"], unique=False)
        batch_op.create_index("intake_postings_by_owner", ["source", "owner"], unique=False)
        batch_op.create_index("intake_postings_by_state", ["state", "region"], unique=False)
        batch_op.create_index("intake_postings_by_uscc", ["uscc"], unique=False)

    op.create_table(
        "intake_splits",
        sa.Column("first_id", sa.String(), nullable=False),
        sa.Column("second_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id"),
    )
    op.create_table(
        "log",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("causation_id", sa.String(), nullable=True),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.create_index("log_by_type", ["type", "seq"], unique=False)

    op.create_table(
        "matching_employers",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    op.create_table(
        "matching_offered",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id", "person_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("matching_offered", schema=None) as batch_op:
        batch_op.create_index("matching_offered_by_person", ["person_id"], unique=False)

    op.create_table(
        "matching_people",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "matching_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "offsets",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "outside_sends",
        sa.Column("outgoing_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("outgoing_id"),
    )
    with op.batch_alter_table("outside_sends", schema=None) as batch_op:
        batch_op.create_index("outside_sends_by_state", ["state", "next_at"], unique=False)

    op.create_table(
        "parked",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "seq"),
    )
    with op.batch_alter_table("parked", schema=None) as batch_op:
        batch_op.create_index("parked_by_key", ["subject", "key", "seq"], unique=False)

    op.create_table(
        "person_keys",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "private_values",
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("lookup", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", "field"),
    )
    with op.batch_alter_table("private_values", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_private_values_lookup"), ["lookup"], unique=False)

    op.create_table(
        "received",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.create_table(
        "rejected_lines",
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("file", "line"),
        comment="Rejected lines of files, for whoever sent them; reasons never repeat a value. Written by the edge.",
    )
    op.create_table(
        "staffing_employers",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("size", sa.String(), nullable=True),
        sa.Column("ownership", sa.String(), nullable=True),
        sa.Column("has_key", sa.Boolean(), nullable=False),
        sa.Column("key_class", sa.String(), nullable=True),
        sa.Column("key_level", sa.String(), nullable=True),
        sa.Column("key_from", sa.Date(), nullable=True),
        sa.Column("key_to", sa.Date(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    with op.batch_alter_table("staffing_employers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staffing_employers_region"), ["region"], unique=False)
        batch_op.create_index(
            "staffing_employers_key", ["employer_id"], unique=False, sqlite_where=sa.text("has_key"), postgresql_where=sa.text("has_key")
        )

    op.create_table(
        "staffing_gaps",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("in_talks", sa.Integer(), nullable=False),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    op.create_table(
        "staffing_listings",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("key_class", sa.String(), nullable=True),
        sa.Column("key_level", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("employer_id", "day", "event"),
    )
    op.create_table(
        "staffing_openings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("hired", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("in_talks", sa.Integer(), nullable=False),
        sa.Column("hired_by_day", sa.LargeBinary(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("occupation_code", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("staffing_openings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staffing_openings_employer_id"), ["employer_id"], unique=False)

    op.create_table(
        "staffing_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("occupation_code", sa.String(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("ended", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    with op.batch_alter_table("staffing_postings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staffing_postings_employer_id"), ["employer_id"], unique=False)

    op.create_table(
        "staffing_shortages",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("employer_id"),
    )
