"""0005: What policy remembers: hires, offers, notices, claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_claim_steps",
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id", "number"),
    )
    op.create_table(
        "policy_claims",
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("benefit", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("offer_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("cleared", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("missing", sa.LargeBinary(), nullable=False),
        sa.Column("failed", sa.LargeBinary(), nullable=False),
        sa.Column("yuan", sa.String(), nullable=True),
        sa.Column("declared", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("relative", sa.Boolean(), nullable=True),
        sa.Column("package", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("objected", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id"),
    )
    with op.batch_alter_table("policy_claims", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_claims_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_claims_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_claims_offer_id"), ["offer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_claims_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_claims_region"), ["region"], unique=False)
        batch_op.create_index("policy_claims_open", ["stage", "held"], unique=False)

    op.create_table(
        "policy_employers",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("counters", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("employer_id"),
    )
    with op.batch_alter_table("policy_employers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_employers_region"), ["region"], unique=False)
        batch_op.create_index(
            "policy_employers_due", ["employer_id"], unique=False, sqlite_where=sa.text("due"), postgresql_where=sa.text("due")
        )

    op.create_table(
        "policy_hires",
        sa.Column("hire_id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("posting_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("hired_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("contract_signed", sa.Boolean(), nullable=True),
        sa.Column("contract_months", sa.String(), nullable=True),
        sa.Column("insured_on", sa.Date(), nullable=True),
        sa.Column("insurance_ended_on", sa.Date(), nullable=True),
        sa.Column("paid_in_full", sa.Boolean(), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("was_unemployed", sa.Boolean(), nullable=False),
        sa.Column("from_poverty", sa.Boolean(), nullable=False),
        sa.Column("check_on", sa.Date(), nullable=True),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hire_id"),
    )
    with op.batch_alter_table("policy_hires", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_hires_check_on"), ["check_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_hires_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_hires_person_id"), ["person_id"], unique=False)
        batch_op.create_index("policy_hires_due", ["hire_id"], unique=False, sqlite_where=sa.text("due"), postgresql_where=sa.text("due"))

    op.create_table(
        "policy_internships",
        sa.Column("internship_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("contract_signed", sa.Boolean(), nullable=False),
        sa.Column("months_left", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("internship_id"),
    )
    with op.batch_alter_table("policy_internships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_internships_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_internships_person_id"), ["person_id"], unique=False)

    op.create_table(
        "policy_notices",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("offer_id", sa.String(), nullable=True),
        sa.Column("benefit", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("yuan", sa.String(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id"),
    )
    with op.batch_alter_table("policy_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_notices_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_notices_offer_id"), ["offer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_notices_person_id"), ["person_id"], unique=False)

    op.create_table(
        "policy_offers",
        sa.Column("offer_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("payee_kind", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("benefit", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("yuan", sa.String(), nullable=True),
        sa.Column("paid_yuan", sa.String(), nullable=True),
        sa.Column("percent", sa.String(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("missing", sa.LargeBinary(), nullable=False),
        sa.Column("failed", sa.LargeBinary(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("closed_because", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("offer_id"),
    )
    with op.batch_alter_table("policy_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_offers_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_offers_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_policy_offers_person_id"), ["person_id"], unique=False)

    op.create_table(
        "policy_people",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "policy_postings",
        sa.Column("posting_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.create_table(
        "policy_progress",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "policy_windows",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "event"),
    )
    op.create_table(
        "policy_years",
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("insured_by_month", sa.LargeBinary(), nullable=False),
        sa.Column("leavings", sa.LargeBinary(), nullable=False),
        sa.Column("contributions_yuan", sa.String(), nullable=True),
        sa.Column("refunded_yuan", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("employer_id", "year"),
    )
