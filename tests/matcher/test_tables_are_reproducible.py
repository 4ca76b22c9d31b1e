"""The shipped tables are what the script makes of the reference data, byte by byte. Skipped where that is absent."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from infra.make_tables_regions import main
from tests.reference_data import reference_data


def test_the_script_makes_the_shipped_tables(tmp_path: Path) -> None:
    main(reference_data("data", "reference"), tmp_path)
    for name in ("regions", "townships", "education", "certificates"):
        assert (tmp_path / f"{name}.csv").read_bytes() == resources.files("matcher.tables").joinpath(f"{name}.csv").read_bytes(), name
