"""Accounts, sessions and who looked at whose data."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from streams.runtime.tables import Place, metadata

accounts = Table(
    "access_accounts",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("login", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),  # argon2id
    Column("person_id", String),
    Column("employer_id", String),
    Column("region", String),  # commissioners, markets, brands: where they are responsible
    Column("owner_ids", Text, nullable=False, server_default="[]"),  # market_id, brand_id, ... whose postings it may send
    Column("display", String, nullable=False, server_default=""),
    Column("state", String, nullable=False, server_default="active"),
    Column("created_at", String, nullable=False),
    Column("office_id", String),  # of staff: where they belong to (``offices``)
)

# The public employment service: province, city, county, township, community.
offices = Table(
    "access_offices",
    metadata,
    Column("office_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("level", String, nullable=False),
    Column("region", String, nullable=False),
    Column("parent_id", String),
)

deputies = Table(
    "access_deputies",
    metadata,
    Column("account_id", String, primary_key=True),  # who is away
    Column("deputy_id", String, primary_key=True, index=True),
    Column("first_day", String, nullable=False),
    Column("last_day", String, nullable=False),
)

sessions = Table(
    "access_sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("csrf", String, nullable=False),
    Column("expires_at", String, nullable=False),
    # open | vouched: open, and the provider asked for a second factor | code: the password was right, the code is awaited
    Column("stage", String, nullable=False, server_default="open"),
    Column("acting_for", String),  # the account somebody stands in for in this session
    Index("access_sessions_by_account", "account_id"),
)

# The authenticator's secret is a private value of the account (``second_factor``).
second_factors = Table(
    "access_second_factors",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("state", String, nullable=False),  # begun | on
    Column("last_step", BigInteger, nullable=False),  # of the last code that passed: no code passes twice
    Column("since", String, nullable=False),
)

recovery_codes = Table(
    "access_recovery_codes",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("code_hash", String, primary_key=True),
)

# Links that set another password (``reset``).
resets = Table(
    "access_resets",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", String, nullable=False, index=True),
    Column("expires_at", String, nullable=False),
)

# Who of an OpenID provider's people signs in to which account (``linking``).
provider_links = Table(
    "access_provider_links",
    metadata,
    Column("subject_hash", String, primary_key=True),  # keyed
    Column("account_id", String, nullable=False, unique=True),
    Column("since", String, nullable=False),
)

api_keys = Table(
    "access_api_keys",
    metadata,
    Column("key_hash", String, primary_key=True),
    Column("account_id", String, nullable=False, index=True),
    Column("created_at", String, nullable=False),
    Column("key_id", String, nullable=False, index=True, unique=True),  # what it is called by; the key itself is known to its holder alone
    Column("name", String, nullable=False, server_default=""),
    Column("actions", Text),  # a list of actions of the table of roles; null: whatever the account may
    Column("last_day", String),  # the last day on which it opens; null: no end
    Column("last_used_on", String),
)

# Written by ``audit.append`` alone, which gives ``n`` and ``hash``; nothing in it is ever changed.
audit = Table(
    "access_audit",
    metadata,
    Column("n", Place, primary_key=True, autoincrement=True),  # 1, 2, 3, … without a gap
    Column("at", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("person_id", String, nullable=False),  # whose data; empty: the log itself was read
    Column("action", String, nullable=False),
    Column("purpose", String, nullable=False),  # the reason, where one was asked for
    Column("office", String, nullable=False, server_default=""),  # for whom: region of a commissioner, employer, market, brand
    Column("about", String, nullable=False, server_default=""),  # the posting or claim
    Column("fields", String, nullable=False, server_default=""),  # which kinds of fields, with commas
    Column("hash", String, nullable=False, server_default=""),  # over the entry before it and this one
    Index("access_audit_by_person", "person_id", "n"),
    Index("access_audit_by_account", "account_id", "n"),
    sqlite_autoincrement=True,
)
