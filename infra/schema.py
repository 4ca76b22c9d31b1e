"""Every table there is, gathered for migrations. Importing this module registers each subject's tables in one metadata."""

from __future__ import annotations

from api.access import tables as access
from streams.delivery import tables as delivery
from streams.hiring import tables as hiring
from streams.intake import tables as intake
from streams.matching import tables as matching
from streams.runtime.tables import metadata
from streams.staffing import tables as staffing

MODULES = (access, delivery, hiring, intake, matching, staffing)

__all__ = ["MODULES", "metadata"]
