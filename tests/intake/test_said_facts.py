"""Facts that a source states wrongly: the sender reads which, and what is allowed; the rest of the object is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.policy import load_catalogue
from matcher.shapes import ShapeError
from streams.intake.profiles import read_received_employer, read_received_person
from streams.intake.reading import read_received
from streams.intake.said_facts import notes_on_facts


def posting(facts: Any) -> tuple[str, ...]:
    return read_received({"source": "enterprise", "title": "焊工", "facts": facts}).notes


def person(facts: Any) -> tuple[str, ...]:
    return read_received_person({"person_id": "u-1", "kind": "jobseeker", "facts": facts}).notes


def employer(facts: Any) -> tuple[str, ...]:
    return read_received_employer({"employer_id": "e-1", "facts": facts}).notes


SHAPES = pytest.mark.parametrize("of", [posting, person, employer])


@SHAPES
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("contract.signed", "yes", "（已签订劳动合同）没有采用：应填true或false，不知道就不填"),
        ("person.age", "24", "没有采用：应填0至150的数"),
        ("person.age", 151, "没有采用：应填0至150的数"),
        ("claim.date", "2023-02-29", "没有采用：应填2021-01-01至2100-12-31的日期，例如2026-11-20"),
        ("claim.date", "2020-12-31", "没有采用：应填2021-01-01至2100-12-31的日期"),
        ("arrears.period_from", "1989-12-31", "没有采用：应填1990-01-01至2100-12-31的日期"),
        ("employer.size", "tiny", "没有采用：应填micro、small、medium、large、none之一"),
        ("employer.programme", "ten_platforms", "没有采用：应填一个列表，每项是ten_platforms、"),
    ],
)
def test_a_fact_that_cannot_be_so_is_named_with_what_is_allowed(
    of: Callable[[Any], tuple[str, ...]], name: str, value: Any, allowed: str
) -> None:
    (note,) = of({name: value, "employment.is_new_hire": True})
    assert note.startswith(f"facts.{name}（")
    assert allowed in note


@SHAPES
def test_of_good_unknown_and_absent_facts_nothing_is_said(of: Callable[[Any], tuple[str, ...]]) -> None:
    assert of({"contract.signed": True, "person.age": None, "person.hukou": "140105", "made.up": [1]}) == ()
    assert of({}) == of(None) == ()


@SHAPES
def test_ten_thousand_facts_are_refused(of: Callable[[Any], tuple[str, ...]]) -> None:
    assert of({f"made.up{number}": number for number in range(1000)}) == ()
    with pytest.raises(ShapeError) as refused:
        of({f"made.up{number}": number for number in range(10_000)})
    assert [(one.field, one.message) for one in refused.value.errors] == [("facts", "10000 facts given, at most 1000 are read")]


def test_of_many_wrong_facts_the_first_ten_are_named() -> None:
    numbers = [name for name, field in load_catalogue().shared.fields.items() if field.type == "number"]
    told = notes_on_facts(dict.fromkeys(numbers, "?"))
    assert len(told) == 11
    assert told[-1] == f"facts中另有{len(numbers) - 10}项没有采用"
