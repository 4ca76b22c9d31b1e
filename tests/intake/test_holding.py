"""Held with rule and evidence, released, rejected, corrected; what an employer who registers changes."""

from __future__ import annotations

import pytest

from streams.intake import gateway, queries
from tests.intake.conftest import POSTING, Intake

BAD = {"description": POSTING["description"] + "限男性，35岁以下。"}
WORSE = {"description": POSTING["description"] + "限男性，35岁以下，未婚。"}


def decide(intake: Intake, posting_id: str, decision: str) -> None:
    gateway.decide_hold(intake.exchange, posting_id, decision, by="c-1", reason="经核实", sender="test")  # type: ignore[arg-type]
    intake.drain()


def test_a_discriminating_posting_is_held_with_the_words_that_met_the_rule(intake: Intake) -> None:
    posting_id = intake.posted(BAD)
    found = intake.found(posting_id)
    assert found["state"] == "held"
    assert {reason["rule"] for reason in found["reasons"]} >= {"sex", "age"}
    assert all(reason["evidence"] and reason["change"] for reason in found["reasons"])
    held = intake.bodies(posting_id, "posting.held")[0]
    assert (held["region"], held["employer_id"]) == ("140105", "e-1")


def test_released_it_is_published_as_it_is(intake: Intake) -> None:
    posting_id = intake.posted(BAD)
    decide(intake, posting_id, "release")
    assert intake.said_of(posting_id) == ["held", "published"]
    assert intake.found(posting_id)["decision"]["by"] == "c-1"


def test_released_reasons_stay_released_in_the_next_version_and_new_ones_hold_anew(intake: Intake) -> None:
    posting_id = intake.posted(BAD)
    decide(intake, posting_id, "release")
    intake.posted({**BAD, "headcount": 9})
    assert intake.state(posting_id) == "published"
    intake.posted(WORSE)
    assert intake.state(posting_id) == "held"


def test_rejected_it_ends_and_the_identical_posting_does_not_come_back(intake: Intake) -> None:
    posting_id = intake.posted(BAD)
    decide(intake, posting_id, "reject")
    assert intake.said_of(posting_id) == ["held", "ended rejected"]
    intake.posted(BAD)
    assert intake.state(posting_id) == "rejected"


def test_corrected_it_is_published(intake: Intake) -> None:
    posting_id = intake.posted(BAD)
    decide(intake, posting_id, "reject")
    intake.posted()
    assert intake.said_of(posting_id) == ["held", "ended rejected", "published"]


def test_a_published_posting_that_turns_bad_is_held(intake: Intake) -> None:
    posting_id = intake.posted()
    intake.posted(BAD)
    assert intake.said_of(posting_id) == ["published", "held"]


def test_a_decision_on_what_is_not_held_changes_nothing(intake: Intake) -> None:
    posting_id = intake.posted()
    decide(intake, posting_id, "reject")
    assert intake.state(posting_id) == "published"


def test_held_postings_are_listed_for_the_region_and_what_covers_it(intake: Intake) -> None:
    here = intake.posted(BAD)
    there = intake.posted({**BAD, "source_id": "HR-2", "region": "140213", "address": "大同市平城区某某街1号"})
    with intake.exchange.reading() as connection:

        def listed(region: str | None) -> list[str]:
            return [found["posting_id"] for found in queries.held(connection, region=region)]

        assert set(listed(None)) == {here, there} == set(listed("140000"))
        assert listed("140100") == listed("140105") == [here]
        assert queries.held(connection, after=listed(None)[0])[0]["posting_id"] == listed(None)[1]
        assert queries.counts(connection) == {"held": 2}
        assert queries.held_by_rule(connection, region="140105")["sex"] == 1


@pytest.mark.parametrize("verified", [True, False])
def test_an_unverified_senders_unknown_employer_waits_until_the_employer_is_known(intake: Intake, verified: bool) -> None:
    posting_id = intake.posted({"employer": {"employer_id": "e-1", "name": "太原某某机械制造有限公司"}}, verified=verified)
    assert intake.state(posting_id) == ("published" if verified else "held")
    gateway.receive_employers(intake.exchange, [{"employer_id": "e-1", "name": "太原某某机械制造有限公司"}], sender="test", verified=True)
    intake.drain()
    assert intake.state(posting_id) == "published"


def test_an_employer_that_registered_itself_waits_for_staff_however_sound_its_code(intake: Intake) -> None:
    firm = {"employer_id": "e-1", "name": "太原某某机械制造有限公司", "uscc": "91140100MA0K3YBJ05", "region": "140105"}
    gateway.receive_employers(intake.exchange, [firm], sender="account:a-1")
    intake.drain()
    posting_id = intake.posted({"employer": {"employer_id": "e-1"}}, verified=False)
    waiting = intake.found(posting_id)
    assert (waiting["state"], [one["rule"] for one in waiting["reasons"]]) == ("held", ["employer_unverified"])
    assert "核实单位" in waiting["reasons"][0]["change"]
    gateway.receive_employers(intake.exchange, [{**firm, "size": "small"}], sender="account:a-1")  # its own word again
    intake.drain()
    assert intake.state(posting_id) == "held"
    with intake.exchange.reading() as connection:
        found = queries.employer(connection, "e-1")
        (listed,) = queries.unconfirmed(connection, "140100", None, 10)
        assert (listed["employer_id"], listed["uscc"], listed["held"]) == ("e-1", firm["uscc"], 1)
        assert queries.unconfirmed(connection, "140213", None, 10) == []
    assert found is not None
    gateway.confirm_employer(intake.exchange, found, sender="account:a-commissioner")
    intake.drain()
    assert intake.said_of(posting_id) == ["held", "published"]
    other = intake.posted({"employer": {"employer_id": "e-1"}, "source_id": "HR-2", "title": "会计"}, verified=False)
    assert intake.state(other) == "published"
    gateway.receive_employers(intake.exchange, [{**firm, "size": "medium"}], sender="partner")  # takes nothing back
    intake.drain()
    with intake.exchange.reading() as connection:
        assert queries.unconfirmed(connection, None, None, 10) == []


def test_an_employer_known_before_holds_nothing(intake: Intake) -> None:
    gateway.receive_employers(intake.exchange, [{"employer_id": "e-1", "name": "太原某某机械制造有限公司"}], sender="test", verified=True)
    assert intake.state(intake.posted(verified=False)) == "published"


def test_a_posting_with_a_credit_code_alone_belongs_to_the_employer_registered_with_it(intake: Intake) -> None:
    code = "91140100MA0GQ0001J"
    before = intake.posted({"employer": {"uscc": code}})
    gateway.receive_employers(intake.exchange, [{"employer_id": "e-5", "uscc": code}], sender="test", verified=True)
    intake.drain()
    after = intake.posted({"employer": {"uscc": code}, "source_id": "HR-2", "title": "会计", "description": "做账报税。"})
    with intake.exchange.reading() as connection:
        assert {found["posting_id"] for found in queries.of_employer(connection, "e-5")} == {before, after}
    assert intake.said_of(before) == ["published", "changed"]


def test_advice_does_not_hold(intake: Intake) -> None:
    posting_id = intake.posted({"description": POSTING["description"] + "35岁以下优先。"})
    assert intake.state(posting_id) == "published"
    assert any("35岁以下" in note for note in intake.found(posting_id)["notes"])


def test_the_occupation_is_proposed_where_the_title_is_plain(intake: Intake) -> None:
    assert intake.found(intake.posted())["posting"]["occupation_code"] == "6-18-02-04"
    assert "occupation_code" not in intake.found(intake.posted({"title": "某某某", "source_id": "HR-2"}))["posting"]
    assert intake.found(intake.posted({"occupation_code": "6-18-02-03", "source_id": "HR-3"}))["posting"]["occupation_code"] == "6-18-02-03"
