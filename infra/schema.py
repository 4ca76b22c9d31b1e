"""Every table there is, gathered for migrations. Importing this module registers each subject's tables in one metadata."""

from __future__ import annotations

import streams.delivery.tables
import streams.hiring.tables
import streams.intake.tables
import streams.matching.tables
import streams.staffing.tables  # noqa: F401
from streams.runtime.tables import metadata

__all__ = ["metadata"]
