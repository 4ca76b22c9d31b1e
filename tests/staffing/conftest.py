"""An exchange with staffing alone; what others would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.migrate import migrate
from tests.staffing.made_up_messages import StaffingExchange


@pytest.fixture(scope="session")
def empty_exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without content; copying it is quicker than migrating each time."""
    path = tmp_path_factory.mktemp("empty") / "g.sqlite"
    migrate(path)
    return path


@pytest.fixture
def exchange(tmp_path: Path, empty_exchange: Path) -> Iterator[StaffingExchange]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    opened = StaffingExchange(tmp_path / "g.sqlite")
    try:
        yield opened
        assert opened.dead() == []
    finally:
        opened.close()
