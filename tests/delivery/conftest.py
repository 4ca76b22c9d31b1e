"""An exchange with delivery alone; what matching would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.made_up_messages import DeliveryExchange


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"person_pushes_a_day": 3, "posting_pushes_a_day": 4, "quiet_from": 22, "quiet_to": 7}


@pytest.fixture
def exchange(tmp_path: Path, empty_exchange: Path, settings: dict[str, Any]) -> Iterator[DeliveryExchange]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    opened = DeliveryExchange(tmp_path / "g.sqlite", settings)
    try:
        yield opened
        assert opened.dead() == []
    finally:
        opened.close()
