"""Internship posts of a year beside their target (J-22), and who may take part in becoming a 就业见习示范单位."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from matcher.figures import read_tables, use
from matcher.policy import load_catalogue
from matcher.shapes import read_posting
from streams.intake.messages import HoldReason, PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.policy import internship_posts, rules
from streams.policy import tables as policy
from tests.policy.test_catalogue_files import _letters
from tests.reference_data import reference_data
from tests.streams.policy.policy_exchange import PolicyExchange, employer, internship, posting

CATALOGUE = load_catalogue()
PROVINCE, CITY, COUNTY, OTHER = "140000", "140100", "140105", "140213"


def post(id_: str = "p-1", revision: int = 1, **changes: Any) -> PostingPublished:
    """An internship posting of five places by e-1 in the county."""
    return posting(id_, revision, **{"type": "internship", "title": "见习文员", **changes})


def changed(revision: int, **changes: Any) -> PostingChanged:
    document = read_posting({**post(**changes).posting.model_dump(mode="json", exclude_none=True)})
    return PostingChanged(posting_id="p-1", revision=revision, posting=document)


def ended(cause: str, revision: int = 3, id_: str = "p-1") -> PostingEnded:
    return PostingEnded(posting_id=id_, revision=revision, cause=cause)  # type: ignore[arg-type]


def held(revision: int = 3) -> PostingHeld:
    return PostingHeld(posting_id="p-1", revision=revision, reasons=(HoldReason(rule="sex", evidence="限女", change="删去"),))


def of(exchange: PolicyExchange, region: str = PROVINCE, year: int = 2023) -> dict[str, Any]:
    return exchange.ask(internship_posts.recruited, CATALOGUE, region, year)


def number(exchange: PolicyExchange, region: str = PROVINCE, year: int = 2023) -> int:
    return next(one["recruited"] for one in of(exchange, region, year)["places"] if one["region"] == region)


def test_places_are_counted_not_postings_and_only_of_internships(exchange: PolicyExchange) -> None:
    exchange.say(post(), post("p-2", headcount=None), posting("p-3"))
    assert number(exchange) == 6
    assert {row["posting_id"] for row in exchange.rows(policy.internship_posts)} == {"p-1", "p-2"}


@pytest.mark.parametrize(("day", "year"), [("2022-12-31", 2022), ("2023-01-01", 2023)])
def test_a_posting_counts_in_the_year_in_which_it_first_was_public(exchange: PolicyExchange, day: str, year: int) -> None:
    exchange.on(day).say(post())
    exchange.on("2023-06-01").say(changed(2, headcount=7))
    assert {asked: number(exchange, year=asked) for asked in (2022, 2023)} == {2022: 0, 2023: 0, year: 7}


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        (ended("filled"), 5), (ended("expired"), 5), (ended("withdrawn"), 2), (ended("rejected"), 2), (ended("merged"), 0), (held(), 2),
    ],
)  # fmt: skip
def test_what_still_counts_depends_on_why_it_is_not_public(exchange: PolicyExchange, last: Any, counts: int) -> None:
    exchange.say(post(), changed(2, filled=2))
    assert number(exchange) == 5
    exchange.say(last)
    assert number(exchange) == counts
    exchange.say(post(revision=4, filled=2))
    assert number(exchange) == 5


def test_one_that_was_filled_and_then_taken_back_keeps_all_its_posts(exchange: PolicyExchange) -> None:
    exchange.say(post(), changed(2, filled=4), ended("filled"), ended("withdrawn", 4))
    assert number(exchange) == 5


@pytest.mark.parametrize(("taken", "counts"), [(4, 4), (5, 5), (6, 5)])
def test_more_than_there_are_never_count(taken: int, counts: int) -> None:
    assert rules.recruited_posts("withdrawn", 5, taken) == counts


def test_a_posting_that_is_no_internship_any_more_counts_nothing_until_it_is_one_again(exchange: PolicyExchange) -> None:
    exchange.on("2022-12-31").say(post())
    exchange.on("2023-01-02").say(changed(2, type="regular"))
    assert [number(exchange, year=year) for year in (2022, 2023)] == [0, 0]
    exchange.say(ended("withdrawn"), post(revision=4))
    assert [number(exchange, year=year) for year in (2022, 2023)] == [5, 0]


def test_one_that_becomes_an_internship_counts_from_then(exchange: PolicyExchange) -> None:
    exchange.on("2022-12-31").say(posting())
    exchange.on("2023-01-02").say(changed(2))
    assert [number(exchange, year=year) for year in (2022, 2023)] == [0, 5]


def test_an_older_version_and_one_said_twice_change_nothing(exchange: PolicyExchange) -> None:
    exchange.say(post(), changed(4, headcount=8), ended("withdrawn", 3), held(4), changed(2, headcount=2), changed(4, headcount=8))
    assert number(exchange) == 8


@pytest.mark.parametrize(
    ("year", "posts", "missing"), [(2022, 29_999, 1), (2022, 30_000, 0), (2023, 29_999, 1), (2023, 30_000, 0), (2023, 30_001, 0)]
)
def test_the_documents_target_is_reached_with_exactly_so_many(exchange: PolicyExchange, year: int, posts: int, missing: int) -> None:
    exchange.on(f"{year}-05-01").say(post(headcount=posts))
    (place,) = of(exchange, year=year)["places"]
    assert (place["target"]["posts"], place["target"]["reached"], place["target"]["missing"]) == (30_000, not missing, missing)


@pytest.mark.parametrize(
    ("year", "source", "quote", "stated"),
    [
        (2022, "晋人社党组字〔2022〕19号 五、23", "2022年开发见习岗位3万个以上", True),
        (2023, "晋政办发〔2023〕45号 第(十二)条", "募集不少于3万个就业见习岗位", False),
    ],
)
def test_the_target_says_where_it_stands(exchange: PolicyExchange, year: int, source: str, quote: str, stated: bool) -> None:
    (place,) = of(exchange, year=year)["places"]
    assert place["recruited"] == 0
    assert (place["target"]["source"], place["target"]["quote"], place["target"]["year_stated"]) == (source, quote, stated)


@pytest.mark.parametrize("year", [2021, 2024])
def test_of_another_year_no_target_is_stated(exchange: PolicyExchange, year: int) -> None:
    assert [place["target"] for place in of(exchange, year=year)["places"]] == [None]


def test_the_provinces_target_is_not_that_of_its_cities_and_counties(exchange: PolicyExchange) -> None:
    exchange.say(
        post(), post("p-2", region=OTHER, headcount=3), post("p-3", region=None, headcount=1), post("p-4", region=CITY, headcount=2)
    )
    places = of(exchange, COUNTY)["places"]
    assert [(place["region"], place["recruited"], place["target"] is None) for place in places] == [
        (PROVINCE, 11, False), (CITY, 7, True), (COUNTY, 5, True),
    ]  # fmt: skip
    assert of(exchange, COUNTY)["regions"] == [{"region": COUNTY, "recruited": 5}]
    assert of(exchange)["regions"] == [
        {"region": None, "recruited": 1}, {"region": CITY, "recruited": 2}, {"region": COUNTY, "recruited": 5},
        {"region": OTHER, "recruited": 3},
    ]  # fmt: skip


@pytest.fixture
def entered() -> Iterator[None]:
    rows = "140000,2024-01-01,2024-12-31,25000,某年计划,2024-02-01\n140100,2024-01-01,2024-12-31,6,某市通知,2024-03-01\n"
    rows += "140000,2023-01-01,2023-12-31,1,不该用的,2023-01-01\n"
    use(read_tables({"internship_post_target.csv": "code,from,to,value,source,source_date\n" + rows}))
    yield
    use(None)


@pytest.mark.usefixtures("entered")
def test_a_target_that_was_entered_counts_where_the_documents_give_none(exchange: PolicyExchange) -> None:
    exchange.on("2024-05-01").say(post())
    province, city, county = of(exchange, COUNTY, 2024)["places"]
    assert (province["target"]["posts"], province["target"]["quote"], province["target"]["year_stated"]) == (25_000, None, True)
    assert (city["target"]["missing"], city["target"]["source"]) == (1, "某市通知（2024-03-01）")
    assert county["target"] is None
    assert of(exchange, PROVINCE, 2023)["places"][0]["target"]["posts"] == 30_000
    assert of(exchange, PROVINCE, 2025)["places"][0]["target"] is None


def units(
    exchange: PolicyExchange, region: str = PROVINCE, year: int = 2023, day: str = "2023-09-01", offset: int = 0
) -> list[dict[str, Any]]:
    return exchange.ask(internship_posts.units, CATALOGUE, {}, region, year, date.fromisoformat(day), 2, offset)


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("enterprise", True), ("public_institution", True), ("public_institution_in_enterprise_pension", True), ("social_group", False),
        ("individual_business", False), ("street_community", False), (None, None),
    ],
)  # fmt: skip
def test_enterprises_and_public_institutions_may_become_a_model_unit(exchange: PolicyExchange, kind: str | None, may: bool | None) -> None:
    exchange.say(employer(kind=kind), post())
    (found,) = units(exchange)
    assert (found["employer_id"], found["recruited"], found["may_be_model_unit"], found["retention_percent"]) == ("e-1", 5, may, None)


@pytest.mark.parametrize(("day", "in_force"), [("2023-07-19", False), ("2023-07-20", True), ("2028-07-19", True), ("2028-07-20", False)])
def test_only_while_the_document_is_in_force(exchange: PolicyExchange, day: str, in_force: bool) -> None:
    exchange.on(f"{day[:4]}-01-10").say(employer(), post())
    (found,) = units(exchange, year=int(day[:4]), day=day)
    assert found["may_be_model_unit"] is in_force
    assert internship_posts.model_units_in_force(CATALOGUE, date.fromisoformat(day)) is in_force


def test_the_rate_of_those_who_stayed_stands_beside_it_and_decides_nothing(exchange: PolicyExchange) -> None:
    exchange.say(employer(), *(internship(f"u-{one}", signed=one < 5) for one in range(10)))
    (found,) = units(exchange)
    assert (found["recruited"], found["retention_percent"], found["may_be_model_unit"]) == (0, "50.0", True)
    assert units(exchange, year=2022) == []


def test_who_takes_no_part_is_not_listed_and_pages_miss_nobody(exchange: PolicyExchange) -> None:
    exchange.say(*(employer(f"e-{one}") for one in range(1, 5)), posting(employer_id="e-4"))
    exchange.say(*(post(f"p-{one}", employer_id=f"e-{one}", headcount=one) for one in (2, 3)), post("p-9", employer_id="e-1", headcount=3))
    exchange.say(post("p-5", employer_id="e-4"), ended("withdrawn", 2, "p-5"))
    assert [one["employer_id"] for one in units(exchange)] == ["e-1", "e-3"]
    assert [one["employer_id"] for one in units(exchange, offset=2)] == ["e-2"]
    assert units(exchange, OTHER) == []


def test_what_the_documents_say_of_model_units_stands_in_them() -> None:
    document, _, quote = internship_posts.MODEL_UNITS
    text = next(reference_data("seeds").glob(f"{document}_*.txt")).read_text(encoding="utf-8")
    assert _letters(quote) in _letters(text)
