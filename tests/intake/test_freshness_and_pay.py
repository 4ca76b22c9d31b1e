"""What speaks for a posting that hires nobody, who has to confirm, and what a trade pays without showing what one employer pays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from matcher.figures import read_tables, use
from matcher.pay_surveys import COLUMNS
from streams.hiring.messages import OpeningsTaken
from streams.intake import freshness, gateway
from streams.intake.freshness import signs
from streams.intake.pay_reference import (
    LEAST_EMPLOYERS,
    LEAST_POSTINGS,
    PayReference,
    note,
    pay_of_others,
    pay_reference,
    surveyed_pay,
)
from tests.intake.conftest import FIRST_DAY, POSTING, Clock, Intake

WELDER = "6-18-02-04"


def fresh(intake: Intake, posting_id: str, on: date, interested: int | None = None) -> freshness.Freshness:
    with intake.exchange.reading() as connection:
        found = freshness.freshness(connection, posting_id, on, interested=interested)
    assert found is not None
    return found


def test_a_new_posting_has_no_signs(intake: Intake) -> None:
    found = fresh(intake, intake.posted(), FIRST_DAY, interested=50)
    assert (found.days_public, found.times_public, found.signs, found.ask) == (1, 1, (), False)
    assert found.confirm_by == date(2027, 1, 1)


def test_a_source_is_asked_two_weeks_before_its_posting_expires(intake: Intake, clock: Clock) -> None:
    posting_id = intake.posted()
    day = date(2026, 12, 18)
    assert not fresh(intake, posting_id, day - timedelta(days=1)).ask
    assert fresh(intake, posting_id, day).ask
    with intake.exchange.reading() as connection:
        due = freshness.to_confirm(connection, day, employer_id="e-1")
        assert [(one["posting_id"], one["days_left"]) for one in due] == [(posting_id, 14)]
        assert freshness.to_confirm(connection, day, employer_id="e-2") == []
    clock.go_to(day)
    gateway.confirm_posting(intake.exchange, posting_id, by="a-1", sender="test")
    intake.drain()
    found = fresh(intake, posting_id, day)
    assert (found.ask, found.confirmed_on) == (False, day)


def test_posted_again_and_again_is_a_sign(intake: Intake) -> None:
    for number in range(3):
        intake.withdraw(intake.posted({"source_id": f"HR-{number}"}))
    found = fresh(intake, intake.posted({"source_id": "HR-9"}), FIRST_DAY)
    assert found.posted_again == 3
    assert found.signs == ("同一岗位一年内发布过4次",)


def test_long_without_a_hire_is_a_sign_and_a_hire_ends_it(intake: Intake) -> None:
    posting_id = intake.posted({"apply_by": "2027-12-31"})
    day = FIRST_DAY + timedelta(days=150)
    assert fresh(intake, posting_id, day).signs == ("已发布151天，没有录用记录",)
    with intake.exchange.reading() as connection:
        assert [one["posting_id"] for one in freshness.unusual(connection, day, region="140100")] == [posting_id]
        assert freshness.unusual(connection, day, region="140200") == []
    intake.hired(posting_id, 1, revision=1)
    assert fresh(intake, posting_id, day).signs == ()


def test_nobody_answered_is_a_sign_until_somebody_is_talked_to(intake: Intake) -> None:
    posting_id = intake.posted()
    day = FIRST_DAY + timedelta(days=30)
    assert fresh(intake, posting_id, day, interested=8).signs == ("8人表示感兴趣，31天内没有联系任何人",)
    assert fresh(intake, posting_id, day).signs == ()
    intake.say(OpeningsTaken(posting_id=posting_id, revision=1, hired=0, in_talks=1, accepted=0))
    assert fresh(intake, posting_id, day, interested=8).signs == ()


@pytest.mark.parametrize(
    ("facts", "number"),
    [((3, 100, 0, 0, 4), 0), ((4, 1, 0, 0, None), 1), ((1, 121, 0, 0, 9), 2), ((1, 121, 1, 0, 9), 0), ((1, 20, 0, 0, 9), 0)],
)
def test_signs_need_time_and_numbers(facts: tuple[int, int, int, int, int | None], number: int) -> None:
    assert len(signs(*facts)) == number


# -- what a trade pays ---------------------------------------------------------------------------------------------------


def welder(number: int, region: str, pay: int, employers: int, start: int) -> dict[str, Any]:
    """One of several openings that are none of them the same."""
    firm = start + number % employers
    return POSTING | {
        "source_id": f"W-{start + number}",
        "title": f"焊工{start + number}班",
        "occupation_code": WELDER,
        "region": region,
        "address": None,
        "employer": {"employer_id": f"e-w{firm}", "name": f"样例第{firm}机械制造有限公司"},
        "pay": {"min": pay, "max": pay + 1000, "unit": "month"},
    }


def welders(intake: Intake, region: str, pays: list[int], employers: int, start: int = 0) -> None:
    intake.post(*(welder(number, region, pay, employers, start) for number, pay in enumerate(pays)))


def reference(intake: Intake, region: str, occupation: str = WELDER) -> PayReference | None:
    with intake.exchange.reading() as connection:
        return pay_reference(connection, occupation, region)


def test_a_trade_with_enough_postings_of_enough_employers_has_quantiles(intake: Intake) -> None:
    welders(intake, "140105", [4000 + 300 * n for n in range(LEAST_POSTINGS + 2)], LEAST_EMPLOYERS + 1)
    found = reference(intake, "140105")
    assert found == PayReference(WELDER, "140105", 5300, 6200, 7000, 10, 5)
    assert note(found, 3000) is not None
    assert note(found, 5000) is None


def test_too_few_postings_or_employers_show_nothing(intake: Intake) -> None:
    welders(intake, "140105", [5000 + 200 * n for n in range(LEAST_POSTINGS - 1)], LEAST_EMPLOYERS + 1)
    assert reference(intake, "140105") is None
    welders(intake, "140106", [5000 + 200 * n for n in range(LEAST_POSTINGS + 5)], LEAST_EMPLOYERS - 2, start=100)
    assert reference(intake, "140106", "6-18-02-03") is not None, "both counties together are enough for the trade's group"
    assert reference(intake, "150102") is None


def test_a_county_with_too_few_is_answered_with_its_city(intake: Intake) -> None:
    welders(intake, "140105", [5000 + 100 * n for n in range(8)], 4)
    welders(intake, "140106", [5000 + 100 * n for n in range(8)], 4, start=50)
    found = reference(intake, "140105")
    assert found is not None
    assert (found.region, found.occupation) == ("140100", WELDER)


def test_one_employer_with_most_of_the_postings_is_not_shown(intake: Intake) -> None:
    welders(intake, "140105", [9000 + 10 * n for n in range(20)], 1)
    welders(intake, "140105", [5000 + 100 * n for n in range(6)], 6, start=100)
    assert reference(intake, "140105") is None


SURVEY = (
    ",".join(COLUMNS)
    + """
6-18-02,140000,2026-01-01,2026-12-31,4100,4900,6100,3000,400,made up for the province,2025-12-20
6-18-02-04,140100,2026-01-01,2026-12-31,4800,5600,6900,120,18,made up for the city,2025-12-20
6-18-02-04,140105,2026-01-01,2026-12-31,9000,9100,9200,6,3,made up and too small,2025-12-20
"""
)


@pytest.fixture
def surveyed() -> Iterator[None]:
    use(read_tables({"pay_survey.csv": SURVEY}))
    yield
    use(None)


@pytest.mark.usefixtures("surveyed")
def test_a_survey_answers_with_the_narrowest_cell_that_is_large_enough() -> None:
    found = [
        surveyed_pay(code, region, FIRST_DAY) for code, region in ((WELDER, "140105"), ("6-18-02-03", "140105"), ("4-02-02-01", "140105"))
    ]
    assert [None if one is None else one.source for one in found] == ["made up for the city", "made up for the province", None]
    assert surveyed_pay(WELDER, "140105", date(2027, 1, 1)) is None
    assert surveyed_pay(WELDER, "440100", FIRST_DAY) is None
    assert found[0] is not None
    assert note(found[0], 3300) is not None
    assert note(found[0], 3400) is None


def test_without_a_survey_there_is_no_answer_of_one() -> None:
    assert surveyed_pay(WELDER, "140105", FIRST_DAY) is None


@pytest.mark.usefixtures("surveyed")
def test_the_two_sources_stand_side_by_side(intake: Intake) -> None:
    welders(intake, "140105", [4000 + 300 * n for n in range(LEAST_POSTINGS + 2)], LEAST_EMPLOYERS + 1)
    with intake.exchange.reading() as connection:
        offered, paid = pay_of_others(connection, WELDER, "140105", FIRST_DAY)
        assert pay_of_others(connection, None, "140105", FIRST_DAY) == (None, None)
    assert (offered and offered.median, paid and paid.median) == (6200, 5600)
