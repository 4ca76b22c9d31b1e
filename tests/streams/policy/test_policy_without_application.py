"""E-08, E-12, J-22: paid without application, the layoff rate with its headroom, what interns stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.policy import load_catalogue
from matcher.policy.calendar import add_months
from matcher.policy.counted import POVERTY
from streams.policy import queries, rules
from streams.policy.known import retention_of
from streams.policy.wording import notice_words
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, internship, person, year

REFUND = "job_retention_refund__000"
CATALOGUE = load_catalogue()


def refunds(exchange: PolicyExchange, **where: Any) -> list[dict[str, Any]]:
    return list(exchange.offers(benefit="job_retention_refund", **where).values())


def test_data_alone_give_a_proposal_with_its_sum_and_say_so_once(exchange: PolicyExchange) -> None:
    exchange.say(employer(), year(contributions="100000.00"))
    exchange.tick()
    (found,) = refunds(exchange)
    assert (found["state"], found["status"], found["percent"], found["yuan"], found["about"]) == ("open", "ELIGIBLE", "60", "60000", "2022")
    before = exchange.tables()
    for _ in range(3):
        exchange.tick()
    exchange.say(year(contributions="100000.00"), employer())
    exchange.tick()
    assert exchange.tables() == before
    assert [one.kind for one in exchange.out("policy.notice") if one.benefit == "job_retention_refund"] == ["offer"]


def test_those_that_get_nothing_are_listed_with_the_reason_and_are_told_nothing(exchange: PolicyExchange) -> None:
    exchange.say(employer(), year(insured=100, leavings={"dismissed": 6}))
    exchange.tick()
    (found,) = refunds(exchange)
    assert (found["state"], found["failed"]) == ("excluded", ["employer.layoff_rate_prev_year_percent", "employer.insured_employees"])
    assert exchange.notices(benefit="job_retention_refund") == []


def test_without_insurance_data_nothing_is_proposed(exchange: PolicyExchange) -> None:
    exchange.say(employer())
    exchange.tick()
    assert refunds(exchange) == []


@pytest.mark.parametrize(
    ("insured", "dismissed", "open_"),
    [(1000, 55, True), (1000, 56, False), (30, 6, True), (30, 7, False), (31, 6, False), (31, 1, True)],
)
def test_both_sides_of_the_thresholds(exchange: PolicyExchange, insured: int, dismissed: int, open_: bool) -> None:
    exchange.say(employer(), year(insured=insured, leavings={"dismissed": dismissed, "resigned": 50}))
    exchange.tick()
    assert (refunds(exchange)[0]["state"] == "open") == open_


def test_a_higher_rate_gives_the_difference_to_who_was_paid_by_the_lower_one(exchange: PolicyExchange) -> None:
    """001 一、2(1): large enterprises paid 30 % before are owed 20 % more when the rate becomes 50 %."""
    exchange.on("2022-06-13").say(employer(size="large"), year(year_=2021, contributions="100000", refunded="30000"))
    exchange.tick()
    assert refunds(exchange, state="open") == []
    exchange.tick("2022-06-14")
    (found,) = refunds(exchange)
    assert (found["entry_id"], found["state"], found["yuan"], found["paid_yuan"]) == ("job_retention_refund__001", "open", "50000", "30000")
    (notice,) = exchange.notices(benefit="job_retention_refund")
    assert (notice["kind"], notice["yuan"], notice["numbers"]) == ("top_up", "20000", {"paid": "30000", "total": "50000"})
    exchange.say(year(year_=2021, contributions="100000", refunded="50000"))
    exchange.tick()
    assert refunds(exchange)[0]["state"] == "settled"


def test_after_the_last_day_no_proposal_is_left(exchange: PolicyExchange) -> None:
    exchange.say(employer(), year())
    exchange.tick()
    exchange.pass_days("2024-01-01")
    assert refunds(exchange, state="open") == []
    assert exchange.notices(benefit="job_retention_refund")[-1]["kind"] in ("closed", "closing", "offer")
    assert {notice["kind"] for notice in exchange.notices(benefit="job_retention_refund")} == {"offer", "closing", "closed"}


def test_data_before_the_employer_registers_wait_for_it(exchange: PolicyExchange) -> None:
    exchange.say(year())
    exchange.tick()
    assert refunds(exchange, state="open") == []
    exchange.say(employer())
    exchange.tick()
    assert [row["state"] for row in refunds(exchange)] == ["open"]


def test_a_proposal_that_holds_no_longer_is_taken_back_with_the_reason_and_nothing_is_owed(exchange: PolicyExchange) -> None:
    exchange.on("2023-10-01").say(employer(), year(leavings={"dismissed": 5}))
    exchange.tick("2023-10-02")
    exchange.say(year(leavings={"dismissed": 6}))
    exchange.tick("2023-10-03")
    told = [one for one in exchange.out("policy.notice") if one.benefit == "job_retention_refund"]
    assert [(one.kind, one.yuan) for one in told] == [("offer", "60000"), ("closed", None)]
    assert told[1].numbers == {"failed": f"{rules.LAYOFF},{rules.INSURED}"}
    words = notice_words(CATALOGUE, told[1].model_dump(mode="json"))
    assert CATALOGUE.fields[rules.LAYOFF].label in words
    assert "不再符合条件" in words
    (listed,) = exchange.ask(queries.proposals, "job_retention_refund", "140000")
    assert (listed["state"], listed["owed_yuan"]) == ("excluded", None)
    exchange.say(year(leavings={"dismissed": 7}))
    exchange.tick("2023-10-04")
    assert len(exchange.notices(benefit="job_retention_refund")) == 2
    exchange.say(year(leavings={"dismissed": 5}))
    exchange.tick("2023-10-05")
    (listed,) = exchange.ask(queries.proposals, "job_retention_refund", "140000")
    assert (listed["state"], listed["owed_yuan"]) == ("open", "60000")
    assert [one.kind for one in exchange.out("policy.notice") if one.benefit == "job_retention_refund"] == ["offer", "closed", "offer"]


@pytest.mark.parametrize("corrected", [False, True])
def test_what_is_paid_already_is_not_offered_again_with_nothing_to_come(exchange: PolicyExchange, corrected: bool) -> None:
    exchange.on("2023-10-01").say(employer(size="large"), year())
    exchange.tick("2023-10-02")
    exchange.say(claim("r", "job_retention_refund", person_id=None, about="2022", on="2023-10-02"))
    exchange.say(decided("approve", "r"), decided("pay", "r"))
    for day, report in ((3, year(refunded="30000")), (4, year(refunded="0")), (5, year())):
        exchange.say(report)
        exchange.tick(f"2023-10-0{day}")
    if corrected:
        exchange.say(year(leavings={"dismissed": 6}))
        exchange.tick("2023-10-06")
        exchange.say(year())
        exchange.tick("2023-10-07")
    (found,) = exchange.ask(queries.proposals, "job_retention_refund", "140000")
    assert (found["state"], found["yuan"], found["paid_yuan"], found["owed_yuan"]) == ("claimed", "30000", "30000", "0")
    assert [(one["kind"], one["yuan"]) for one in exchange.notices(benefit="job_retention_refund")] == [("offer", "30000")]


# -- the rate itself -----------------------------------------------------------------------------------------------------


def test_only_leavings_that_the_employer_brought_about_count() -> None:
    found = rules.layoffs((100,) * 12, [("dismissed", 2), ("resigned", 40), ("laid_off", 1), ("retired", 5)])
    assert found is not None
    assert (found.percent, found.laid_off, found.insured) == (Decimal("3.0000"), 3, 100)


def test_the_formula_is_a_parameter_and_an_unknown_one_is_named() -> None:
    falling = (100, *(90,) * 11)
    assert rules.layoffs(falling, [], "net_decrease").percent == Decimal("10.0000")  # type: ignore[union-attr]
    assert rules.layoffs(falling, []).percent == 0  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="dismissals_over_average"):
        rules.layoffs(falling, [], "by_mood")


@pytest.mark.parametrize("months", [(), (0,) * 12, (-1,)])
def test_nobody_insured_gives_no_rate(months: tuple[int, ...]) -> None:
    assert rules.layoffs(months, [("dismissed", 1)]) is None


@pytest.mark.parametrize(("insured", "bound"), [(30, "20"), (31, "5.5"), (1, "20"), (1000, "5.5")])
def test_the_bound_is_read_from_the_entry(insured: int, bound: str) -> None:
    assert rules.layoff_bound(CATALOGUE, CATALOGUE.by_id[REFUND], insured) == Decimal(bound)


@pytest.mark.parametrize(("dismissed", "percent"), [(20, "20"), (100, "100"), (5, "5"), (0, "0")])
def test_a_round_rate_is_written_in_full(exchange: PolicyExchange, dismissed: int, percent: str) -> None:
    exchange.on("2023-10-01").say(employer(), year(leavings={"dismissed": dismissed}))
    exchange.tick("2023-10-02")
    assert exchange.ask(queries.numbers, CATALOGUE, "e-1", exchange.today, {})["layoffs"]["percent"] == percent


@given(st.integers(1, 5000), st.integers(0, 300))
def test_headroom_is_exactly_how_many_more_may_go(insured: int, dismissed: int) -> None:
    found = rules.layoffs((insured,) * 12, [("dismissed", dismissed)])
    assert found is not None
    bound = rules.layoff_bound(CATALOGUE, CATALOGUE.by_id[REFUND], insured)
    assert bound is not None
    more = rules.headroom(found, bound).more
    at_most = rules.layoffs((insured,) * 12, [("dismissed", dismissed + more)]) if dismissed + more >= 0 else None
    beyond = rules.layoffs((insured,) * 12, [("dismissed", dismissed + more + 1)])
    assert at_most is not None
    assert at_most.percent <= bound
    assert beyond is not None
    assert beyond.percent > bound


# -- near the limit ------------------------------------------------------------------------------------------------------


def warnings(exchange: PolicyExchange) -> list[tuple[str, str]]:
    return [(one.numbers["level"], one.numbers["more"]) for one in exchange.out("policy.notice") if one.kind == "layoffs"]


@pytest.mark.parametrize(
    ("insured", "dismissed", "told"),
    [
        (1000, 0, []),
        (1000, 49, []),
        (1000, 50, [("near", "5")]),
        (1000, 54, [("near", "1")]),
        (1000, 55, [("last", "0")]),
        (1000, 56, [("over", "1")]),
        (30, 0, []),
        (30, 1, [("near", "5")]),
        (30, 6, [("last", "0")]),
        (31, 1, [("last", "0")]),
        (31, 2, [("over", "1")]),
    ],
)
def test_near_the_limit_of_the_year_that_is_running_the_employer_is_warned(
    exchange: PolicyExchange, insured: int, dismissed: int, told: list[tuple[str, str]]
) -> None:
    exchange.say(employer(), year(year_=2023, insured=insured, leavings={"dismissed": dismissed, "resigned": 40}))
    exchange.tick()
    assert warnings(exchange) == told


def test_each_step_towards_the_limit_is_told_once_and_in_words(exchange: PolicyExchange) -> None:
    exchange.say(employer())
    for dismissed in (50, 52, 52, 55, 56, 55, 57):
        exchange.say(year(year_=2023, insured=1000, leavings={"dismissed": dismissed}))
        exchange.tick()
        exchange.tick()
    assert warnings(exchange) == [("near", "5"), ("last", "0"), ("over", "1")]
    near = next(one for one in exchange.notices(kind="layoffs") if one["numbers"]["level"] == "near")
    said = {name: near[name] for name in ("kind", "status", "yuan", "numbers", "benefit", "last_day")}  # what a letter has of it
    assert (
        notice_words(CATALOGUE, said)
        == notice_words(CATALOGUE, near)
        == (
            "“失业保险稳岗返还”：2023年到现在由单位原因减少50人，裁员率5%。现行标准是不超过5.5%，还能减少5人。明年按什么标准，以届时的文件为准。"
        )
    )
    this_year = exchange.ask(queries.numbers, CATALOGUE, "e-1", exchange.today, {})["layoffs_this_year"]
    assert (this_year["year"], this_year["headroom"], this_year["in_force"]) == (2023, -2, True)


@pytest.mark.parametrize(
    ("day", "year_", "told"),
    [
        ("2023-12-31", 2023, True),
        ("2024-01-01", 2024, False),  # no document sets a limit any more
        ("2023-07-20", 2023, True),
        ("2023-07-19", 2023, False),  # 001 states no limit
        ("2023-12-31", 2022, False),  # of a year that is over nothing can be done any more
    ],
)
def test_a_warning_needs_a_limit_in_force_and_a_year_that_is_running(exchange: PolicyExchange, day: str, year_: int, told: bool) -> None:
    exchange.on(day).say(employer(), year(year_=year_, insured=1000, leavings={"dismissed": 55}))
    exchange.tick()
    assert bool(warnings(exchange)) == told


# -- internships ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stayed", "of", "percent"),
    [(5, 10, None), (6, 10, "65"), (59, 100, "60"), (7, 10, "70"), (8, 10, "75"), (81, 100, "100"), (10, 10, "100")],
)
def test_what_interns_stay_decides_the_percentage(exchange: PolicyExchange, stayed: int, of: int, percent: str | None) -> None:
    exchange.say(employer(recognition=["internship_unit"]))
    ended = [internship(f"u-{number}", "completed", signed=number < stayed) for number in range(of)]
    exchange.say(*ended, internship("u-gone", "broken_off"))
    exchange.tick()
    found = exchange.offers(benefit="internship_retention_uplift", state="open")
    assert [row["percent"] for row in found.values()] == ([percent] if percent else [])


def test_a_contract_before_the_end_counts_as_staying() -> None:
    assert rules.retention_percent([("contract_before_end", False), ("completed", False)]) == Decimal("50.0")
    assert rules.retention_percent([("broken_off", False)]) is None


@pytest.mark.parametrize(("formula", "percent"), [("with_contracts_before_end", "70"), ("completed_only", "65")])
def test_whose_contracts_count_is_a_setting(opened: Callable[..., PolicyExchange], formula: str, percent: str) -> None:
    """Ten ran their course, six with a contract; five more were signed before the end: 11 of 15, or 6 of 10."""
    exchange = opened(retention_formula=formula)
    exchange.say(employer(recognition=["internship_unit"]))
    exchange.say(*(internship(f"u-{number}", "completed", signed=number < 6) for number in range(10)))
    exchange.say(*(internship(f"v-{number}", "contract_before_end", signed=True) for number in range(5)))
    exchange.tick()
    assert [row["percent"] for row in exchange.offers(benefit="internship_retention_uplift", state="open").values()] == [percent]


@pytest.mark.parametrize("months", [1, 3, 12])
def test_which_months_count_is_a_setting(opened: Callable[..., PolicyExchange], months: int) -> None:
    exchange = opened(retention_months=months)
    exchange.say(employer(recognition=["internship_unit"]), internship("u-1", "completed", signed=True))
    rates = [
        exchange.ask(retention_of, "e-1", add_months(date(2023, 8, 31), months) + timedelta(days=later), {"retention_months": months})
        for later in (-1, 1)
    ]
    assert rates == [Decimal(100), None]


def test_an_unknown_formula_is_named() -> None:
    with pytest.raises(ValueError, match="completed_only"):
        rules.retention_percent([("completed", True)], "by_mood")


# -- counts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "found"), [(24, None), (25, (30, 5)), (29, (30, 1)), (30, None), (45, (50, 5)), (99, (100, 1)), (100, None), (5000, None)]
)
def test_the_next_threshold_within_reach(count: int, found: tuple[int, int] | None) -> None:
    steps = rules.thresholds(CATALOGUE.by_id["poverty_base_ladder_reward__001"], POVERTY)
    assert steps == [30, 50, 100]
    assert rules.next_threshold(steps, count) == (None if found is None else (Decimal(found[0]), found[1]))


@pytest.mark.parametrize(("part", "whole", "share"), [(300, 1000, "30.0"), (2996, 10000, "29.9"), (1, 3, "33.3"), (0, 10, "0.0")])
def test_a_share_is_rounded_down(part: int, whole: int, share: str) -> None:
    assert rules.share_percent(part, whole) == Decimal(share)
    assert rules.share_percent(part, 0) is None


@pytest.mark.parametrize(
    ("left", "day", "basis"),
    [(1, "2023-09-01", "1个月"), (3, "2023-09-01", "3个月"), (5, "2023-12-31", "3个月"), (3, "2024-01-01", None), (0, "2023-09-01", None)],
)
def test_a_contract_before_the_end_opens_the_months_that_are_left(exchange: PolicyExchange, left: int, day: str, basis: str | None) -> None:
    exchange.on(day).say(employer(recognition=["internship_unit"]), person("u-1"))
    ended = internship("u-1", "contract_before_end", signed=True)
    exchange.say(ended.model_copy(update={"months_left": left, "ended_on": date.fromisoformat(day)}))
    exchange.tick()
    found = exchange.offers(benefit="internship_remaining_term", state="open")
    assert [row["basis"].partition("的")[0] for row in found.values()] == ([basis] if basis else [])
    assert [row["status"] for row in found.values()] == (["ELIGIBLE"] if basis else [])


def test_an_internship_that_ran_its_course_opens_nothing_of_the_kind(exchange: PolicyExchange) -> None:
    exchange.say(employer(recognition=["internship_unit"]), person("u-1"), internship("u-1", "completed", signed=True))
    assert exchange.offers(benefit="internship_remaining_term") == {}
