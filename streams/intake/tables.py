"""What intake remembers. Names start with ``intake_``; ``received`` and
``rejected_lines`` belong to the edge, which writes the first with the message itself."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from streams.runtime.tables import Place, metadata

# Written in the transaction that appends the message, so it is never behind the log: it answers "is this id known, whose is it, is this
# the same content again" before intake has handled anything. Not part of a rebuild. ``fingerprint`` is a keyed hash, readable by nobody.
received = Table(
    "received",
    metadata,
    Column("kind", String, primary_key=True),  # posting | person | employer
    Column("id", String, primary_key=True),
    Column("owner", String),  # of a posting: source|owner; of the others the sender
    Column("fingerprint", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("at", String, nullable=False),
)

postings = Table(
    "intake_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),  # published|held|withdrawn|expired|filled|rejected|merged
    Column("source", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("source_id", String),
    Column("via", String, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("employer_id", String),
    Column("uscc", String),
    Column("region", String),
    Column("title", String, nullable=False),
    Column("doc", LargeBinary, nullable=False),  # the posting as contract JSON, without its contact
    Column("content_hash", String, nullable=False),
    Column("notes", LargeBinary, nullable=False),
    Column("reasons", LargeBinary, nullable=False),  # why it is held: [{rule, evidence, change}]
    Column("decision", LargeBinary),  # what staff decided: {decision, by, reason, on, reasons decided upon}
    Column("withdrawn", Text),  # the reason the source gave; kept apart from the state, for others may offer the same opening
    Column("hired", Integer, nullable=False),
    Column("hired_revision", Integer, nullable=False),
    Column("filled", Integer, nullable=False),  # openings taken, of all sources of the opening
    Column("merged_into", String),
    Column("sources", LargeBinary, nullable=False),  # every source of the opening, its own first
    Column("content_from", String),  # where the opening's own source has left: the posting whose version is shown
    Column("received_at", String, nullable=False),
    Column("received_seq", Place, nullable=False),  # tells apart what was received in the same instant
    Column("published_at", String),
    Column("opens_on", String),
    Column("last_open_day", String),
    Column("public_since", String),  # day on which it became public last; NULL while it never was
    Column("first_public", String),  # and first
    Column("times_public", Integer),  # how often it became public: one that ends and comes back again and again hires nobody
    Column("accepted", Integer),  # people who said that they were interested, and those that somebody talks to (hiring counts)
    Column("in_talks", Integer),
    Column("occupation_code", String),
    Column("pay_low", Float),  # comparable pay by the month, for what a trade pays in a county
    Column("pay_high", Float),
    Column("asked_until", String),  # the last open day about which its employer was asked whether it still stands
    Column("changed_at", String, nullable=False),
    Index("intake_postings_by_employer", "employer_id", "state"),
    Index("intake_postings_by_state", "state", "region"),
    Index("intake_postings_by_due", "last_open_day", "posting_id"),
    Index("intake_postings_by_opening", "opens_on"),
    Index("intake_postings_by_merge", "merged_into"),
    Index("intake_postings_by_uscc", "uscc"),
    Index("intake_postings_by_owner", "source", "owner"),
    Index("intake_postings_by_trade", "occupation_code", "region"),
)

people = Table(
    "intake_people",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("kind", String),
    Column("region", String),
    Column("doc", LargeBinary),
    Column("changed_at", String),
    Column("consents", LargeBinary),  # what was agreed to and taken back, the oldest first (consents.py), as JSON
    Column("confirmed_on", String),  # day on which the person said last what they state, or that it still stands
    Column("asked_on", String),  # asked since whether it does
    Index("intake_people_by_region", "region", "kind"),
    Index("intake_people_by_confirmed", "confirmed_on"),
)

employers = Table(
    "intake_employers",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", String),
    Column("uscc", String),
    Column("region", String),
    Column("verified", Boolean, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Column("changed_at", String, nullable=False),
    Index("intake_employers_by_uscc", "uscc"),
    Index("intake_employers_by_region", "region"),
)

duplicates = Table(
    "intake_duplicates",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("merged_into", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("at", String, nullable=False),
    Index("intake_duplicates_by_opening", "merged_into"),
)

# By which look-alikes are found (matcher/near_duplicates.py); whatever the posting's state.
block_keys = Table(
    "intake_blocks",
    metadata,
    Column("block", String, primary_key=True),
    Column("tail", String, primary_key=True),  # region and pay: in the key, so that a block is read from its index alone
    Column("posting_id", String, primary_key=True),
    Index("intake_blocks_by_posting", "posting_id"),
)

splits = Table(
    "intake_splits",
    metadata,
    Column("first_id", String, primary_key=True),  # the smaller of the two ids
    Column("second_id", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("at", String, nullable=False),
)

# What users report of a posting or its employer (E-16), and what staff found. ``by`` is an account, never a name.
reports = Table(
    "intake_reports",
    metadata,
    Column("report_id", String, primary_key=True),
    Column("posting_id", String, nullable=False),
    Column("employer_id", String),
    Column("uscc", String),
    Column("region", String),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", String, nullable=False),
    Column("state", String, nullable=False),  # open|asked|confirmed|corrected|unfounded
    Column("correct_by", String),  # where staff asked for a correction: the day until which it leaves no mark
    Column("decided_by", String),
    Column("decided_at", String),
    Column("reason", Text),
    Index("intake_reports_by_posting", "posting_id"),
    Index("intake_reports_by_employer", "employer_id", "state"),
    Index("intake_reports_by_state", "state", "region"),
)

# Agencies whose licence rests on a promise (告知承诺, E-27), and what staff found of it.
commitments = Table(
    "intake_commitments",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("number", String),
    Column("stated_from", String),
    Column("since", String, nullable=False),  # stated_from, or the day on which it was entered: the time to look is counted from it
    Column("state", String, nullable=False),  # open|kept|broken
    Column("checked_on", String),
    Column("decided_by", String),
    Column("decided_at", String),
    Column("reason", Text),
    Index("intake_commitments_by_state", "state", "since"),
)

rejected_lines = Table(
    "rejected_lines",
    metadata,
    Column("file", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("field", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String, nullable=False),
    comment="Rejected lines of files, for whoever sent them; reasons never repeat a value. Written by the edge.",
)
