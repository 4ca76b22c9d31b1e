"""An exchange with policy alone; what others would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.streams.policy.policy_exchange import PolicyExchange


@pytest.fixture
def opened(tmp_path: Path, empty_exchange: Path) -> Iterator[Callable[..., PolicyExchange]]:
    """Opens exchanges with settings of their own; none may leave a dead letter."""
    made: list[PolicyExchange] = []

    def open_one(**settings: Any) -> PolicyExchange:
        file = tmp_path / f"g{len(made)}.sqlite"
        shutil.copy(empty_exchange, file)
        made.append(PolicyExchange(file, **settings))
        return made[-1]

    yield open_one
    try:
        assert [one.dead() for one in made if one.dead()] == []
    finally:
        for one in made:
            one.close()


@pytest.fixture
def exchange(opened: Callable[..., PolicyExchange]) -> PolicyExchange:
    return opened()
