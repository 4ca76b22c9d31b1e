"""Rebuilt from the log, intake has the same tables and says the same, also after people were forgotten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from infra.migrate import migrate
from streams.intake import gateway
from streams.intake.handlers import SUBJECT
from streams.runtime.database import open_engine
from streams.runtime.rebuild import Report, compare, rebuild_into
from tests.intake.conftest import PERSON, POSTING, Clock, Intake


def rebuilt(intake: Intake, folder: Path) -> Report:
    migrate(folder / "shadow.sqlite")
    engine = open_engine(folder / "shadow.sqlite")
    with intake.exchange.reading() as live, engine.connect() as shadow:
        with shadow.begin():
            report = rebuild_into(shadow, live, intake.exchange.log, SUBJECT, {"posting_days": 60})
        with shadow.begin():
            compare(shadow, live, intake.exchange.log, SUBJECT, report)
    engine.dispose()
    return report


def test_a_rebuild_is_the_same(intake: Intake, clock: Clock, tmp_path: Path) -> None:
    intake.tick()
    market = {**POSTING, "source": "gig_market", "market_id": "m-1", "source_id": "M-9"}
    answers = intake.post(POSTING, market, {**POSTING, "source_id": "HR-2", "description": "限男性，35岁以下。"})
    first, second, held = (str(answer.id) for answer in answers)
    intake.posted({"source_id": "HR-3", "title": "会计", "description": "做账报税。", "apply_by": "2026-11-03"}, verified=False)
    gateway.receive_employers(intake.exchange, [{"employer_id": "e-1", "uscc": "91140100MA0GQ0001J"}], sender="test", verified=True)
    gateway.receive_people(intake.exchange, [PERSON, {**PERSON, "person_id": "u-8", "private": None}], sender="test")
    intake.hired(first, 1, revision=1)
    intake.withdraw(first)
    gateway.decide_hold(intake.exchange, held, "release", by="c-1", reason="经核实", sender="test")
    clock.go_to(date(2026, 11, 5))
    intake.tick()
    gateway.split_duplicates(intake.exchange, second, held, by="c-1", sender="test")
    intake.posted({**market, "headcount": 5})
    gateway.delete_person(intake.exchange, "u-7", sender="test")
    intake.drain()
    report = rebuilt(intake, tmp_path)
    assert report.handled > 10
    assert report.tombstones == 1
    assert report.same, report
