"""``gongqiao hints`` and ``gongqiao policy``, as a user calls them."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.commands.hints import command as hints
from infra.commands.policy import command as policy
from matcher.policy import load_catalogue

GOOD = {"id": "a", "date": "2024-05-01", "facts": {"employer.kind": "enterprise", "person.category": ["registered_unemployed"]}}


def _run(folder: Path, *lines: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    facts, output = folder / "facts.jsonl", folder / "out.jsonl"
    facts.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    done = CliRunner().invoke(hints, ["--facts", str(facts), "--output", str(output)])
    assert done.exit_code == 0, done.output
    rejected = folder / "out.jsonl.rejected.jsonl"
    return _lines(output), _lines(rejected) if rejected.exists() else [], done.stderr


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_entry_is_answered_for_each_line(tmp_path: Path) -> None:
    answers, rejected, summary = _run(tmp_path, GOOD, GOOD | {"id": "b", "facts": {}})
    assert [answer["id"] for answer in answers] == ["a", "b"]
    assert not rejected
    assert "2 answered, 0 rejected" in summary
    catalogue = load_catalogue()
    for answer in answers:
        assert [result["entry_id"] for result in answer["results"]] == [entry.id for entry in catalogue.entries]
        assert set(answer["emitted"]) <= {
            result["entry_id"] for result in answer["results"] if result["status"] in ("ELIGIBLE", "NEEDS_CHECK")
        }
        assert answer["catalogue_version"] == catalogue.version
    assert answers[0]["results"][0]["missing"] == ["employer.programme"]


def test_a_channel_limits_what_is_told_and_nothing_else(tmp_path: Path) -> None:
    (plain, limited), _, _ = _run(tmp_path, GOOD, GOOD | {"id": "b", "channel": "hint_per_match"})
    assert limited["results"] == plain["results"]
    by_id = load_catalogue().by_id
    assert limited["emitted"]
    assert all("hint_per_match" in by_id[entry].usable_as for entry in limited["emitted"])


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (GOOD | {"date": "2023-02-29"}, "date", "existing date"),
        (GOOD | {"date": "2020-12-31"}, "date", "2021-01-01 to 2100-12-31"),
        (GOOD | {"date": "2101-01-01"}, "date", "2021-01-01 to 2100-12-31"),
        (GOOD | {"date": "20240501"}, "date", "existing date"),
        (GOOD | {"date": "2023-W35-5"}, "date", "existing date"),
        (GOOD | {"facts": {"person.age": "24"}}, "facts.person.age", "a number"),
        (GOOD | {"facts": {"person.age": True}}, "facts.person.age", "a number"),
        (GOOD | {"facts": {"person.age": [24]}}, "facts.person.age", "a number"),
        (GOOD | {"facts": {"contract.signed": "yes"}}, "facts.contract.signed", "true or false"),
        (GOOD | {"facts": {"contract.signed": 1}}, "facts.contract.signed", "true or false"),
        (GOOD | {"facts": {"person.category": "disabled"}}, "facts.person.category", "a list of texts"),
        (GOOD | {"facts": {"employer.size": ""}}, "facts.employer.size", "leave an unknown fact out"),
        (GOOD | {"facts": {"claim.date": "2022-13-01"}}, "facts.claim.date", "a date"),
        (GOOD | {"facts": ["person.age"]}, "facts", "an object"),
        (GOOD | {"facts": {f"made.up.{n}": n for n in range(10_000)}}, "facts", "at most 1000"),
        (GOOD | {"channel": "pigeon"}, "channel", "hint_per_match"),
        ({"id": "a", "date": "2024-05-01"}, "facts", "required"),
        ({"id": "a", "facts": {}}, "date", "required"),
        ({"date": "2024-05-01", "facts": {}}, "id", "required"),
        ('{"id": "a", "date": "2024-05-01", "facts": {"person.age": 20, "person.age": 30}}', "person.age", "given twice"),
        ('{"id": "a", "date": "2024-05-01", "facts": {"person.age": NaN}}', "(line)", "not valid JSON"),
        ("[1, 2]", "(object)", "a JSON object"),
        ("no json", "(line)", "not valid JSON"),
    ],
)
def test_a_faulty_line_is_rejected_with_its_field_and_the_batch_goes_on(tmp_path: Path, line: Any, field: str, reason: str) -> None:
    answers, rejected, summary = _run(tmp_path, line, GOOD | {"id": "good"})
    assert [answer["id"] for answer in answers] == ["good"]
    assert [(one["line"], one["field"]) for one in rejected] == [(1, field)]
    assert reason in rejected[0]["reason"]
    assert "1 answered, 1 rejected" in summary


def test_unknown_facts_are_ignored_and_listed(tmp_path: Path) -> None:
    facts = {**GOOD["facts"], "person.hukou": "140105", "person.eligibility": True, "person.age": None}
    (plain, more), rejected, _ = _run(tmp_path, GOOD, GOOD | {"id": "b", "facts": facts})
    assert not rejected
    assert more["results"] == plain["results"]
    assert more["emitted"] == plain["emitted"]
    assert more["ignored"] == ["person.hukou", "person.eligibility"]


def test_the_last_line_of_an_id_counts_and_an_old_rejected_file_goes(tmp_path: Path) -> None:
    _run(tmp_path, "no json", GOOD)
    answers, rejected, summary = _run(tmp_path, GOOD, GOOD | {"facts": {"employer.kind": "law_firm"}})
    assert len(answers) == 1
    assert answers[0]["results"][0]["status"] == "NOT_ELIGIBLE"
    assert [(one["line"], one["field"]) for one in rejected] == [(1, "id")]
    assert "superseded" in rejected[0]["reason"]
    assert "0 rejected, 1 superseded" in summary
    _run(tmp_path, GOOD)
    assert not (tmp_path / "out.jsonl.rejected.jsonl").exists()


def test_calling_it_without_its_files_is_a_usage_error() -> None:
    assert CliRunner().invoke(hints, []).exit_code == 2


def test_lint_is_content_with_the_shipped_catalogue_and_names_what_is_wrong_with_another(tmp_path: Path) -> None:
    fine = CliRunner().invoke(policy, ["lint"])
    assert fine.exit_code == 0
    assert "158 entries of 96 benefits" in fine.output
    for item in (resources.files("matcher.policy") / "catalogue").iterdir():
        (tmp_path / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    other = tmp_path / "social_assistance.yaml"
    other.write_text(other.read_text(encoding="utf-8").replace("payee: jobseeker", "payee: nobody", 1), encoding="utf-8")
    faulty = CliRunner().invoke(policy, ["lint", str(tmp_path)])
    assert faulty.exit_code == 1
    assert "social_assistance.yaml: entries.0.payee" in faulty.stderr


def test_show_prints_a_benefit_with_its_quotations() -> None:
    shown = CliRunner().invoke(policy, ["show", "job_expansion_subsidy"])
    assert shown.exit_code == 0
    assert "2022年6月14日至2022年12月31日" in shown.output
    assert CliRunner().invoke(policy, ["show", "job_expansion"]).exit_code == 2


def test_diff_says_who_would_gain_and_lose(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        for item in (resources.files("matcher.policy") / "catalogue").iterdir():
            (folder / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    changed = new / "job_post_subsidy.yaml"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("op: gte, value: 12}", "op: gte, value: 24}"), encoding="utf-8")
    posting = {"posting_id": "p-1", "source": "enterprise", "title": "焊工", "contract_months": 12, "employer": {"employer_id": "e-1"}}
    employer = {"employer_id": "e-1", "size": "small", "ownership": "private", "kind": "enterprise", "programme": []}
    person = {"person_id": "u-1", "kind": "jobseeker", "categories": ["employment_difficulty"]}
    for name, data in (("p", posting), ("e", employer), ("u", person)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(data), encoding="utf-8")
    files = ["--postings", str(tmp_path / "p.jsonl"), "--people", str(tmp_path / "u.jsonl"), "--employers", str(tmp_path / "e.jsonl")]
    done = CliRunner().invoke(policy, ["diff", str(old), str(new), *files, "--as-of", "2026-11-20"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["entries"] == [{"entry_id": "job_post_subsidy__004", "change": "changed", "keys": ["conditions"]}]
    assert (told["pairs"], told["changed"], told["yuan"]) == (1, 1, 0)
    assert told["effects"]["job_post_subsidy__004"]["lost"] == 1
    assert told["effects"]["job_post_subsidy__000"]["gained"] == 1
    same = CliRunner().invoke(policy, ["diff", str(old), str(old), *files, "--as-of", "2026-11-20"])
    assert json.loads(same.stdout)["entries"] == []
    assert json.loads(same.stdout)["changed"] == 0


def _diff_files(folder: Path) -> tuple[list[str], list[str]]:
    shipped = str(resources.files("matcher.policy") / "catalogue")
    good = {
        "postings": {"posting_id": "p-1", "source": "enterprise", "title": "焊工"},
        "people": {"person_id": "u-1", "kind": "jobseeker"},
        "employers": {"employer_id": "e-1", "size": "small"},
    }
    for name, data in good.items():
        (folder / f"{name}.jsonl").write_text(json.dumps(data) + "\n", encoding="utf-8")
    files = [part for name in good for part in (f"--{name}", str(folder / f"{name}.jsonl"))]
    return ["diff", shipped, shipped, *files], list(good)


def test_diff_counts_the_lines_of_every_file_that_it_leaves_out_and_says_why(tmp_path: Path) -> None:
    asked, names = _diff_files(tmp_path)
    for name in names:
        with (tmp_path / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write("{not json}\n[1]\n")
    done = CliRunner().invoke(policy, [*asked, "--as-of", "2026-11-20"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["pairs"], told["people"]["compared"], told["employers"]["compared"]) == (1, 1, 1)
    for name in names:
        assert f"{name}.jsonl:2: not valid JSON" in done.stderr
        assert f"{name}.jsonl:3: " in done.stderr
    assert "6 lines could not be read and were left out" in done.stderr


@pytest.mark.parametrize("day", ["2020-12-31", "2101-01-01", "2023-W35-5", "20230901", "2023-9-1", "2023-02-29", "gestern", ""])
def test_diff_takes_only_a_day_of_the_calendar_that_policies_know(tmp_path: Path, day: str) -> None:
    asked, _ = _diff_files(tmp_path)
    done = CliRunner().invoke(policy, [*asked, "--as-of", day])
    assert done.exit_code == 2
    assert "--as-of" in done.stderr


@pytest.mark.parametrize("day", ["2021-01-01", "2100-12-31"])
def test_diff_takes_the_first_and_the_last_day(tmp_path: Path, day: str) -> None:
    asked, _ = _diff_files(tmp_path)
    assert CliRunner().invoke(policy, [*asked, "--as-of", day]).exit_code == 0
