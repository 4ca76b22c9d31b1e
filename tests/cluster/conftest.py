"""One nursery for all fault tests, and the market they put through the cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.market import Facts, Nursery, Run, a_run, undisturbed
from tests.engines import OwnEngines


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    made = Nursery(tmp_path_factory.mktemp("nursery") / "errors.txt")
    yield made
    made.close()


@pytest.fixture(scope="session")
def own() -> Iterator[OwnEngines]:
    """Kafka and PostgreSQL that nobody else uses: they are killed here, and an open transaction of somebody else's would hold up ours."""
    with OwnEngines("kafka", "postgres") as engines:
        yield engines


@pytest.fixture(scope="session")
def own_cache() -> Iterator[OwnEngines]:
    with OwnEngines("redis") as engines:
        yield engines


@pytest.fixture(scope="session")
def own_search() -> Iterator[OwnEngines]:
    with OwnEngines("elastic") as engines:
        yield engines


@pytest.fixture
def run(own: OwnEngines, nursery: Nursery, tmp_path: Path) -> Iterator[Run]:
    own.start("kafka")
    own.start("postgres")
    with a_run(nursery, tmp_path / "run", own.url("kafka"), own.url("postgres")) as made:
        yield made


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Facts, dict[str, Any]]:
    """A few hundred postings and people, and what comes of them when nothing goes wrong. ``FAULT_POSTINGS=5000`` for a long run."""
    folder: Path = tmp_path_factory.mktemp("undisturbed")
    return undisturbed(folder, postings=int(os.environ.get("FAULT_POSTINGS", "150")), people=int(os.environ.get("FAULT_PEOPLE", "120")))
