"""The shipped tables are what the script makes of the reference data, byte by byte. Skipped where that is absent."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import pytest

from infra.make_tables_regions import main


def test_the_script_makes_the_shipped_tables(tmp_path: Path) -> None:
    source = Path(os.environ.get("GONGQIAO_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "reference"
    if not source.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{source} is missing; set GONGQIAO_SHARED")
        pytest.skip(f"no reference data at {source}")
    main(source, tmp_path)
    for name in ("regions", "townships", "education", "certificates"):
        assert (tmp_path / f"{name}.csv").read_bytes() == resources.files("matcher.tables").joinpath(f"{name}.csv").read_bytes(), name
