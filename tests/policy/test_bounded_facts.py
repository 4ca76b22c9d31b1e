"""Every fact of the catalogue has bounds: what cannot be so is named with the field and what is allowed, and the batch goes on."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.commands.hints import command
from matcher.policy import faulty_facts, load_catalogue
from matcher.policy.facts import FIRST_DAY, LAST_DAY, LONGEST_TEXT, RANGES, listed_values, range_of, read_facts
from matcher.shapes import FieldError, ShapeError

CATALOGUE = load_catalogue()
OF_TYPE = {
    kind: sorted(name for name, field in CATALOGUE.shared.fields.items() if field.type == kind)
    for kind in ("number", "date", "enum", "set")
}


def refused(name: str, value: Any) -> FieldError | None:
    """The error about this fact, the same for facts of a question and of a shape; ``None`` where it is read."""
    of_shape = faulty_facts(CATALOGUE, {name: value})
    try:
        read_facts(CATALOGUE, {name: value})
        of_question: list[FieldError] = []
    except ShapeError as error:
        of_question = list(error.errors)
    assert of_question == of_shape
    assert [one.field for one in of_shape] in ([], [f"facts.{name}"])
    return of_shape[0] if of_shape else None


@pytest.mark.parametrize("name", OF_TYPE["number"])
def test_every_number_has_a_range_whose_ends_are_in_it(name: str) -> None:
    assert CATALOGUE.shared.fields[name].unit in RANGES
    low, high = range_of(CATALOGUE.shared.fields[name])
    assert refused(name, low) is refused(name, high) is None
    for value in (low - 1, high + 1):
        error = refused(name, value)
        assert error is not None
        assert error.allowed == [f"{low} to {high}"]
        assert f"from {low} to {high}" in error.message


@pytest.mark.parametrize("name", OF_TYPE["date"])
def test_every_date_has_a_first_and_a_last_day(name: str) -> None:
    first = CATALOGUE.shared.fields[name].first_day or FIRST_DAY
    assert refused(name, first.isoformat()) is refused(name, LAST_DAY.isoformat()) is None
    for day in (first - timedelta(days=1), LAST_DAY + timedelta(days=1), date(2200, 1, 1)):
        error = refused(name, day.isoformat())
        assert error is not None
        assert error.allowed == [f"{first} to {LAST_DAY}"]


@pytest.mark.parametrize("name", OF_TYPE["enum"] + OF_TYPE["set"])
def test_every_listed_field_takes_its_words_and_no_other(name: str) -> None:
    is_set = CATALOGUE.shared.fields[name].type == "set"
    allowed = listed_values(CATALOGUE, name)
    for word in allowed if allowed is not None else CATALOGUE.shared.fields[name].values:
        assert refused(name, [word] if is_set else word) is None
    error = refused(name, ["tiny"] if is_set else "tiny")
    assert (error is None) is (allowed is None)
    assert error is None or error.allowed == allowed
    assert refused(name, ["x" * (LONGEST_TEXT + 1)] if is_set else "x" * (LONGEST_TEXT + 1)) is not None


def test_the_fields_with_a_vocabulary_are_closed_to_it_but_industry() -> None:
    closed = {name for name in OF_TYPE["enum"] + OF_TYPE["set"] if listed_values(CATALOGUE, name) is not None}
    assert closed == set(CATALOGUE.shared.vocabulary) - {"employer.industry"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("claim.date", "1999-01-01"),
        ("claim.date", "2200-01-01"),
        ("person.age", 400),
        ("contract.min_months", -5),
        ("employer.size", "tiny"),
        ("person.category", ["registered_unemployed", "wizard"]),
        ("person.age", "forty"),
    ],
)
def test_a_line_with_what_cannot_be_so_is_named_and_the_others_are_answered(tmp_path: Path, name: str, value: Any) -> None:
    facts, output = tmp_path / "facts.jsonl", tmp_path / "out.jsonl"
    lines = [{"id": "bad", "date": "2026-11-20", "facts": {name: value}}, {"id": "good", "date": "2026-11-20", "facts": {"person.age": 40}}]
    facts.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = CliRunner().invoke(command, ["--facts", str(facts), "--output", str(output)])
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["id"] for line in output.read_text().splitlines()] == ["good"]
    rejected = [json.loads(line) for line in (tmp_path / "out.jsonl.rejected.jsonl").read_text().splitlines()]
    assert [(one["line"], one["field"]) for one in rejected] == [(1, f"facts.{name}")]
