"""Every table there is, gathered for migrations. Importing this module registers each subject's tables in one metadata."""

from __future__ import annotations

from sqlalchemy import Table

from api.access import tables as access
from api.help import tables as help_
from api.webhooks import tables as webhooks
from streams.delivery import tables as delivery
from streams.hiring import tables as hiring
from streams.intake import tables as intake
from streams.matching import shards
from streams.matching import tables as matching
from streams.policy import tables as policy
from streams.runtime import tables as runtime
from streams.runtime.tables import metadata
from streams.staffing import tables as staffing

MODULES = (runtime, access, help_, webhooks, delivery, hiring, intake, matching, shards, policy, staffing)


def product_tables() -> tuple[Table, ...]:
    """The tables that the product's own modules declare."""
    return tuple(thing for module in MODULES for thing in vars(module).values() if isinstance(thing, Table))


__all__ = ["MODULES", "metadata", "product_tables"]
