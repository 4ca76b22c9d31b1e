"""A rebuild after somebody was forgotten does not lose what only the live tables still know."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from infra.commands.rebuild import command
from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from streams.hiring.messages import StepReported
from streams.hiring.tables import openings
from streams.intake.gateway import delete_person, receive_employers, receive_people, receive_postings
from streams.runtime.exchange import Said

DAY = date(2026, 11, 20)


def hired(settings: Settings) -> list[int]:
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        return list(connection.execute(select(openings.c.hired)).scalars())


def test_a_hire_of_somebody_forgotten_stays_counted_unless_forced(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    sample = generate(seed=3, postings=30, employers=10, people=3, today=DAY)
    with exchange(settings) as opened:
        receive_employers(opened, sample.employers, sender="sample", verified=True)
        receive_people(opened, sample.people, sender="sample")
        receive_postings(opened, sample.postings, sender="sample", via="feed", verified=True, ids_given=True)
        step = StepReported(person_id="u-demo", posting_id="p-demo-1", step="hired", on=DAY, by="e-demo")
        opened.append([Said(step)], source="sample")
        opened.runner.drain(120)
        delete_person(opened, "u-demo", sender="sample")
        opened.runner.drain(120)
    assert hired(settings) == [1]
    run = CliRunner()
    kept = run.invoke(command, ["hiring", "--data-dir", str(tmp_path)])
    assert kept.exit_code == 1
    assert "the live tables stay" in kept.output
    assert hired(settings) == [1]
    forced = run.invoke(command, ["hiring", "--data-dir", str(tmp_path), "--force"])
    assert forced.exit_code == 0, forced.output
    assert hired(settings) == []
