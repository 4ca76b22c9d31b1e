"""A replay says who would gain and lose, and changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from infra.commands.policy import command as policy
from infra.commands.replay import command
from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from matcher.days import day_of
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.matching import tables
from streams.matching.replay import announced
from streams.runtime.tables import log


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay")
    sample = generate(seed=2026, postings=100, employers=20, people=100, today=date(2026, 11, 20))
    with exchange(Settings(data_dir=folder)) as opened:
        receive_employers(opened, sample.employers, sender="sample", verified=True)
        receive_people(opened, sample.people, sender="sample")
        receive_postings(opened, sample.postings, sender="sample", via="feed", verified=True, ids_given=True)
        opened.runner.drain(120)
    return folder


def test_the_same_model_and_catalogue_change_nothing(data_dir: Path) -> None:
    result = CliRunner().invoke(command, ["--data-dir", str(data_dir)])
    assert result.exit_code == 0, result.output
    assert "pairs gained 0, lost 0, changed 0" in result.output


def test_a_shorter_contract_in_the_catalogue_shows_whose_hints_change(data_dir: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "catalogue", tmp_path / "differences.jsonl"
    shutil.copytree(str(resources.files("matcher.policy") / "catalogue"), folder)
    file = folder / "job_post_subsidy.yaml"
    text = file.read_text()
    assert "value: 12" in text
    file.write_text(text.replace("value: 12", "value: 6"))
    result = CliRunner().invoke(command, ["--data-dir", str(data_dir), "--catalogue", str(folder), "--output", str(output)])
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert found
    pairs = [entry for entry in found if "posting_id" in entry]
    assert all(entry["change"] == "changed" and entry["score"][0] == entry["score"][1] for entry in pairs)
    found = pairs
    assert any("job_post_subsidy__004" in {**entry["hints_gained"], **entry["hints_changed"]} for entry in found)


def test_a_faulty_catalogue_is_named_before_anything_runs(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(str(resources.files("matcher.policy") / "catalogue"), folder)
    (folder / "job_post_subsidy.yaml").write_text("benefit: job_post_subsidy\nsurprise: 1\n")
    result = CliRunner().invoke(command, ["--data-dir", str(data_dir), "--catalogue", str(folder)])
    assert result.exit_code == 1
    assert "job_post_subsidy.yaml" in str(result.exception)


# -- the same words as ``policy diff`` -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(data_dir: Path) -> dict[str, Any]:
    """What ``policy diff`` is given: everybody of the exchange as files, and the day of every pair of the log."""
    files = {}
    with exchange(Settings(data_dir=data_dir), run=False) as opened, opened.reading() as connection:
        for name, table in (("postings", tables.postings), ("people", tables.people), ("employers", tables.employers)):
            files[name] = data_dir / f"{name}.jsonl"
            files[name].write_bytes(b"\n".join(connection.execute(select(table.c.document)).scalars()))
        days = {key: pair["as_of"] for key, pair in announced(connection, opened.log).items()}
        last = connection.execute(select(func.max(log.c.recorded_at))).scalar_one()
    assert days
    return {"files": files, "days": days, "last": day_of(datetime.fromisoformat(last))}


def _changed(tmp_path: Path, change: Callable[[str], str], benefit: str = "job_post_subsidy") -> tuple[Path, Path]:
    """The shipped catalogue, and one in which the file of one benefit is changed, 岗位补贴 where none is named."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        shutil.copytree(str(resources.files("matcher.policy") / "catalogue"), folder)
    file = new / f"{benefit}.yaml"
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    return old, new


def _replaced(
    market: dict[str, Any], data_dir: Path, tmp_path: Path, change: Callable[[str], str]
) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What replay says of each pair of the log, and what diff says of it on the pair's day."""
    old, new = _changed(tmp_path, change)
    output = tmp_path / "replay.jsonl"
    done = CliRunner().invoke(command, ["--data-dir", str(data_dir), "--catalogue", str(new), "--output", str(output)])
    assert done.exit_code == 0, done.output
    replayed = {_key(line): line for line in map(json.loads, output.read_text().splitlines()) if "posting_id" in line}
    differing: dict[Any, Any] = {}
    given = [part for name, file in market["files"].items() for part in (f"--{name}", str(file))]
    for day in sorted(set(market["days"].values())):
        lines = tmp_path / f"diff-{day}.jsonl"
        told = CliRunner().invoke(policy, ["diff", str(old), str(new), *given, "--as-of", day.isoformat(), "--output", str(lines)])
        assert told.exit_code == 0, told.output
        assert "could not be read" not in told.stderr
        found = {_key(line): line for line in map(json.loads, lines.read_text().splitlines()) if "posting_id" in line}
        assert json.loads(told.stdout)["changed"] == len(found)
        differing.update({key: line for key, line in found.items() if market["days"].get(key) == day})
    for line in replayed.values():
        before, after = line.pop("score")
        assert before == after
    return replayed, differing


def _key(line: dict[str, Any]) -> tuple[str, str]:
    return line["person_id"], line["posting_id"]


def _more(text: str) -> str:
    return text.replace(
        "yuan_per_month: 300, max_months: 36, max_total_yuan: 10800", "yuan_per_month: 400, max_months: 36, max_total_yuan: 14400"
    )


@pytest.mark.parametrize(
    ("change", "shows"),
    [
        (_more, lambda line: line["yuan"] > 0 and not line["hints_gained"] and not line["hints_lost"]),
        (
            lambda text: text.replace("op: gte, value: 12}", "op: gte, value: 6}"),
            lambda line: "job_post_subsidy__004" in {**line["hints_gained"], **line["hints_changed"]},
        ),
        (
            lambda text: text.replace("op: gte, value: 12}", "op: gte, value: 240}"),
            lambda line: "job_post_subsidy__004" in line["hints_lost"],
        ),
    ],
    ids=["a sum", "a condition made easier", "a condition made harder"],
)
def test_replay_and_diff_say_the_same_of_every_pair(
    market: dict[str, Any], data_dir: Path, tmp_path: Path, change: Callable[[str], str], shows: Callable[[dict[str, Any]], Any]
) -> None:
    replayed, differing = _replaced(market, data_dir, tmp_path, change)
    assert any(shows(line) for line in replayed.values())
    assert replayed == differing


@pytest.mark.parametrize(("days", "changes"), [(-1, True), (0, False)], ids=["ended the day before", "that day is the last"])
def test_replay_and_diff_say_the_same_of_a_window(market: dict[str, Any], data_dir: Path, tmp_path: Path, days: int, changes: bool) -> None:
    first, last = min(market["days"].values()), max(market["days"].values())
    end = (first if changes else last) + timedelta(days=days)
    window = "to: null, to_basis: none_stated, kind: none"
    replayed, differing = _replaced(
        market,
        data_dir,
        tmp_path,
        lambda text: text.replace(window, f"to: {end}, to_basis: derived_doc_validity_5y, kind: document_validity"),
    )
    assert replayed == differing
    assert any("job_post_subsidy__004" in line["hints_lost"] for line in replayed.values()) is changes


# -- what people and employers are told about themselves ------------------------------------------------------------------


def _cap(text: str) -> str:
    return text.replace("max_yuan: 5000, previous_max_yuan: 3000", "max_yuan: 6000, previous_max_yuan: 5000")


def _gone(text: str) -> str:
    """Its window is over before the day."""
    over = "to: 2026-01-31, to_basis: stated"
    return text.replace("to: null, to_basis: none_stated", over).replace("to: 2028-07-19, to_basis: derived_doc_validity_5y", over)


@pytest.mark.parametrize(
    ("benefit", "change", "whose", "shows"),
    [
        ("startup_one_off_subsidy", _cap, "person_id", lambda line: line["yuan"] == 1000 and line["amounts_changed"]),
        ("flexible_insurance_hukou_free", _gone, "person_id", lambda line: "flexible_insurance_hukou_free__001" in line["hints_lost"]),
        ("startup_loan_small_micro", _gone, "employer_id", lambda line: "startup_loan_small_micro__000" in line["hints_lost"]),
        ("labour_brand_construction", _gone, "employer_id", lambda line: "labour_brand_construction__001" in line["hints_lost"]),
    ],
    ids=["a founder's sum", "a person's benefit", "an enterprise's loan", "an institution's support"],
)
def test_replay_and_diff_say_the_same_of_people_founders_enterprises_and_institutions(
    market: dict[str, Any],
    data_dir: Path,
    tmp_path: Path,
    benefit: str,
    change: Callable[[str], str],
    whose: str,
    shows: Callable[[dict[str, Any]], Any],
) -> None:
    old, new = _changed(tmp_path, change, benefit)
    replay, diff = tmp_path / "replay.jsonl", tmp_path / "diff.jsonl"
    done = CliRunner().invoke(command, ["--data-dir", str(data_dir), "--catalogue", str(new), "--output", str(replay)])
    assert done.exit_code == 0, done.output
    given = [part for name, file in market["files"].items() for part in (f"--{name}", str(file))]
    day = market["last"].isoformat()
    told = CliRunner().invoke(policy, ["diff", str(old), str(new), *given, "--as-of", day, "--output", str(diff)])
    assert told.exit_code == 0, told.output
    alone = [line for line in map(json.loads, replay.read_text().splitlines()) if "posting_id" not in line]
    differing = [line for line in map(json.loads, diff.read_text().splitlines()) if "posting_id" not in line]
    assert sorted(alone, key=json.dumps) == sorted(differing, key=json.dumps)
    assert any(shows(line) for line in alone if whose in line)
    counted = json.loads(told.stdout)
    for name, key in (("people", "person_id"), ("employers", "employer_id")):
        mine = [line for line in alone if key in line]
        assert (counted[name]["changed"], counted[name]["yuan"]) == (len(mine), sum(line["yuan"] for line in mine))
        assert counted[name]["compared"] == len(market["files"][name].read_bytes().splitlines())
        assert f"{name} told otherwise about themselves: {len(mine)}" in done.output
        for entry_id, effect in counted[name]["effects"].items():
            assert effect["lost"] == sum(entry_id in line["hints_lost"] for line in mine)
            assert effect["gained"] == sum(entry_id in line["hints_gained"] for line in mine)
