"""The tests of the subjects and of the API, which were written for SQLite, over PostgreSQL as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import require

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]


def files(folder: str, *without: str) -> list[str]:
    found = sorted(path.name for path in (ROOT / "tests" / folder).glob("test_*.py"))
    assert set(without) <= set(found)
    return [f"tests/{folder}/{name}" for name in found if name not in without]


def name(suite: tuple[str, ...]) -> str:
    """The folder, and the file it begins with where that is said."""
    return "-".join(Path(suite[0]).with_suffix("").parts[1:])


API = files("api")
THIRD = -(-len(API) // 3)
SUITES = (
    # Left out is what says nothing of a database, and the index in Elasticsearch, which asks for another engine. Days on end of ticks
    # are many messages and few statements: of them the pages.
    (
        *files(
            "intake",
            "test_asking_again.py",
            "test_employer_questions.py",
            "test_index_follows_elastic.py",
            "test_ingest_command.py",
            "test_reading_received.py",
        ),
        "tests/intake/test_asking_again.py::test_people_are_asked_in_pages",
    ),
    tuple(files("delivery", "test_targets.py")),
    ("tests/hiring",),
    ("tests/staffing",),
    # In three parts, each with a time limit of its own; the files stay in their order.
    *(tuple(API[start : start + THIRD]) for start in range(0, len(API), THIRD)),
    ("tests/pages",),
    ("tests/runtime/test_rekeying.py",),
)


@pytest.mark.timeout(1500)  # whole suites
@pytest.mark.parametrize("suite", SUITES, ids=name)
def test_a_suite_passes_over_postgresql(suite: tuple[str, ...]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GONGQIAO_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.state.on_postgres", "-p", "no:cacheprovider", "-q", *suite],
        cwd=ROOT,
        env={**environment, "STATE_TESTS_POSTGRES": require("postgres")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
