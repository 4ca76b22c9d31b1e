"""``gongqiao match`` and ``gongqiao explain``: files in, lines out, as contract.md says."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import cli
from matcher.blockers import BATCH_RULES
from matcher.explain import explain
from matcher.policy import hints_for_pair, load_catalogue
from matcher.shapes import read_employer, read_person, read_posting
from tests.matcher.made_up_pairs import made_up_person, made_up_posting

DAY = "2026-11-20"
EMPLOYERS = [{"employer_id": "e-0", "uscc": "91140100MA0TEST01X", "size": "small", "ownership": "private", "kind": "enterprise",
              "key": {"class": "白名单", "from": "2026-01-01"}}]  # fmt: skip


@pytest.fixture
def market() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    draw = random.Random(11)
    postings = [made_up_posting(draw, number, open_only=bool(number % 4)) for number in range(60)]
    people = [made_up_person(draw, number) for number in range(50)]
    return postings, people


def put(path: Path, rows: list[Any]) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def run(
    tmp_path: Path, postings: list[Any], people: list[Any], *options: str, output: str = "out.jsonl"
) -> tuple[Result, list[dict[str, Any]]]:
    target = tmp_path / output
    found = CliRunner().invoke(cli, [
        "match", "--postings", str(put(tmp_path / "postings.jsonl", postings)), "--people", str(put(tmp_path / "people.jsonl", people)),
        "--employers", str(put(tmp_path / "employers.jsonl", EMPLOYERS)), "--as-of", DAY, "--output", str(target), *options,
    ])  # fmt: skip
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()] if target.exists() else []
    return found, lines


def test_lines_are_grouped_by_person_best_first_and_agree_with_explain(tmp_path: Path, market: Any) -> None:
    postings, people = market
    found, lines = run(tmp_path, postings, people, "--top", "5")
    assert found.exit_code == 0, found.output
    assert lines
    by_id = {row["posting_id"]: read_posting(row) for row in postings}
    employer, catalogue = read_employer(EMPLOYERS[0]), load_catalogue()
    for row in people:
        own = [line for line in lines if line["person_id"] == row["person_id"]]
        person = read_person(row)
        told = {
            name: explain(posting, person, date(2026, 11, 20), _employer(posting, employer), BATCH_RULES) for name, posting in by_id.items()
        }
        wanted = sorted((name for name, item in told.items() if item.recommended), key=lambda name: (-told[name].score, name))[:5]
        assert [line["posting_id"] for line in own] == wanted
        assert [line["rank"] for line in own] == list(range(1, len(own) + 1))
        for line in own:
            full = told[line["posting_id"]].as_json()
            for field in ("match_id", "score", "band", "priority", "priority_reasons", "criteria", "not_stated", "as_of", "model_version"):
                assert line[field] == full[field], field
            posting = by_id[line["posting_id"]]
            assert line["hints"] == hints_for_pair(catalogue, posting, person, _employer(posting, employer), date(2026, 11, 20))
            assert {hint["status"] for hint in line["hints"]} <= {"ELIGIBLE", "NEEDS_CHECK"}
            assert line["catalogue_version"] == catalogue.version
    groups = [line["person_id"] for line in lines]
    assert len([name for number, name in enumerate(groups) if number == 0 or groups[number - 1] != name]) == len(set(groups))


def _employer(posting: Any, employer: Any) -> Any:
    return employer if posting.employer.employer_id == "e-0" else None


def test_by_posting_people_come_by_band_priority_score_and_id(tmp_path: Path, market: Any) -> None:
    found, lines = run(tmp_path, *market, "--by", "posting", "--top", "8", "--no-hints")
    assert found.exit_code == 0
    assert any(line["priority"] for line in lines)
    for name in {line["posting_id"] for line in lines}:
        own = [line for line in lines if line["posting_id"] == name]
        keys = [(-line["band"], -line["priority"], -line["score"], line["person_id"]) for line in own]
        assert keys == sorted(keys)
        assert [line["rank"] for line in own] == list(range(1, len(own) + 1))
        assert len(own) <= 8
        assert all(line["hints"] == [] for line in own)


@pytest.mark.parametrize("by", ["person", "posting"])
def test_the_order_of_the_input_lines_does_not_matter(tmp_path: Path, market: Any, by: str) -> None:
    postings, people = market
    _, lines = run(tmp_path, postings, people, "--by", by, "--no-hints")
    shuffled = random.Random(1).sample(postings, len(postings)), random.Random(2).sample(people, len(people))
    _, again = run(tmp_path, *shuffled, "--by", by, "--no-hints", output="again.jsonl")
    assert lines == again


def test_bad_lines_are_rejected_with_a_reason_and_the_batch_goes_on(tmp_path: Path, market: Any) -> None:
    postings, people = market
    secret = {"person_id": "u-x", "kind": "nobody", "private": {"name": "张三", "id_number": "140106199604120029"}}
    found, lines = run(tmp_path, [*postings, "not json", {"posting_id": "x", "source": "radio", "title": "焊工"}, '["list"]'],
                       [*people, secret, "", {"person_id": "u-y"}], "--no-hints")  # fmt: skip
    assert found.exit_code == 0
    assert lines
    rejected = [json.loads(line) for line in (tmp_path / "out.jsonl.rejected.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(Path(line["file"]).name, line["line"], line["field"]) for line in rejected] == [
        ("postings.jsonl", 61, "(line)"), ("postings.jsonl", 62, "source"), ("postings.jsonl", 63, "(object)"),
        ("people.jsonl", 51, "kind"), ("people.jsonl", 53, "kind"),
    ]  # fmt: skip
    assert all(set(line) == {"file", "line", "field", "reason"} for line in rejected)
    assert "gig_market" in rejected[1]["reason"]
    assert "张三" not in str(rejected)
    assert "199604120029" not in str(rejected) + found.output
    assert "rejected: 5 lines" in found.stderr


def test_an_old_rejected_file_goes_when_nothing_is_rejected(tmp_path: Path, market: Any) -> None:
    old = tmp_path / "out.jsonl.rejected.jsonl"
    old.write_text("old", encoding="utf-8")
    run(tmp_path, *market, "--no-hints")
    assert not old.exists()


def test_the_last_line_of_an_id_counts(tmp_path: Path, market: Any) -> None:
    postings, people = market
    closed = {**postings[1], "status": "closed"}
    found, lines = run(tmp_path, [*postings, closed], [*people, people[0]], "--no-hints", "--top", "1000")
    assert "1 superseded" in found.stderr
    assert closed["posting_id"] not in {line["posting_id"] for line in lines}


@pytest.mark.parametrize("options", [("--top", "1001"), ("--top", "0"), ("--by", "region"), ("--as-of", "tomorrow")])
def test_faulty_options_are_usage_errors(tmp_path: Path, market: Any, options: tuple[str, ...]) -> None:
    found, _ = run(tmp_path, *market, *options)
    assert found.exit_code == 2


def test_a_missing_file_is_a_usage_error_and_names_it(tmp_path: Path) -> None:
    found = CliRunner().invoke(
        cli, ["match", "--postings", "no.jsonl", "--people", "no.jsonl", "--as-of", DAY, "--output", str(tmp_path / "o")]
    )
    assert found.exit_code == 2
    assert "no.jsonl" in found.stderr


def test_nobody_and_nothing_give_an_empty_file(tmp_path: Path) -> None:
    found, lines = run(tmp_path, [], [])
    assert found.exit_code == 0
    assert lines == []
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_explain_gives_one_pair_with_every_hint(tmp_path: Path, market: Any) -> None:
    postings, people = market
    options = ["--postings", str(put(tmp_path / "p.jsonl", postings)), "--people", str(put(tmp_path / "f.jsonl", people)),
               "--employers", str(put(tmp_path / "e.jsonl", EMPLOYERS)), "--as-of", DAY]  # fmt: skip
    found = CliRunner().invoke(cli, ["explain", *options, "--person", people[3]["person_id"], "--posting", "p-4"])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert {"blockers", "criteria", "near_miss", "score", "hints", "not_stated", "band", "priority"} <= set(told)
    for item in told["blockers"]:
        assert set(item) == {"code", "text", "needed", "given", "would_change"}
    assert {hint["status"] for hint in told["hints"]} >= {"NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"}
    missing = CliRunner().invoke(cli, ["explain", *options, "--person", "nobody", "--posting", "p-4"])
    assert missing.exit_code == 1
    assert "nobody" in missing.stderr
