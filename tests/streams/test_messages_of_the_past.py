"""What was written once is read for ever: a body of every type and version as it stands in logs out there, read by today's program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from streams.runtime.messages import REGISTRY, from_json, read_message
from streams.runtime.topology import topology

EXAMPLES = Path(__file__).parent / "examples"
VERSIONS = sorted((cls.type, version) for topic in topology().topics for cls in topic.types for version in range(1, cls.version + 1))
CURRENT = [(type_, version) for type_, version in VERSIONS if version == REGISTRY[type_].version]


def example(type_: str, version: int) -> dict[str, Any]:
    return dict(json.loads((EXAMPLES / f"{type_}.v{version}.json").read_text()))


def test_every_version_of_every_message_has_an_example_and_none_is_left_over() -> None:
    """A new version is added beside the old one; an example is never changed, for the logs are not changed either."""
    assert {file.name for file in EXAMPLES.glob("*.json")} == {f"{type_}.v{version}.json" for type_, version in VERSIONS}


@pytest.mark.parametrize(("type_", "version"), VERSIONS)
def test_a_body_of_the_past_is_read(type_: str, version: int) -> None:
    message = read_message(type_, version, example(type_, version))
    assert message.type == type_
    assert message.key_value == str(example(type_, version)[message.key])


@pytest.mark.parametrize(("type_", "version"), CURRENT)
def test_nothing_a_body_says_is_lost_in_reading_it(type_: str, version: int) -> None:
    """Unknown fields are ignored by design, so a renamed one would be lost in silence: what is read says all that was written."""
    body = example(type_, version)
    said = from_json(read_message(type_, version, body).body_json())
    assert {name: said.get(name) for name in body} == body


@pytest.mark.parametrize(("type_", "version"), [one for one in VERSIONS if one not in CURRENT])
def test_what_is_lifted_is_lifted_to_what_it_meant(type_: str, version: int) -> None:
    current = REGISTRY[type_].version
    lifted = from_json(read_message(type_, version, example(type_, version)).body_json())
    again = from_json(read_message(type_, current, lifted).body_json())
    assert again == lifted
    # Every plain value of the old body is still said somewhere, if only as a part of a text: a hint was an object once.
    values = [json.dumps(value, ensure_ascii=False).strip('"') for value in _leaves(lifted)]
    lost = {value for value in _leaves(example(type_, version)) if not _said_in(json.dumps(value, ensure_ascii=False).strip('"'), values)}
    assert lost <= {12}, "12 months became 12.0"


def _said_in(value: str, values: list[str]) -> bool:
    return any(value == other or value in re.split("[=:]", other) for other in values)


@pytest.mark.parametrize(("type_", "version"), CURRENT)
def test_what_readers_are_given_in_memory_is_what_the_log_says(type_: str, version: int) -> None:
    """``as_made`` messages are handed on as they were made: a reader after a restart must see the same."""
    message = read_message(type_, version, example(type_, version))
    assert read_message(type_, version, from_json(message.body_json())) == message


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [value]
