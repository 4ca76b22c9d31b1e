"""What delivery remembers. Names start with ``delivery_``; ``outside_sends`` does not, see there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Boolean, Column, Connection, Executable, Float, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from streams.runtime.tables import metadata

# One row a pair, found from either side. States:
#   waiting    an answer or a step came before the pair itself
#   candidate  matched, not pushed; ``held_back`` says why
#   issued     in the person's inbox
#   ended      gone: ``ended_reason`` says why
pairs = Table(
    "delivery_pairs",
    metadata,
    Column("match_id", String, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("posting_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("revision", Integer, nullable=False),  # grows with each recommendation.issued and recommendation.ended of the pair
    # The best known version: the newest one, whichever side it came from.
    Column("score", Float, nullable=False),
    Column("band", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),  # points, reasons, hints as JSON: codes and numbers
    Column("model_version", String, nullable=False),
    Column("catalogue_version", String, nullable=False),
    Column("best", String, nullable=False),  # sorts best first: band, priority, score, person, posting
    Column("by_posting", Boolean, nullable=False),  # among the best of the posting's last matched message
    Column("by_person", Boolean, nullable=False),  # among the best of the person's last matched message
    # What was pushed, and why not.
    Column("said", String),  # band and hints of the version that was pushed last
    Column("pushed_on", String),
    Column("held_back", String),
    Column("held_on", String),  # the day on which a budget stopped it; goes out when a later day's tick comes
    Column("changed_at", String, nullable=False),  # instant (UTC) of the last push or end
    # What the person said.
    Column("answer", String),
    Column("answer_reason", String),
    Column("answered_on", String),
    Column("step", String),  # between person and employer, as hiring said last
    Column("ended_reason", String),
    Index("delivery_pairs_by_person", "person_id", "state"),
    Index("delivery_pairs_by_posting", "posting_id", "state"),
    # Not WITHOUT ROWID: rows of a kilobyte would each take an overflow page of their own (measured: three times the file and the time).
)
Index("delivery_pairs_held", pairs.c.held_on, sqlite_where=pairs.c.held_on.is_not(None), postgresql_where=pairs.c.held_on.is_not(None))
Index("delivery_pairs_best", pairs.c.best, sqlite_where=pairs.c.held_on.is_not(None), postgresql_where=pairs.c.held_on.is_not(None))

# The revision that matching last said of a posting or a person, and whether it is on the market.
sides = Table(
    "delivery_sides",
    metadata,
    Column("kind", String, primary_key=True),  # posting | person
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("on_market", Boolean, nullable=False),
    Column("reason", String),
    sqlite_with_rowid=False,
)

# What a message about a posting says of it: delivery's own projection.
postings = Table(
    "delivery_postings",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

merged = Table(
    "delivery_merged",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("merged_into", String, nullable=False, index=True),
)

# Pushes of a day; the limits are settings.
budgets = Table(
    "delivery_budgets",
    metadata,
    Column("kind", String, primary_key=True),  # posting | person | employer (letters of notices)
    Column("id", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("used", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# How many people were told of a posting, and its openings left as matching said last: who has reached few goes first among near equals.
# Kept of those on the market: the others' are swept when a day begins, and counted again when they come back.
reach = Table(
    "delivery_reach",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("people", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The rule that follows from a person's answer (leanings.py), as the posting stood then; ``used`` False: the person has put it aside.
leanings = Table(
    "delivery_leanings",
    metadata,
    Column("match_id", String, primary_key=True),
    Column("person_id", String, nullable=False, index=True),
    Column("posting_id", String, nullable=False),
    Column("kind", String, nullable=False),  # pay | distance | trade | hours | interested
    Column("value", String, nullable=False),
    Column("document", LargeBinary, nullable=False),  # the posting's title
    Column("day", String, nullable=False),
    Column("used", Boolean, nullable=False),
)

# Why something was not pushed, a row a pair, day and reason; kept 30 days.
suppressed = Table(
    "delivery_suppressed",
    metadata,
    Column("match_id", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("reason", String, primary_key=True),
    sqlite_with_rowid=False,
)

counts = Table(
    "delivery_counts",
    metadata,
    Column("day", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

# What is to be sent outside. States: waiting (quiet hours), due, cancelled (no longer true or already seen).
outgoing = Table(
    "delivery_outgoing",
    metadata,
    Column("outgoing_id", String, primary_key=True),  # match, revision, channel
    Column("match_id", String, nullable=False, index=True),
    Column("person_id", String, nullable=False, index=True),
    Column("posting_id", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String, nullable=False),  # mail | gateway
    Column("kind", String, nullable=False),  # issued | ended | found | notices
    Column("reason", String),
    Column("state", String, nullable=False, index=True),
    Column("not_before", String, nullable=False),
    Column("employer_id", String),  # of notices to an employer, whose person and posting are ""
)

# What is told beside recommendations, a row a person (or employer), entry and stage. Kinds: closing_30, closing_7, closed (a window of
# which a hint in the inbox told), and policy's notices. ``letter``: ``match_id`` of the outgoing rows that tell it outside.
notices = Table(
    "delivery_notices",
    metadata,
    Column("notice_id", String, primary_key=True),
    Column("letter", String),
    Column("person_id", String),
    Column("employer_id", String),
    Column("kind", String, nullable=False),
    Column("entry_id", String),
    Column("benefit", String, nullable=False),
    Column("match_id", String),  # the best recommendation in the inbox that tells of the entry
    Column("document", LargeBinary, nullable=False),  # what else policy's notice says
    Column("day", String, nullable=False),
    Column("last_day", String),
    Index("delivery_notices_by_person", "person_id", "day"),
    Index("delivery_notices_by_letter", "letter"),
)

# Searches that people saved, and the keys under which a posting finds those it may meet (search/percolator.py).
searches = Table(
    "delivery_searches",
    metadata,
    Column("search_id", String, primary_key=True),
    Column("person_id", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("parameters", LargeBinary, nullable=False),  # as JSON
    Column("saved_at", String, nullable=False),
)
search_keys = Table(
    "delivery_search_keys",
    metadata,
    Column("key", String, primary_key=True),
    Column("search_id", String, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Postings that saved searches found. States: held (``reason`` says why; ``held_on``: tried again on a later day), issued, ended.
finds = Table(
    "delivery_finds",
    metadata,
    Column("search_id", String, primary_key=True),
    Column("posting_id", String, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("match_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("held_on", String),
    Column("pushed_on", String),  # the day on which the person was told of it; once and for all
    Column("changed_at", String, nullable=False),
    Index("delivery_finds_by_posting", "posting_id", "state"),
    Index("delivery_finds_by_person", "person_id", "state"),
)
Index("delivery_finds_held", finds.c.held_on, sqlite_where=finds.c.held_on.is_not(None), postgresql_where=finds.c.held_on.is_not(None))

# What became of it outside. Written by the sender, not by a handler: it is no function of the log, so a rebuild of delivery must leave
# it alone (or everything would be sent again). Hence no ``delivery_`` in its name.
outside_sends = Table(
    "outside_sends",
    metadata,
    Column("outgoing_id", String, primary_key=True),
    Column("state", String, nullable=False),  # again | sent | gave_up | no_address | not_needed
    Column("attempts", Integer, nullable=False),
    Column("next_at", String),
    Column("reason", Text),
    Column("at", String, nullable=False),
    Index("outside_sends_by_state", "state", "next_at"),
)


def add_counts(connection: Connection, day: str, numbers: Mapping[str, int]) -> None:
    """Add to the day's counters."""
    if numbers:
        rows = [{"day": day, "what": what, "number": number} for what, number in sorted(numbers.items())]
        connection.execute(_add(connection.dialect.name), rows)


@cache
def _add(dialect: str) -> Executable:
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(counts)
    return statement.on_conflict_do_update(index_elements=["day", "what"], set_={"number": counts.c.number + statement.excluded.number})
