"""The table of clauses: complete, true to the catalogue, and every part that is left out has its reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from importlib import resources

import pytest
from click.testing import CliRunner

from infra.commands.policy import command as policy
from matcher.policy import CatalogueError, load_catalogue
from matcher.policy.coverage import clause_list, clauses_of, coverage, coverage_json, totals
from matcher.policy.described import employers_of
from matcher.policy.loader import build, read_folder

CATALOGUE = load_catalogue()
COVERED = coverage(CATALOGUE)


def test_every_entry_appears_under_its_clause() -> None:
    shown = {(one.document, one.clause, entry.id) for one in COVERED for entry in (*one.implemented, *one.shown_only)}
    assert shown == {(entry.document, clause, entry.id) for entry in CATALOGUE.entries for clause in clauses_of(entry)}


def test_no_clause_is_undecided() -> None:
    assert totals(COVERED)["unknown"] == 0
    assert sum(totals(COVERED).values()) == len(COVERED)
    assert set(one.document for one in COVERED) == set(CATALOGUE.documents)


def test_the_numbered_clauses_of_the_documents_are_all_there() -> None:
    listed = {document: [line.clause for line in lines] for document, lines in clause_list().documents.items()}
    numbers = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"]
    assert listed["000"] == [f"第({number})条" for number in numbers + [f"十{number}" for number in numbers[:8]]]
    assert listed["004"] == [f"第{number}项" for number in range(1, 27)]
    items = [re.match(r"[一二三四五六七]、(\d+)", clause) for clause in listed["001"]]
    assert sorted({int(found[1]) for found in items if found}) == list(range(1, 33))
    boxes = [re.match(r"专栏(\d+)", clause) for clause in listed["003"]]
    assert sorted({int(found[1]) for found in boxes if found}) == list(range(1, 12))


def test_what_was_considered_and_not_catalogued_is_left_out_in_the_table_too() -> None:
    named = {part.source for lines in clause_list().documents.values() for line in lines for part in line.left if part.source}
    assert named == {one.source for one in CATALOGUE.shared.considered_not_catalogued}


def test_a_reason_is_used_and_a_function_says_where() -> None:
    parts = [part for lines in clause_list().documents.values() for line in lines for part in line.left]
    assert set(Counter(part.why for part in parts)) == set(clause_list().reasons)
    assert all(bool(part.where) == (part.why == "function") for part in parts)


def test_a_clause_with_pointers_alone_is_shown_only() -> None:
    by_clause = {(one.document, one.clause): one for one in COVERED}
    assert by_clause["003", "专栏4.3"].status == "shown_only"
    assert by_clause["004", "第23项"].status == "shown_only"
    assert by_clause["004", "第16项"].status == "implemented"
    assert by_clause["000", "第(九)条"].status == "out_of_scope"


def test_an_entry_of_an_unlisted_clause_is_refused() -> None:
    files = read_folder(resources.files("matcher.policy") / "catalogue")
    files["unemployment_aid.yaml"] = files["unemployment_aid.yaml"].replace("clause: 五、26", "clause: 五、99")
    with pytest.raises(CatalogueError, match=r"documents\.001: 五、99 is missing"):
        coverage(build(files))


def test_the_command_prints_the_table_and_the_totals() -> None:
    done = CliRunner().invoke(policy, ["coverage"])
    assert done.exit_code == 0, done.output
    assert "第(九)条 机关事业单位招录规模和时间: 不在范围内" in done.output
    assert f"{len(COVERED)} clauses: " in done.output.splitlines()[-1]
    found = json.loads(CliRunner().invoke(policy, ["coverage", "--json"]).output)
    assert found == json.loads(json.dumps(coverage_json(CATALOGUE)))
    assert found["totals"]["entries"] == 158
    assert found["totals"]["clauses"] == len(found["clauses"])


def _kinds_of(entry_id: str) -> set[str]:
    return {code for code, entries in employers_of(load_catalogue(), date(2026, 11, 21)).items() if entry_id in entries}


@pytest.mark.parametrize(
    ("entry_id", "kinds"),
    [
        ("hiring_one_off__004_private_small_micro_ladder", {"small_micro"}),
        ("hiring_one_off__002_medium_large_registered_unemployed", {"medium", "large"}),
        ("hiring_one_off__001_workshop_poverty", {"poverty_workshop"}),
        ("poverty_base_ladder_reward__001", {"poverty_base"}),
        ("internship_retention_uplift__000", {"internship_unit"}),
    ],
)
def test_a_list_for_a_kind_of_employer_holds_what_it_is_not_excluded_from(entry_id: str, kinds: set[str]) -> None:
    named = _kinds_of(entry_id)
    assert kinds <= named
    assert named - kinds <= {"poverty_workshop", "poverty_base", "internship_unit"}


def test_what_pays_no_employer_is_in_no_list_of_employers() -> None:
    catalogue = load_catalogue()
    listed = set().union(*employers_of(catalogue, date(2026, 11, 21)).values())
    assert {catalogue.by_id[entry_id].payee for entry_id in listed} == {"employer", "intern_unit"}
