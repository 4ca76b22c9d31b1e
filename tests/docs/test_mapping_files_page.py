"""The page on mapping files names every reader, setting and shipped mapping, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

from streams.intake.mapping import parse_mapping, shipped_mappings
from streams.intake.readers import READERS, SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "mapping-files.md").read_text(encoding="utf-8")


def test_every_reader_setting_and_shipped_mapping_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert set(READERS) <= named
    assert {setting for settings in SETTINGS.values() for setting in settings} <= named
    assert set(shipped_mappings()) <= named


def test_the_example_is_a_mapping() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert parse_mapping(example[1]).kind == "postings"
