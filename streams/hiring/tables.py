"""What hiring remembers. Names start with ``hiring_``."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from streams.runtime.tables import metadata

# How a person and a posting stand with each other now.
pairs = Table(
    "hiring_pairs",
    metadata,
    Column("match_id", String, primary_key=True),
    Column("person_id", String, nullable=False, index=True),
    Column("posting_id", String, nullable=False),
    Column("interested", Boolean, nullable=False),  # the person said so
    Column("step", String),  # None: interest only
    Column("on", String),
    Column("reason", Text),
    Column("number", Integer, nullable=False),  # rows of ``hiring_steps``, also refused ones
    Column("contract_signed", Boolean),
    Column("contract_months", Float),
    Column("insured_on", String),
    Index("hiring_pairs_by_posting", "posting_id", "step"),
)

# Everything that was reported, in order, also what did not hold (``refused`` says why).
steps = Table(
    "hiring_steps",
    metadata,
    Column("match_id", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", String, nullable=False),
    Column("before", String),
    Column("on", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text),
    Column("contract", LargeBinary),
    Column("refused", Text),
    Column("recorded_at", String, nullable=False),
)

# Hiring's own projection of postings.
postings = Table(
    "hiring_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("title", String),
    Column("employer_id", String, index=True),
    Column("occupation_code", String),
    Column("headcount", Integer),
    Column("ended", String),  # the cause, once it is over
)

# What was said last of the openings taken, so that it is said again only when it changed.
openings = Table(
    "hiring_openings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("hired", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("in_talks", Integer, nullable=False),
    Column("hired_by_day", LargeBinary, nullable=False),
)
