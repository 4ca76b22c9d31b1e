"""Where people out of work find help (J-08): kept by staff, at the edge, for nothing in the exchange follows from it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from streams.runtime.tables import metadata

channels = Table(
    "help_channels",
    metadata,
    Column("channel_id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("kind", String, nullable=False),  # office | online | procedure | document | service
    Column("name", String, nullable=False),
    Column("text", Text),
    Column("address", String),
    Column("phone", String),
    Column("url", String),
    Column("works", Boolean, nullable=False),
    Column("checked_on", String, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_at", String, nullable=False),
    Index("help_channels_by_region", "region", "kind"),
)
