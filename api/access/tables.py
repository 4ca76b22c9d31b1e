"""Accounts, sessions and who looked at whose data."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from streams.runtime.tables import metadata

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
)

sessions = Table(
    "access_sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("csrf", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Index("access_sessions_by_account", "account_id"),
)

api_keys = Table(
    "access_api_keys",
    metadata,
    Column("key_hash", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("created_at", String, nullable=False),
)

audit = Table(
    "access_audit",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("purpose", String, nullable=False),
    Index("access_audit_by_person", "person_id", "n"),
    sqlite_autoincrement=True,
)
