"""An exchange with staffing alone; what others would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.staffing.made_up_messages import StaffingExchange


@pytest.fixture
def exchange(tmp_path: Path, empty_exchange: Path) -> Iterator[StaffingExchange]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    opened = StaffingExchange(tmp_path / "g.sqlite")
    try:
        yield opened
        assert opened.dead() == []
    finally:
        opened.close()
