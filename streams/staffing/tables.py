"""What staffing remembers. Names start with ``staffing_``."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, text

from streams.runtime.tables import metadata

employers = Table(
    "staffing_employers",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", String),
    Column("region", String, index=True),
    Column("size", String),
    Column("ownership", String),
    # The entry on the list of employers whose staffing is guaranteed (E-01); a date that is absent is open.
    Column("has_key", Boolean, nullable=False),
    Column("key_class", String),
    Column("key_level", String),
    Column("key_from", Date),
    Column("key_to", Date),
    Column("listed", Boolean, nullable=False),  # as of the last tick or version: what was announced
)
# In the words in which SQLite is asked, as it takes a partial index for no others.
Index("staffing_employers_key", employers.c.employer_id, sqlite_where=text("has_key = 1"), postgresql_where=employers.c.has_key)

# Entries to and exits from the list, by day, with the ground of each.
listings = Table(
    "staffing_listings",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("event", String, primary_key=True),  # entered | left
    Column("key_class", String),
    Column("key_level", String),
)

# The newest report of each employer; earlier ones are in the log.
shortages = Table(
    "staffing_shortages",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("number", Integer, nullable=False),  # of reports so far
    Column("since", Date, nullable=False),
    Column("reported_on", Date, nullable=False),
    Column("by", String),
    Column("lines", LargeBinary, nullable=False),
)

postings = Table(
    "staffing_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("employer_id", String, index=True),
    Column("title", String),
    Column("occupation_code", String),
    Column("headcount", Integer),
    Column("published_on", Date),
    Column("ended", String),  # the cause, once it is over
)

openings = Table(
    "staffing_openings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("hired", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("in_talks", Integer, nullable=False),
    Column("hired_by_day", LargeBinary, nullable=False),
    # For an opening whose posting has not been heard of yet.
    Column("employer_id", String, index=True),
    Column("title", String),
    Column("occupation_code", String),
)

# The gap of every employer that is on the list or has reported a shortage, as it was announced last.
gaps = Table(
    "staffing_gaps",
    metadata,
    Column("employer_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("region", String),
    Column("basis", String, nullable=False),  # shortage | postings
    Column("since", Date),
    Column("reported", Integer, nullable=False),
    Column("filled", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("in_talks", Integer, nullable=False),
    Column("gap", Integer, nullable=False),
    Column("lines", LargeBinary, nullable=False),
)
