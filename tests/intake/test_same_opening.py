"""The same opening from several sources: one opening, all its sources; the last to leave ends it."""

from __future__ import annotations

from datetime import date

from streams.intake import gateway, queries
from tests.intake.conftest import POSTING, Clock, Intake

AT_THE_MARKET = {"source": "gig_market", "market_id": "m-1", "source_id": "M-9", "title": "【急招】焊工"}
BY_A_BRAND = {"source": "labour_brand", "brand_id": "b-1", "source_id": "B-3"}


def three(intake: Intake) -> tuple[str, str, str]:
    return intake.posted(), intake.posted(AT_THE_MARKET), intake.posted(BY_A_BRAND)


def test_the_first_stays_and_the_others_are_merged_into_it(intake: Intake) -> None:
    first, second, third = three(intake)
    assert intake.said_of(first) == ["published", "changed", "changed"]
    assert intake.said_of(second) == intake.said_of(third) == ["ended merged"]
    assert intake.bodies(second, "posting.ended")[0]["merged_into"] == first
    assert intake.found(first)["sources"] == ["enterprise:e-1:HR-1", "gig_market:m-1:M-9", "labour_brand:b-1:B-3"]


def test_the_evidence_is_kept(intake: Intake) -> None:
    first, second, _ = three(intake)
    with intake.exchange.reading() as connection:
        kept = queries.merged(connection, first)
    assert kept[0]["posting_id"] == second
    assert kept[0]["evidence"]["reason"]
    assert {field["field"] for field in kept[0]["evidence"]["fields"]} >= {"title", "employer", "text"}


def test_two_of_one_batch_are_merged_too(intake: Intake) -> None:
    first, second = intake.post(POSTING, {**POSTING, **AT_THE_MARKET})
    assert intake.state(str(first.id)) == "published"
    assert intake.found(str(second.id))["merged_into"] == first.id


def test_other_pay_is_another_opening(intake: Intake) -> None:
    intake.posted()
    other = intake.posted({**AT_THE_MARKET, "pay": {"min": 9000, "max": 12000, "unit": "month"}})
    assert intake.state(other) == "published"


def test_the_last_source_to_withdraw_ends_it(intake: Intake) -> None:
    first, second, third = three(intake)
    intake.withdraw(second)
    assert intake.found(first)["sources"] == ["enterprise:e-1:HR-1", "labour_brand:b-1:B-3"]
    intake.withdraw(first)
    assert intake.state(first) == "published"
    assert intake.found(first)["sources"] == ["labour_brand:b-1:B-3"]
    intake.withdraw(third)
    assert intake.state(first) == "withdrawn"
    assert intake.said_of(first)[-1] == "ended withdrawn"


def test_when_its_own_source_leaves_it_shows_the_version_of_the_next(intake: Intake) -> None:
    first, second, _ = three(intake)
    intake.withdraw(first)
    shown = intake.found(first)
    assert (shown["posting"]["posting_id"], shown["posting"]["source"], shown["posting"]["title"]) == (first, "gig_market", "【急招】焊工")
    with intake.exchange.reading() as connection:
        assert queries.contact_holder(connection, first) == second
    assert intake.bodies(first, "posting.changed")[-1]["posting"]["market_id"] == "m-1"


def test_its_own_source_comes_back(intake: Intake) -> None:
    first, _, _ = three(intake)
    intake.withdraw(first)
    intake.posted()
    assert intake.found(first)["posting"]["source"] == "enterprise"
    assert len(intake.found(first)["sources"]) == 3


def test_a_version_that_is_no_longer_alike_is_an_opening_of_its_own(intake: Intake) -> None:
    first, second, _ = three(intake)
    intake.posted({**AT_THE_MARKET, "pay": {"min": 9000, "max": 12000, "unit": "month"}})
    assert intake.state(second) == "published"
    assert intake.found(first)["sources"] == ["enterprise:e-1:HR-1", "labour_brand:b-1:B-3"]


def test_when_the_first_changes_those_no_longer_alike_are_published(intake: Intake) -> None:
    first, second, third = three(intake)
    intake.posted(
        {"title": "数控车床操作工", "description": "操作数控车床加工轴类零件，负责首件检验、刀具更换和设备日常保养，两班倒，提供培训。"}
    )
    assert intake.state(second) == "published"
    assert intake.found(first)["sources"] == ["enterprise:e-1:HR-1"]
    assert intake.state(third) in ("published", "merged")


def test_a_held_first_gives_its_place_to_the_next(intake: Intake) -> None:
    first, second, third = three(intake)
    intake.posted({"description": POSTING["description"] + "限男性。"})
    assert intake.state(first) == "held"
    assert intake.state(second) == "published"
    assert intake.found(third)["merged_into"] == second


def test_an_expired_first_stays_open_through_the_others(intake: Intake, clock: Clock) -> None:
    first = intake.posted({"apply_by": "2026-11-10"})
    second = intake.posted({**AT_THE_MARKET, "apply_by": "2026-11-20"})
    clock.go_to(date(2026, 11, 11))
    intake.tick()
    assert (intake.state(first), intake.state(second)) == ("published", "merged")
    clock.go_to(date(2026, 11, 21))
    intake.tick()
    assert (intake.state(first), intake.state(second)) == ("expired", "expired")


def test_openings_taken_of_all_sources_count_together(intake: Intake) -> None:
    first, second, _ = three(intake)
    intake.hired(first, 1, revision=1)
    intake.hired(second, 1, revision=1)
    assert intake.state(first) == "filled"


def test_split_by_staff_they_are_two_and_stay_two(intake: Intake) -> None:
    first, second = intake.posted(), intake.posted(AT_THE_MARKET)
    gateway.split_duplicates(intake.exchange, second, first, by="c-1", sender="test")
    intake.drain()
    assert (intake.state(first), intake.state(second)) == ("published", "published")
    intake.posted({**AT_THE_MARKET, "headcount": 7})
    assert intake.state(second) == "published"
    intake.withdraw(second)
    intake.posted({**AT_THE_MARKET, "headcount": 8})
    assert intake.state(second) == "published"


def test_a_filled_opening_takes_in_no_new_one(intake: Intake) -> None:
    first = intake.posted({"headcount": 1})
    intake.hired(first, 1, revision=1)
    assert intake.state(intake.posted(AT_THE_MARKET)) == "published"
