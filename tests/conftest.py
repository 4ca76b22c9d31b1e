"""What tests of several subjects start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.migrate import migrate


@pytest.fixture(scope="session")
def empty_exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without content; copying it is quicker than migrating each time."""
    path = tmp_path_factory.mktemp("empty") / "g.sqlite"
    migrate(path)
    return path
