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
API = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "api").glob("test_*.py"))
THIRD = -(-len(API) // 3)
SUITES = (
    ("tests/delivery/test_pushing.py", "tests/delivery/test_redelivery_and_order.py"),
    ("tests/hiring",),
    ("tests/staffing",),
    # In three parts, each with a time limit of its own; the files stay in their order.
    *(tuple(API[start : start + THIRD]) for start in range(0, len(API), THIRD)),
    ("tests/pages",),
    ("tests/runtime/test_rekeying.py",),
)


@pytest.mark.timeout(1500)  # whole suites
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: Path(suite[0]).stem)
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
