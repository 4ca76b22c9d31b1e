"""Tables made anew where people are in shards: matching's and the shards' own; and the number of shards that is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings, SettingsError
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.matching.shards import shard_people

Run = Callable[..., Result]


@pytest.fixture
def sharded_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small market with people in two shards, as the settings of the machine say."""
    monkeypatch.setenv("GONGQIAO_SHARDS", "2")
    sample = generate(seed=3, postings=30, employers=10, people=40, today=date(2026, 11, 20))
    with exchange(Settings(data_dir=tmp_path)) as opened:
        receive_employers(opened, sample.employers, sender="sample", verified=True)
        receive_people(opened, sample.people, sender="sample")
        receive_postings(opened, sample.postings, sender="sample", via="feed", verified=True, ids_given=True)
        opened.runner.drain(120)
    return tmp_path


@pytest.mark.parametrize("subject", ["matching", "delivery", "shards"])
def test_what_is_made_anew_with_shards_is_the_live_one(sharded_folder: Path, run: Run, subject: str) -> None:
    checked = run("rebuild", subject, "--check", "--data-dir", sharded_folder)
    assert checked.exit_code == 0, checked.output
    assert "same as the live one" in checked.output
    assert " 0 messages handled" not in checked.output
    assert ", 0 outputs" not in checked.output


def test_people_lost_from_a_shard_are_found_missing_and_put_back(sharded_folder: Path, run: Run) -> None:
    def people() -> list[tuple[str, str]]:
        with exchange(Settings(data_dir=sharded_folder), run=False) as opened, opened.reading() as connection:
            rows = connection.execute(select(shard_people.c.person_id, shard_people.c.shard).order_by(shard_people.c.person_id))
            return [(row.person_id, row.shard) for row in rows]

    before = people()
    assert {shard for _, shard in before} == {"0", "1"}
    with exchange(Settings(data_dir=sharded_folder), run=False) as opened:
        opened.write(lambda connection: connection.execute(shard_people.delete().where(shard_people.c.shard == "1")))
    checked = run("rebuild", "shards", "--check", "--data-dir", sharded_folder)
    assert checked.exit_code == 1
    assert "shards_people: 0 rows only in the live table" in checked.output
    rebuilt = run("rebuild", "shards", "--data-dir", sharded_folder)
    assert rebuilt.exit_code == 0, rebuilt.output
    assert people() == before


def test_without_shards_there_are_none_to_make_anew(folder: Path, run: Run) -> None:
    refused = run("rebuild", "shards", "--data-dir", folder)
    assert refused.exit_code == 2
    assert "GONGQIAO_SHARDS is 1" in refused.output
    assert "rebuild matching" in refused.output


@pytest.mark.parametrize("number", ["1", "3"])
def test_another_number_than_people_were_received_with_is_refused(
    sharded_folder: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setenv("GONGQIAO_SHARDS", number)
    with pytest.raises(SettingsError, match=f"GONGQIAO_SHARDS={number}, but"), exchange(Settings(data_dir=sharded_folder)):
        pass
    monkeypatch.setenv("GONGQIAO_SHARDS", "2")
    with exchange(Settings(data_dir=sharded_folder)) as opened:
        opened.runner.drain(60)


def test_shards_come_before_the_first_person(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGQIAO_SHARDS", "2")
    with pytest.raises(SettingsError, match="before the first person"), exchange(Settings(data_dir=folder), run=False):
        pass
    sample = generate(seed=3, postings=30, employers=10, people=1, today=date(2026, 11, 20))
    with exchange(Settings(data_dir=tmp_path / "new")) as opened:
        receive_people(opened, sample.people, sender="sample")
        opened.runner.drain(60)
    with exchange(Settings(data_dir=tmp_path / "new"), run=False):
        pass  # placed, and met again
