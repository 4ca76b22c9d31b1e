"""Private values lie encrypted in one table and nowhere else; a deleted person's past cannot be read any more."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from search.index import open_index, tantivy_url
from streams.intake import gateway, queries
from streams.intake.index_follower import IndexFollower
from streams.runtime.tables import private_values
from tests.intake.conftest import PERSON, POSTING, Intake

# Made up, and found nowhere else: whoever finds one of these in a file has found a leak.
CANARIES = {
    "person": ["金丝雀甲", "110105194912310038", "13711112222"],
    "posting": ["金丝雀女士", "13822223333", "0351-7654321", "canary@example.cn", "13933334444"],
}


def send_canaries(intake: Intake) -> str:
    name, id_number, phone = CANARIES["person"]
    private = {"name": name, "id_number": id_number, "phone": phone}
    gateway.receive_people(
        intake.exchange,
        [{**PERSON, "private": private, "skills": [f"二保焊，手机{phone}"], "experience": [{"title": f"焊工 身份证{id_number}"}]}],
        sender="test",
    )
    person, phone, landline, mail, mobile = CANARIES["posting"]
    return intake.posted(
        {
            "title": f"焊工（{mobile}）",
            "description": f"{POSTING['description']}有意者致电{landline}或发邮件到{mail}。",
            "address": f"太原市小店区某某路8号 {phone}",
            "contact": {"person": person, "phone": phone},
            "facts": {"remark": f"微信同号{mobile}"},
        }
    )


def tables_with(intake: Intake, needle: str) -> set[str]:
    found = set()
    with intake.exchange.reading() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'select * from "{table}"')):
                cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
                if any(needle.encode() in cell for cell in cells):
                    found.add(table)
    return found


def test_no_canary_is_found_in_any_table_file_index_or_log_line(intake: Intake, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    posting_id = send_canaries(intake)
    index = open_index(tantivy_url(tmp_path / "index"))
    IndexFollower(intake.exchange, index).catch_up()
    index.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert index.count() == 1
    for needle in (*CANARIES["person"], *CANARIES["posting"]):
        assert tables_with(intake, needle) == set(), needle
        assert [path for path in files if needle.encode() in path.read_bytes()] == [], needle
        assert needle not in caplog.text
    with intake.exchange.reading() as connection:
        assert intake.exchange.vault.reveal(connection, "person", "u-7")["name"] == "金丝雀甲"
        assert intake.exchange.vault.reveal(connection, "posting", posting_id)["person"] == "金丝雀女士"


def test_a_refusal_does_not_repeat_what_is_private(intake: Intake) -> None:
    answers = gateway.receive_people(intake.exchange, [{**PERSON, "kind": "nobody"}], sender="test")
    assert answers[0].outcome == "rejected"
    assert not any(value in str(answers) for value in PERSON["private"].values())


def people(intake: Intake, *changes: dict[str, Any]) -> list[gateway.Answer]:
    answers = gateway.receive_people(intake.exchange, [{**PERSON, **change} for change in changes], sender="test")
    intake.drain()
    return answers


def said_of_person(intake: Intake) -> list[str]:
    with intake.exchange.reading() as connection:
        query = text("select type from log where key = 'u-7' and source like 'intake.%' order by seq")
        return list(connection.execute(query).scalars())


def test_a_person_registers_changes_and_the_identical_profile_changes_nothing(intake: Intake) -> None:
    outcomes = [people(intake, change)[0].outcome for change in ({}, {}, {"skills": ["氩弧焊"]})]
    assert outcomes == ["accepted", "unchanged", "accepted"]
    assert said_of_person(intake) == ["person.registered", "person.changed"]
    with intake.exchange.reading() as connection:
        found = queries.person(connection, "u-7")
        assert queries.person_counts(connection) == {"registered_unemployed": 1}
    assert found is not None
    assert found["person"]["skills"] == ["氩弧焊"]
    assert "private" not in found["person"]


def test_who_brings_a_known_identity_number_and_no_id_is_that_person(intake: Intake) -> None:
    people(intake, {})
    assert people(intake, {"person_id": None, "skills": []})[0].id == "u-7"


def test_without_any_number_the_exchange_gives_an_id(intake: Intake) -> None:
    answer = people(intake, {"person_id": None, "private": None})[0]
    assert answer.id not in (None, "u-7", "(new)")


def test_a_credential_writes_its_own_person_only(intake: Intake) -> None:
    answer = gateway.receive_people(intake.exchange, [PERSON], sender="test", owner_allowed=lambda person_id: person_id == "u-8")[0]
    assert (answer.outcome, answer.errors[0].field) == ("rejected", "person_id")


def test_a_deleted_person_is_gone_from_every_table_and_unreadable_in_the_log(intake: Intake) -> None:
    people(intake, {}, {"skills": ["氩弧焊"]})
    assert gateway.delete_person(intake.exchange, "u-7", sender="test") is not None
    intake.drain()
    assert said_of_person(intake) == ["person.registered", "person.changed", "person.removed"]
    assert tables_with(intake, "u-7") == {"log"}
    with intake.exchange.reading() as connection:
        assert queries.person(connection, "u-7") is None
        assert connection.execute(select(private_values)).first() is None
        types = ("person.received", "person.registered", "person.changed")
        assert {type(message).__name__ for message in intake.exchange.log.read(connection, types, 0, 100)} == {"Unreadable"}


def test_forgetting_somebody_unknown_says_nothing(intake: Intake) -> None:
    length = intake.log_length()
    assert gateway.delete_person(intake.exchange, "u-404", sender="test") is None
    assert intake.log_length() == length


def test_a_deleted_person_may_register_again(intake: Intake) -> None:
    people(intake, {})
    gateway.delete_person(intake.exchange, "u-7", sender="test")
    assert people(intake, {})[0].outcome == "accepted"
    assert said_of_person(intake) == ["person.registered", "person.removed", "person.registered"]
