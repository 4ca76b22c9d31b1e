"""What tests read beside the checkout, because it is not ours to ship: documents, reference tables, real postings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def reference_data(*parts: str) -> Path:
    """The file or folder of this name under ``GONGQIAO_SHARED``, else under ``shared`` beside the checkout.

    Where it is missing the test is skipped on a laptop and fails under CI, which has it.
    """
    path = Path(os.environ.get("GONGQIAO_SHARED", Path(__file__).parents[2] / "shared")).joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing; set GONGQIAO_SHARED")
        pytest.skip(f"{path} is not here")
    return path
