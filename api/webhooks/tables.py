"""Webhooks of the feed: where partners want its changes sent, and what became of each delivery. The secret is a private value."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from streams.runtime.tables import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String, primary_key=True),
    Column("account_id", String, nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("after_seq", BigInteger, nullable=False),  # the place in the log up to which the feed was put into deliveries
    Column("made", BigInteger, nullable=False),  # how many deliveries there were: the number of the last one
)

# A stretch of the feed. What it says is read from the log again at each attempt: the log does not change.
#   due        to be sent: now, or at ``next_at``
#   delivered  the target took it
#   dead       given up after the last try; nothing later is sent before it, so that nothing is missed
deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook_id", String, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3, … of its webhook
    Column("delivery_id", String, nullable=False, unique=True),
    Column("after_seq", BigInteger, nullable=False),
    Column("until_seq", BigInteger, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", String),
    Column("at", String, nullable=False),  # made, or tried last
    Column("status", Integer),  # what the target answered last
    Column("reason", String),  # what was wrong last, a code (``wording``)
    Index("webhook_deliveries_by_state", "state", "webhook_id"),
)
