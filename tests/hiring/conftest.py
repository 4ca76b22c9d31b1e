"""An exchange with hiring alone; what others would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hiring.made_up_messages import HiringExchange


@pytest.fixture
def exchange(tmp_path: Path, empty_exchange: Path) -> Iterator[HiringExchange]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    opened = HiringExchange(tmp_path / "g.sqlite")
    try:
        yield opened
        assert opened.dead() == []
    finally:
        opened.close()
