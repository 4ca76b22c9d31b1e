"""Messages keep their promise: schemas are golden, older versions are lifted, nothing loops."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from streams.runtime.messages import REGISTRY, MessageError, derived_id, read_message
from streams.runtime.topology import topology

GOLDEN = Path(__file__).parent / "golden"
TYPES = sorted(cls.type for topic in topology().topics for cls in topic.types)


def schema_file(type_: str, version: int) -> Path:
    return GOLDEN / f"{type_}.v{version}.json"


@pytest.mark.parametrize("type_", TYPES)
def test_schema_is_the_golden_one(type_: str) -> None:
    """A changed schema is a new version with an upcast. GONGQIAO_WRITE_GOLDEN=1 writes the files of new messages."""
    cls = REGISTRY[type_]
    made = json.dumps(cls.model_json_schema(by_alias=True), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    file = schema_file(type_, cls.version)
    if os.environ.get("GONGQIAO_WRITE_GOLDEN"):
        file.write_text(made)
    assert file.read_text() == made, f"{type_}: raise its version and add an upcast, or write the golden schema of a new message"


@pytest.mark.parametrize("type_", TYPES)
def test_every_older_version_has_a_golden_schema_and_an_upcast(type_: str) -> None:
    cls = REGISTRY[type_]
    for version in range(1, cls.version):
        assert schema_file(type_, version).exists()
        assert version in cls.upcasts


def test_no_golden_schema_is_left_without_its_message() -> None:
    assert {file.name.rsplit(".v", 1)[0] for file in GOLDEN.glob("*.json")} == set(TYPES)


def optional_fields(schema: dict[str, Any]) -> set[str]:
    return set(schema["properties"]) - set(schema.get("required", ()))


@pytest.mark.parametrize("type_", TYPES)
def test_a_reader_of_today_ignores_fields_it_does_not_know(type_: str) -> None:
    assert REGISTRY[type_].model_config["extra"] == "ignore"


def test_a_message_of_the_first_version_is_lifted_step_by_step() -> None:
    # A step reported before contracts were objects: the months stood alone.
    old = {"person_id": "u-1", "posting_id": "p-1", "step": "hired", "on": "2026-11-20", "by": "e-1", "contract_months": 12}
    message = read_message("hiring.step_reported", 1, old)
    assert message.contract.months == 12
    assert message.contract.signed is None


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(MessageError, match="upgrade it first"):
        read_message("clock.tick", 99, {})


def test_a_message_that_does_not_fit_names_the_field_and_no_value() -> None:
    with pytest.raises(MessageError, match="person_id") as caught:
        read_message("hiring.step_reported", 2, {"posting_id": "王秘密"})
    assert "王秘密" not in str(caught.value)


def test_nothing_loops() -> None:
    assert topology().loops() == []


def test_a_derived_id_depends_on_input_handler_type_and_key_alone() -> None:
    assert derived_id("a", "h", "t", "k") == derived_id("a", "h", "t", "k")
    assert (
        len(
            {
                derived_id(*parts)
                for parts in [("a", "h", "t", "k"), ("b", "h", "t", "k"), ("a", "i", "t", "k"), ("a", "h", "u", "k"), ("a", "h", "t", "l")]
            }
        )
        == 5
    )
