"""What matching remembers: its own projection of postings, people and employers, and who was matched with what."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from streams.runtime.tables import metadata

people = Table(
    "matching_people",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),  # on the market | off it
    Column("document", LargeBinary, nullable=False),  # contract JSON without private values
)

postings = Table(
    "matching_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

employers = Table(
    "matching_employers",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

# What policy counts of an employer (E-24); employers of whom nothing is counted have no row.
counts = Table(
    "matching_counts",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("absorbed", Integer, nullable=False),
    Column("poverty", Integer, nullable=False),
    Column("share", String),  # percent
)

offered = Table(
    "matching_offered",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Index("matching_offered_by_person", "person_id"),
    sqlite_with_rowid=False,
)
