"""What policy remembers. Names start with ``policy_``. Money is text with the exact decimal."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, text

from streams.runtime.tables import metadata

# SQLite takes a partial index only for a query that says the same in the same words, and ``where(column)`` is written "due = 1" there.
DUE = text("due = 1")

# Policy's own projections: of each only what conditions can read.
people = Table(
    "policy_people",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

postings = Table(
    "policy_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("employer_id", String),
    Column("document", LargeBinary, nullable=False),
)

employers = Table(
    "policy_employers",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("region", String, index=True),
    Column("document", LargeBinary),
    Column("due", Boolean, nullable=False),  # something about it changed: the next tick evaluates it
    Column("counters", LargeBinary),  # as they were announced last
)
Index("policy_employers_due", employers.c.employer_id, sqlite_where=DUE, postgresql_where=employers.c.due)

# Who works where since when: hires through the exchange, and those that insurance data show (E-09).
hires = Table(
    "policy_hires",
    metadata,
    Column("hire_id", String, primary_key=True),  # the match id, or one made of employer and person
    Column("origin", String, nullable=False),  # platform | insurance
    Column("person_id", String, index=True),  # gone once the person is forgotten; the count stays
    Column("posting_id", String),
    Column("employer_id", String, index=True),
    Column("hired_on", Date),
    Column("left_on", Date),
    Column("contract_signed", Boolean),
    Column("contract_months", String),
    Column("insured_on", Date),
    Column("insurance_ended_on", Date),
    Column("paid_in_full", Boolean),
    Column("person", LargeBinary),  # as the person was when hired
    Column("was_unemployed", Boolean, nullable=False),
    Column("from_poverty", Boolean, nullable=False),  # 脱贫劳动力, with 防返贫监测对象
    Column("check_on", Date, index=True),
    Column("due", Boolean, nullable=False),
)
Index("policy_hires_due", hires.c.hire_id, sqlite_where=DUE, postgresql_where=hires.c.due)

years = Table(
    "policy_years",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("insured_by_month", LargeBinary, nullable=False),
    Column("leavings", LargeBinary, nullable=False),
    Column("contributions_yuan", String),
    Column("refunded_yuan", String),
)

internships = Table(
    "policy_internships",
    metadata,
    Column("internship_id", String, primary_key=True),
    Column("person_id", String, index=True),
    Column("employer_id", String, nullable=False, index=True),
    Column("started_on", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("outcome", String, nullable=False),
    Column("contract_signed", Boolean, nullable=False),
    Column("months_left", Integer),
)

# Postings that are or were internships (J-22): how many posts each counts against the target of its year.
internship_posts = Table(
    "policy_internship_posts",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("employer_id", String),
    Column("region", String),
    Column("year", Integer, nullable=False, index=True),  # in which it first was public as an internship
    Column("state", String, nullable=False),  # published | held | withdrawn | expired | filled | rejected | merged
    Column("posts", Integer, nullable=False),  # 0 while it is no internship
    Column("taken", Integer, nullable=False),
    Column("counted", Integer, nullable=False),  # rules.recruited_posts
)

# A 低保 family's income per head by month, beside the local standard of that month (J-16).
incomes = Table(
    "policy_incomes",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("income_yuan", String, nullable=False),
    Column("standard_yuan", String, nullable=False),
)

# What data say of somebody who founds (J-37), as it was reported last.
founders = Table(
    "policy_founders",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

# What civil affairs are to be told of people in hardship (J-16), beside what they were told last; ``due`` where the two differ.
referrals = Table(
    "policy_referrals",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("region", String, index=True),
    Column("document", LargeBinary),  # none: the person does not agree, or there is nothing to tell
    Column("sent", LargeBinary),
    Column("due", Boolean, nullable=False),
    Column("batch", String, index=True),  # the list that told it
    Column("told_on", Date),
    Column("told_at", String),  # the instant of that list: there may be several a day
)
Index("policy_referrals_due", referrals.c.person_id, sqlite_where=DUE, postgresql_where=referrals.c.due)

# What a benefit would pay to whom, as of its last evaluation. States: open, excluded (listed with its reasons, E-08), settled (nothing is
# due beside what was paid), claimed, closed.
offers = Table(
    "policy_offers",
    metadata,
    Column("offer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("origin", String, nullable=False),  # hire | comparison | data | counter | internship
    Column("payee_kind", String, nullable=False),  # employer | person
    Column("employer_id", String, index=True),
    Column("person_id", String, index=True),
    Column("about", String, nullable=False),  # hire id, or the year
    Column("benefit", String, nullable=False),
    Column("entry_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("status", String, nullable=False),
    Column("yuan", String),  # what it comes to in all
    Column("paid_yuan", String),  # of it already paid or claimed
    Column("percent", String),
    Column("basis", Text, nullable=False),
    Column("missing", LargeBinary, nullable=False),
    Column("failed", LargeBinary, nullable=False),
    Column("earliest", Date),
    Column("last_day", Date),
    Column("made_on", Date, nullable=False),
    Column("changed_on", Date, nullable=False),
    Column("closed_because", String),
)

notices = Table(
    "policy_notices",
    metadata,
    Column("notice_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("audience", String, nullable=False),  # employer | person
    Column("employer_id", String, index=True),
    Column("person_id", String, index=True),
    Column("offer_id", String, index=True),
    Column("benefit", String, nullable=False),
    Column("entry_id", String),
    Column("about", String, nullable=False),
    Column("status", String),
    Column("yuan", String),
    Column("day", Date, nullable=False),
    Column("last_day", Date),
    Column("numbers", LargeBinary, nullable=False),
    Column("seen_on", Date),
)

claims = Table(
    "policy_claims",
    metadata,
    Column("claim_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("benefit", String, nullable=False),
    Column("entry_id", String),
    Column("offer_id", String, index=True),
    Column("employer_id", String, index=True),
    Column("person_id", String, index=True),
    Column("about", String, nullable=False),
    Column("on", Date, nullable=False),
    Column("received_at", String, nullable=False),
    Column("changed_at", String, nullable=False),
    Column("stage", String, nullable=False),  # refused | accepted | approved | rejected | paid
    Column("held", Boolean, nullable=False),
    Column("reasons", LargeBinary, nullable=False),  # [{"rule", "text"}]: why it is held or refused
    Column("cleared", LargeBinary, nullable=False),  # rules that staff have looked at and released
    Column("status", String),
    Column("missing", LargeBinary, nullable=False),
    Column("failed", LargeBinary, nullable=False),
    Column("yuan", String),
    Column("marked_yuan", String),  # of it what its offer counts as claimed; what staff grant changes yuan alone
    Column("declared", LargeBinary, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("account", String, index=True),
    Column("relative", Boolean),
    Column("package", String),
    Column("region", String, index=True),
    Column("objected", Boolean, nullable=False),
    Column("note", Text),
    Index("policy_claims_open", "stage", "held"),
)

# Every step of a claim with its instant: the times of 受理, 审核, 发放 come from here.
claim_steps = Table(
    "policy_claim_steps",
    metadata,
    Column("claim_id", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", String, nullable=False),
    Column("at", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text),
)

# Windows that opened, neared their end or closed while the exchange was there to see it.
windows = Table(
    "policy_windows",
    metadata,
    Column("entry_id", String, primary_key=True),
    Column("event", String, primary_key=True),  # opened | closing_30 | closing_7 | closed
    Column("day", Date, nullable=False),
)

# How far the calendar has been followed.
progress = Table(
    "policy_progress",
    metadata,
    Column("name", String, primary_key=True),  # day | catalogue
    Column("value", String, nullable=False),
)
