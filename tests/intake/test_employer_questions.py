"""An employer is asked what benefits in force depend on and nobody has stated, and nothing else."""

from __future__ import annotations

from datetime import date

from matcher.policy.loader import load_catalogue
from matcher.shapes import Employer
from streams.intake.employer_questions import questions

DAY = date(2026, 11, 20)
BARE = Employer(employer_id="e-1", name="太原样例机械有限公司")


def asked(employer: Employer, **how: object) -> dict[str, str]:
    return {item.fact: item.text for item in questions(load_catalogue(), employer, DAY, **how)}  # type: ignore[arg-type]


def test_of_an_employer_of_whom_nothing_is_known_size_and_kind_are_asked_in_plain_chinese() -> None:
    found = asked(BARE)
    assert {"employer.kind", "employer.size"} <= set(found)
    assert all(text and not text.startswith("employer.") for text in found.values())


def test_what_is_stated_is_not_asked() -> None:
    stated = BARE.model_copy(update={"kind": "enterprise", "size": "small", "facts": {"employer.ui_insured": True}})
    assert not {"employer.kind", "employer.size", "employer.ui_insured"} & set(asked(stated))


def test_what_most_depends_on_comes_first_and_says_what_for() -> None:
    found = questions(load_catalogue(), BARE, DAY)
    assert [len(item.benefits) for item in found] == sorted((len(item.benefits) for item in found), reverse=True)
    assert all(item.benefits for item in found)


def test_at_one_hint_only_what_it_lacks_is_asked() -> None:
    assert set(asked(BARE, only={"employer.size"})) == {"employer.size"}
    assert asked(BARE, only=()) == {}


def test_before_any_benefit_was_in_force_nothing_is_asked() -> None:
    assert questions(load_catalogue(), BARE, date(1990, 1, 1)) == [] or len(questions(load_catalogue(), BARE, date(1990, 1, 1))) < len(
        asked(BARE)
    )
