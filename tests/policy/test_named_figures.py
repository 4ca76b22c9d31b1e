"""Conditions and amounts whose figure no document states: as before without tables, computed with them. All figures are made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.cli import cli
from matcher.figures import Figures, read_tables, use
from matcher.policy import Catalogue, answer_facts, hints_for_pair, hints_for_posting, load_catalogue, pair_facts, statuses_for_pair
from matcher.shapes import read_employer, read_person, read_posting

HEADER = "code,from,to,value,source,source_date\n"
TABLES = {
    "minimum_wage_month.csv": HEADER + "140100,2023-01-01,,1999,某号文件,2022-12-20\n",
    "local_dibao_standard.csv": HEADER + "140105,2023-01-01,,700,某区公告,2022-12-20\n140106,2023-01-01,,800,某区公告,2022-12-20\n",
    "surveyed_unemployment_target.csv": HEADER + "100000,2020-01-01,2020-12-31,6.5,某年报告,2020-05-22\n",
}
DIBAO, RETENTION, INTERNSHIP = "dibao_gradual_exit__002", "job_retention_refund__004", "internship_subsidy__000"
AS_OF = date(2024, 5, 1)
EXIT = {"person.category": ["dibao_family_member"], "person.left_difficulty_through": "self_employment", "person.region": "140105"}


@pytest.fixture
def figures() -> Iterator[Figures]:
    made = read_tables(TABLES)
    use(made)
    yield made
    use(None)


def _one(entry: str, facts: dict[str, Any], day: str = "2024-05-01") -> dict[str, Any]:
    return next(result for result in answer_facts(load_catalogue(), facts, day)["results"] if result["entry_id"] == entry)


def test_without_tables_a_place_is_ignored_and_the_figure_stays_unknown() -> None:
    answer = answer_facts(load_catalogue(), EXIT | {"family.income_per_head_yuan": 10_000}, "2024-05-01")
    assert answer["ignored"] == ["person.region"]
    assert "+" not in answer["catalogue_version"]
    found = next(result for result in answer["results"] if result["entry_id"] == DIBAO)
    assert (found["status"], found["missing"], found["unstated"]) == ("NEEDS_CHECK", [], ["family.income_per_head_yuan"])
    assert answer_facts(load_catalogue(), {"posting.region": 7}, "2024-05-01")["ignored"] == ["posting.region"]


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    ("place", "income", "status"),
    [
        ("140105", 700.01, "ELIGIBLE"),
        ("140105", 700, "NOT_ELIGIBLE"),
        ("140106", 700.01, "NOT_ELIGIBLE"),
        ("140200", 700.01, "NEEDS_CHECK"),
        (None, 700.01, "NEEDS_CHECK"),
        ("140105", None, "NEEDS_CHECK"),
    ],
)
def test_the_local_standard_decides_where_it_is_known(place: str | None, income: float | None, status: str) -> None:
    assert _one(DIBAO, EXIT | {"person.region": place, "family.income_per_head_yuan": income})["status"] == status


LARGE = {"employer.kind": "enterprise", "employer.ui_insured": True, "employer.insured_employees": 200}


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(("rate", "status"), [(6.5, "ELIGIBLE"), (6.6, "NOT_ELIGIBLE"), (None, "NEEDS_CHECK")])
def test_the_target_is_that_of_the_year_before(rate: float | None, status: str) -> None:
    assert _one(RETENTION, LARGE | {"employer.layoff_rate_prev_year_percent": rate}, "2021-12-01")["status"] == status


def test_without_tables_the_target_is_unknown() -> None:
    assert _one(RETENTION, LARGE | {"employer.layoff_rate_prev_year_percent": 6.6}, "2021-12-01")["status"] == "NEEDS_CHECK"


@pytest.mark.usefixtures("figures")
def test_a_share_of_the_minimum_wage_becomes_a_sum_a_month() -> None:
    found = _one(INTERNSHIP, {"posting.region": "140105"})
    assert (found["percent"], found["yuan_per_month"]) == (60, 1199.4)
    assert "yuan" not in found
    assert "yuan_per_month" not in _one(INTERNSHIP, {"posting.region": "140200"})
    assert "yuan_per_month" not in _one(INTERNSHIP, {})


PERSON = {"person_id": "u", "kind": "graduate", "region": "140105", "categories": ["dibao_family_member"]}
POSTING = {"posting_id": "p", "source": "enterprise", "title": "见习文员", "type": "internship", "region": "140106"}
EMPLOYER = {"employer_id": "e", "kind": "enterprise", "recognition": ["internship_unit"], "ownership": "private"}


@pytest.mark.usefixtures("figures")
def test_a_hint_says_the_sum_and_where_the_figure_is_from() -> None:
    posting, person, employer = read_posting(POSTING), read_person(PERSON), read_employer(EMPLOYER)
    hint = next(
        hint for hint in hints_for_pair(load_catalogue(), posting, person, employer, AS_OF) if hint["benefit"] == "internship_subsidy"
    )
    assert hint["amount"]["yuan_per_month"] == 1199.4
    assert "60%；山西省太原市月最低工资标准1999元（某号文件），即每月1199.4元" in hint["text"]


@pytest.mark.usefixtures("figures")
def test_in_bulk_people_of_two_counties_are_told_apart() -> None:
    catalogue = load_catalogue()
    facts = {"person.left_difficulty_through": "self_employment", "family.income_per_head_yuan": 750}
    people = [
        read_person(PERSON | {"person_id": place, "region": place, "facts": facts}) for place in ("140105", "140106", "140107", "140105")
    ]
    posting, employer = read_posting(POSTING), read_employer(EMPLOYER)
    bulk = hints_for_posting(catalogue, posting, employer, people, AS_OF)
    assert bulk == [statuses_for_pair(catalogue, posting, person, employer, AS_OF) for person in people]
    assert [dict(one).get(DIBAO) for one in bulk] == ["ELIGIBLE", None, "NEEDS_CHECK", "ELIGIBLE"]


def test_the_version_of_the_answers_changes_with_the_figures(figures: Figures) -> None:
    with_figures: Catalogue = load_catalogue()
    assert with_figures.version.endswith(f"+{figures.digest}")
    use(None)
    assert load_catalogue().version == with_figures.version.partition("+")[0]
    posting, person, employer = read_posting(POSTING), read_person(PERSON), read_employer(EMPLOYER)
    assert "posting.region" not in pair_facts(posting, person, employer, AS_OF)


def test_a_folder_of_the_operators_figures_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, facts, output = tmp_path / "figures", tmp_path / "facts.jsonl", tmp_path / "out.jsonl"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    facts.write_text(json.dumps({"id": "a", "date": "2024-05-01", "facts": {"posting.region": "140105"}}), encoding="utf-8")
    monkeypatch.setenv("GONGQIAO_FIGURES_DIR", str(folder))
    try:
        done = CliRunner().invoke(cli, ["hints", "--facts", str(facts), "--output", str(output)])
        assert done.exit_code == 0, done.output
        results = json.loads(output.read_text(encoding="utf-8"))["results"]
        assert {result["entry_id"]: result.get("yuan_per_month") for result in results}[INTERNSHIP] == 1199.4
        (folder / "minimum_wage_month.csv").write_text(HEADER + "140100,soon,,1999,x,2022-12-20\n", encoding="utf-8")
        refused = CliRunner().invoke(cli, ["hints", "--facts", str(facts), "--output", str(output)])
        assert "minimum_wage_month.csv, line 2, from: a date" in str(refused.exception)
    finally:
        use(None)
