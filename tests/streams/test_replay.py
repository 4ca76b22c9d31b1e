"""A replay says who would gain and lose, and changes nothing."""

from __future__ import annotations

import json
import shutil
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.commands.replay import command
from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from streams.intake.gateway import receive_employers, receive_people, receive_postings


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
    assert all(entry["change"] == "changed" and entry["score"][0] == entry["score"][1] for entry in found)
    assert any("job_post_subsidy__004" in {**entry["hints_gained"], **entry["hints_changed"]} for entry in found)


def test_a_faulty_catalogue_is_named_before_anything_runs(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(str(resources.files("matcher.policy") / "catalogue"), folder)
    (folder / "job_post_subsidy.yaml").write_text("benefit: job_post_subsidy\nsurprise: 1\n")
    result = CliRunner().invoke(command, ["--data-dir", str(data_dir), "--catalogue", str(folder)])
    assert result.exit_code == 1
    assert "job_post_subsidy.yaml" in str(result.exception)
