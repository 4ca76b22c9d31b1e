"""What a posting's words say of terms and demands is published with it; an agency publishes with a licence or filing in force (E-27)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from streams.intake import gateway
from tests.intake.conftest import POSTING, Clock, Intake

BARE: dict[str, Any] = {"education_min": None, "headcount": None}
AGENCY = {"employer_id": "e-7", "name": "太原样例人力资源有限公司"}


def test_terms_in_the_text_are_published_and_named(intake: Intake) -> None:
    text = POSTING["description"] + "包吃住，两班倒，月休四天，五险，试用期一个月，每天8小时。"
    terms = intake.found(intake.posted({"description": text}))["posting"]["terms"]
    assert terms == {
        "board": True, "lodging": True, "shifts": "two_shift", "rest_days": 4, "insurance": ["social"], "probation_months": 1,
        "hours_per_day": 8, "overtime": True,
        "read": ["board", "hours_per_day", "insurance", "lodging", "overtime", "probation_months", "rest_days", "shifts", "skills"],
    }  # fmt: skip


def test_a_demand_no_field_states_is_read_and_the_sender_is_told(intake: Intake) -> None:
    found = intake.found(
        intake.posted({**BARE, "description": POSTING["description"] + "须持有焊工证，大专及以上学历，3年以上焊接经验，招5名。"})
    )
    posting = found["posting"]
    assert (posting["education_min"], posting["experience_years_min"], posting["headcount"]) == ("31", 3, 5)
    assert posting["certificates"] == ["焊工证"]
    assert any("按岗位描述判断" in note for note in found["notes"])


def test_what_a_field_states_goes_first(intake: Intake) -> None:
    text = POSTING["description"] + "大专及以上学历，包住。"
    posting = intake.found(intake.posted({"description": text, "terms": {"lodging": False}}))["posting"]
    assert (posting["education_min"], posting["terms"]["lodging"]) == ("47", False)
    assert "lodging" not in posting["terms"]["read"]


def test_the_same_again_is_the_same_whatever_was_read(intake: Intake) -> None:
    intake.post({**POSTING, **BARE, "description": "包住，大专以上学历。"})
    assert intake.post({**POSTING, **BARE, "description": "包住，大专以上学历。"})[0].outcome == "unchanged"


def test_pay_keeps_how_it_was_read(intake: Intake) -> None:
    terms = intake.found(intake.posted({"pay": "底薪3000元+提成，税后"}))["posting"]["terms"]
    assert (terms["pay_tax"], terms["pay_base_plus"]) == ("after", True)
    assert 0 < terms["pay_confidence"] <= 1


def test_a_contract_read_from_the_text_limits_the_probation(intake: Intake) -> None:
    posting_id = intake.posted({"description": POSTING["description"] + "签订劳动合同1年，试用期3个月。"})
    assert [reason["rule"] for reason in intake.found(posting_id)["reasons"]] == ["probation_too_long"]


# -- agencies ------------------------------------------------------------------------------------------------------------


def register(intake: Intake, licence: dict[str, Any] | None, **how: Any) -> None:
    employer = {**AGENCY, **({"licence": licence} if licence else {})}
    gateway.receive_employers(intake.exchange, [employer], sender="test", verified=True, **how)
    intake.drain()


@pytest.mark.parametrize(
    ("licence", "state"),
    [
        (None, "held"),
        ({"kind": "licence", "number": "样例字第1号"}, "published"),
        ({"kind": "filing", "number": "样例备第1号"}, "published"),
        ({"kind": "commitment", "from": "2026-10-01"}, "published"),
        ({"kind": "licence", "to": "2026-11-01"}, "held"),
        ({"kind": "licence", "to": "2026-11-02"}, "published"),
        ({"kind": "licence", "from": "2026-12-01"}, "held"),
    ],
)
def test_a_registered_agency_publishes_with_a_licence_or_filing_in_force(
    intake: Intake, licence: dict[str, Any] | None, state: str
) -> None:
    register(intake, licence)
    posting_id = intake.posted({"employer": AGENCY})
    assert intake.state(posting_id) == state
    assert [reason["rule"] for reason in intake.found(posting_id)["reasons"]] == (["agency_licence"] if state == "held" else [])


def test_its_waiting_postings_are_published_when_the_licence_is_entered(intake: Intake) -> None:
    register(intake, None)
    posting_id = intake.posted({"employer": AGENCY})
    register(intake, {"kind": "licence", "number": "样例字第1号"})
    assert intake.said_of(posting_id) == ["held", "published"]


def test_a_construction_firm_with_labour_in_its_name_is_no_agency(intake: Intake) -> None:
    firm = {"employer_id": "e-8", "name": "太原样例建筑劳务有限公司"}
    gateway.receive_employers(intake.exchange, [firm], sender="test", verified=True)
    intake.drain()
    assert intake.state(intake.posted({"employer": firm})) == "published"


def test_nobody_gives_a_licence_to_themselves(intake: Intake) -> None:
    rights = gateway.Rights(own_words=True)
    register(intake, {"kind": "licence"}, rights=rights)
    assert intake.state(intake.posted({"employer": AGENCY})) == "held"


def test_days_of_a_licence_are_those_of_the_posting(intake: Intake, clock: Clock) -> None:
    register(intake, {"kind": "licence", "to": "2026-11-10"})
    assert intake.state(intake.posted({"employer": AGENCY})) == "published"
    clock.go_to(date(2026, 11, 11))
    assert intake.state(intake.posted({"employer": AGENCY, "headcount": 7})) == "held"
