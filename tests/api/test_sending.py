"""POST and PUT of postings, people and employers: statuses, outcomes, NDJSON, idempotency."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.runtime.tables import log
from tests.api.conftest import EMPLOYER, PERSON, POSTING, Market

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*objects: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else orjson.dumps(one) for one in objects)


def count(market: Market) -> int:
    market.settle()  # PostgreSQL: what is said comes into the log a moment later
    with market.services.exchange.reading() as connection:
        return len(connection.execute(log.select().where(log.c.source.like("account:%"))).all())


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "errors"} <= body.keys()
    return body


@pytest.fixture
def known(market: Market) -> Market:
    """The employer is confirmed."""
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    return market


def test_a_posting_is_received_with_an_id(known: Market) -> None:
    answer = known.post("employer", "/postings", POSTING)
    assert answer.status_code == 202
    body = answer.json()
    assert body["state"] == "received"
    assert body["id"] == body["posting_id"]
    assert body["message_id"]


def test_what_was_received_can_be_asked_for_before_it_is_handled(known: Market) -> None:
    known.services.exchange.runner.stop()
    posting_id = known.post("employer", "/postings", POSTING).json()["id"]
    for who in ("employer", "administrator", None):
        answer = known.get(who, f"/postings/{posting_id}")
        assert (answer.status_code, answer.json()["state"]) == (200, "received")
        assert "title" not in answer.json()
    known.post("administrator", "/people", PERSON)
    assert known.get("administrator", "/people/u-7").json() == {"person_id": "u-7", "state": "received"}
    assert known.get("jobseeker", "/people/u-7").json()["state"] == "received"
    known.post("administrator", "/employers", {**EMPLOYER, "employer_id": "e-1", "uscc": None})
    assert known.get("administrator", "/employers/e-1").json() == {"employer_id": "e-1", "state": "received"}
    assert known.get("employer", "/employers/e-1").status_code == 404


def test_wait_answers_published(known: Market) -> None:
    answer = known.post("employer", "/postings?wait=1", POSTING)
    assert answer.status_code == 200
    assert answer.json()["outcome"] == answer.json()["state"] == "published"


def test_wait_answers_held_with_rule_evidence_and_change(known: Market) -> None:
    answer = known.post("employer", "/postings?wait=1", {**POSTING, "title": "焊工（限男性）"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["outcome"] == "held"
    assert body["held"] == {name: body[name] for name in ("rule", "evidence", "change")}
    assert body["rule"] == "sex"
    assert "男" in body["evidence"]
    assert body["change"]


def test_wait_answers_rejected_with_errors(known: Market) -> None:
    answer = known.post("employer", "/postings?wait=1", {**POSTING, "type": "slavery"})
    body = problem(answer, 422)
    assert body["outcome"] == "rejected"
    assert body["errors"][0]["field"] == "type"
    assert "regular" in body["errors"][0]["allowed"]


def test_wait_beyond_its_time_is_202(known: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.intake.sending.WAIT_S", 0.01)
    known.services.exchange.runner.stop()
    answer = known.post("employer", "/postings?wait=1", POSTING)
    assert (answer.status_code, answer.json()["state"]) == (202, "received")


def test_lines_are_accepted_and_rejected_each_with_its_number(known: Market) -> None:
    sent = lines(
        POSTING,
        {**POSTING, "source_id": "HR-2", "pay": {"unit": "moon", "min": 1}},
        b"{not json",
        b"",
        b"[1]",
        {**POSTING, "source_id": "HR-3"},
    )
    answer = known.call("employer", "POST", "/postings", content=sent, headers=NDJSON)
    assert answer.status_code == 202
    body = answer.json()
    assert [entry["line"] for entry in body["accepted"]] == [1, 6]
    assert all(entry["id"] and entry["message_id"] for entry in body["accepted"])
    assert [entry["line"] for entry in body["rejected"]] == [2, 3, 5]
    assert body["rejected"][0]["errors"][0]["field"] == "pay.unit"


def test_a_field_given_twice_is_named_and_spoils_no_other_line(known: Market) -> None:
    (whole,) = lines({**POSTING, "facts": {"posting.kind": "general"}}).split(b"\n")[:1]
    twice = whole.replace(b'"posting.kind"', b'"posting.kind": "intern", "posting.kind"')
    alone = known.call("administrator", "POST", "/postings", content=twice, headers={"Content-Type": "application/json"})
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (422, "posting.kind")
    beside = known.call("administrator", "POST", "/postings", content=lines(twice, POSTING), headers=NDJSON)
    assert (beside.status_code, [entry["line"] for entry in beside.json()["accepted"]]) == (202, [2])
    (error,) = beside.json()["rejected"][0]["errors"]
    assert (error["field"], "twice" in error["message"]) == ("posting.kind", True)


def test_lines_with_wait_carry_their_outcomes(known: Market) -> None:
    sent = lines({**POSTING, "title": "焊工（限男性）", "source_id": "HR-2"}, POSTING)
    body = known.call("employer", "POST", "/postings?wait=1", content=sent, headers=NDJSON).json()
    assert [entry["outcome"] for entry in body["accepted"]] == ["held", "published"]


def test_lines_of_which_none_is_accepted_are_422(known: Market) -> None:
    answer = known.call("employer", "POST", "/postings", content=lines({"title": "x", "source": "mars"}, b"nonsense"), headers=NDJSON)
    assert answer.status_code == 422
    assert [entry["line"] for entry in answer.json()["rejected"]] == [1, 2]
    assert answer.json()["accepted"] == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b'"text"'])
def test_a_body_that_is_no_object_is_said_to_be_none(known: Market, content: bytes) -> None:
    body = problem(known.call("employer", "POST", "/postings", content=content, headers={"Content-Type": "application/json"}), 422)
    assert body["errors"][0]["field"] == "(body)"


def test_a_body_that_is_too_large_is_413(known: Market) -> None:
    problem(known.call("employer", "POST", "/employers/e-9/shortages", content=b"x" * 1_100_000), 413)

    def pieces() -> Any:
        for _ in range(12):
            yield b"x" * 100_000

    async def chunks() -> Any:
        for piece in pieces():
            yield piece

    problem(known.call("employer", "POST", "/employers/e-9/shortages", content=chunks()), 413)


def test_the_same_idempotency_key_answers_the_same_and_appends_once(known: Market) -> None:
    unnumbered = {name: value for name, value in POSTING.items() if name != "source_id"}
    key = {"Idempotency-Key": "k-1"}
    first = known.post("employer", "/postings", unnumbered, headers=key).json()
    before = count(known)
    again = known.post("employer", "/postings", unnumbered, headers=key).json()
    assert (again["id"], again["message_id"]) == (first["id"], first["message_id"])
    assert count(known) == before
    other = known.post("employer", "/postings", unnumbered).json()
    assert other["id"] != first["id"]


def test_the_same_idempotency_key_with_other_content_is_a_conflict(known: Market) -> None:
    key = {"Idempotency-Key": "k-1"}
    known.post("employer", "/postings", POSTING, headers=key)
    problem(known.post("employer", "/postings", {**POSTING, "headcount": 3}, headers=key), 409)


def test_an_idempotency_key_belongs_to_its_caller(known: Market) -> None:
    known.post("employer", "/postings", POSTING, headers={"Idempotency-Key": "k-1"})
    assert known.post("administrator", "/postings", {**POSTING, "headcount": 3}, headers={"Idempotency-Key": "k-1"}).status_code == 202


def test_a_known_posting_is_a_new_version(known: Market) -> None:
    posting_id = known.publish()
    again = known.post("employer", "/postings?wait=1", {**POSTING, "headcount": 4}).json()
    assert again["id"] == posting_id
    found = known.get(None, f"/postings/{posting_id}").json()
    assert (found["headcount"], found["revision"]) == (4, 2)
    assert known.post("employer", "/postings?wait=1", {**POSTING, "headcount": 4}).json()["unchanged"] is True
    assert known.get(None, f"/postings/{posting_id}").json()["revision"] == 2


def test_put_is_a_new_version_of_just_this_posting(known: Market) -> None:
    posting_id = known.publish()
    answer = known.call("employer", "PUT", f"/postings/{posting_id}?wait=1", json={**POSTING, "title": "电焊工"})
    assert (answer.status_code, answer.json()["id"]) == (200, posting_id)
    assert known.get(None, f"/postings/{posting_id}").json()["title"] == "电焊工"


def test_put_right_after_post_is_not_refused(known: Market) -> None:
    posting_id = known.post("employer", "/postings", POSTING).json()["id"]
    assert known.call("employer", "PUT", f"/postings/{posting_id}", json={**POSTING, "headcount": 2}).status_code == 202


def test_put_of_a_posting_that_nobody_sent_is_404_and_of_lines_422(known: Market) -> None:
    problem(known.call("employer", "PUT", "/postings/none", json=POSTING), 404)
    posting_id = known.publish()
    problem(known.call("employer", "PUT", f"/postings/{posting_id}", content=lines(POSTING), headers=NDJSON), 422)


def test_delete_wants_a_reason_in_query_or_body(known: Market) -> None:
    posting_id = known.publish()
    body = problem(known.call("employer", "DELETE", f"/postings/{posting_id}"), 400)
    assert body["errors"][0]["field"] == "reason"
    answer = known.call("employer", "DELETE", f"/postings/{posting_id}?wait=1", json={"reason": "已招到人"})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    gone = problem(known.get(None, f"/postings/{posting_id}"), 410)
    assert (gone["state"], gone["ended"]["reason"]) == ("withdrawn", "withdrawn")
    own = known.get("employer", f"/postings/{posting_id}")
    assert (own.status_code, own.json()["state"]) == (200, "withdrawn")


def test_delete_with_the_reason_in_the_query_is_202(known: Market) -> None:
    posting_id = known.publish()
    assert known.call("employer", "DELETE", f"/postings/{posting_id}?reason=已招到人").status_code == 202
    problem(known.call("employer", "DELETE", "/postings/none?reason=x"), 404)


def test_what_is_withdrawn_can_be_sent_again(known: Market) -> None:
    posting_id = known.publish()
    known.call("employer", "DELETE", f"/postings/{posting_id}?reason=停招&wait=1")
    assert known.publish() == posting_id


def test_confirm_starts_the_days_anew(known: Market) -> None:
    posting_id = known.publish()
    assert known.post("employer", f"/postings/{posting_id}/confirm").status_code == 202
    known.settle()
    assert known.get(None, f"/postings/{posting_id}").json()["confirmed_at"].startswith("2026-11-20")


def test_held_is_seen_by_its_source_and_staff_and_decided_by_staff(known: Market) -> None:
    posting_id = known.post("employer", "/postings?wait=1", {**POSTING, "title": "焊工（限男性）"}).json()["id"]
    problem(known.get(None, f"/postings/{posting_id}"), 404)
    problem(known.get("other-employer", f"/postings/{posting_id}"), 404)
    assert known.get("employer", f"/postings/{posting_id}").json()["held"]["rule"] == "sex"
    decision = {"decision": "release", "reason": "岗位确有要求"}
    problem(known.post("employer", f"/postings/{posting_id}/decision", decision), 403)
    problem(known.post("other-commissioner", f"/postings/{posting_id}/decision", decision), 403)
    assert known.post("commissioner", f"/postings/{posting_id}/decision", decision).status_code == 202
    assert known.get(None, f"/postings/{posting_id}").json()["state"] == "published"
    problem(known.post("commissioner", f"/postings/{posting_id}/decision", decision), 409)


def test_an_employers_account_need_not_name_itself(known: Market) -> None:
    bare = {name: value for name, value in POSTING.items() if name not in ("source", "employer")}
    assert known.post("employer", "/postings?wait=1", bare).json()["outcome"] == "published"


def test_contact_and_private_values_never_come_back(known: Market) -> None:
    posting_id = known.publish()
    known.post("administrator", "/people?wait=1", PERSON)
    for who, path in (("employer", f"/postings/{posting_id}"), ("administrator", "/people/u-7"), (None, "/feed"), (None, "/postings")):
        text = known.get(who, path).text
        assert not any(secret in text for secret in ("13900000001", "13800138000", "样例甲", "11010519491231002X", "样例联系人"))


def test_an_error_never_repeats_a_private_value(known: Market) -> None:
    answer = known.post("administrator", "/people", {**PERSON, "kind": "样例甲", "private": {"name": "样例甲", "phone": 13800138000}})
    problem(answer, 422)
    assert "样例甲" not in answer.text
    assert "13800138000" not in answer.text


def test_people_without_id_are_given_one_and_known_by_their_number(market: Market) -> None:
    unnamed = {name: value for name, value in PERSON.items() if name != "person_id"}
    first = market.post("administrator", "/people?wait=1", unnamed).json()
    again = market.post("administrator", "/people?wait=1", {**unnamed, "skills": ["氩弧焊"]}).json()
    assert first["person_id"] == again["person_id"]
    assert first["message_id"] != again["message_id"]


def test_a_forgotten_person_is_gone(market: Market) -> None:
    market.post("administrator", "/people?wait=1", PERSON)
    assert market.call("jobseeker", "DELETE", "/people/u-7").status_code == 202
    market.settle()
    problem(market.get("administrator", "/people/u-7"), 404)
    problem(market.get("jobseeker", "/people/u-7"), 401)  # the account went with the person


def test_an_unknown_parameter_is_named(known: Market) -> None:
    body = problem(known.post("employer", "/postings?wiat=1", POSTING), 400)
    assert body["errors"] == [{"field": "wiat", "message": "no such parameter", "allowed": ["wait"]}]
    assert problem(known.get(None, "/feed?page=2"), 400)["errors"][0]["allowed"] == ["cursor", "limit"]


def test_a_wrong_value_of_a_parameter_is_named(known: Market) -> None:
    assert problem(known.post("employer", "/postings?wait=2", POSTING), 422)["errors"][0]["field"] == "wait"


def test_a_full_disk_is_said_to_be_temporary(known: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    from streams.runtime.database import EngineFault

    def full(*_: Any, **__: Any) -> None:
        raise EngineFault("the disk is full")

    monkeypatch.setattr(known.services.exchange, "write", full)
    answer = known.post("employer", "/postings", POSTING)
    problem(answer, 503)
    assert answer.headers["retry-after"] == "5"


def test_a_fault_of_ours_is_a_problem_without_insides(known: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("api.policies.routes.answer_facts", broken)
    answer = known.post(None, "/hints", {"date": "2026-11-20", "facts": {}})
    problem(answer, 500)
    assert "secret" not in answer.text
