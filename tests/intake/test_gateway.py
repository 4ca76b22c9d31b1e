"""The door: identity at the source, whose posting it is, the same again, one bad line among good ones."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from streams.intake import gateway, queries
from streams.intake.gateway import Idempotency, Item
from streams.runtime.exchange import IdempotencyConflict
from streams.runtime.tables import private_values
from tests.intake.conftest import POSTING, Intake

ANOTHER = {"employer_id": "e-2", "name": "大同某某酒店有限公司"}


def only(*own: str):  # type: ignore[no-untyped-def]
    return lambda source, names: bool(set(own) & names)


def test_the_same_number_at_the_same_source_is_a_new_version(intake: Intake) -> None:
    first = intake.posted()
    second = intake.posted({"pay": {"min": 5500, "max": 7000, "unit": "month"}})
    assert first == second
    assert intake.said_of(first) == ["published", "changed"]
    assert intake.found(first)["posting"]["pay"]["min"] == 5500


@pytest.mark.parametrize(
    "changes",
    [{"source_id": "HR-2"}, {"employer": ANOTHER}, {"source": "gig_market", "market_id": "m-1"}],
    ids=["another number", "another owner", "another source"],
)
def test_another_number_owner_or_source_is_another_posting(intake: Intake, changes: dict) -> None:
    assert intake.posted() != intake.posted(changes)


def test_the_identical_posting_again_changes_nothing_and_says_so(intake: Intake) -> None:
    first = intake.post(POSTING)[0]
    length = intake.log_length()
    again = intake.post(POSTING)[0]
    assert (again.outcome, again.id, again.message_id) == ("unchanged", first.id, first.message_id)
    assert again.accepted()["unchanged"] is True
    assert intake.log_length() == length


def test_the_identical_posting_twice_in_one_batch_is_one_message(intake: Intake) -> None:
    answers = intake.post(POSTING, POSTING)
    assert [answer.outcome for answer in answers] == ["accepted", "unchanged"]
    assert len(intake.bodies(str(answers[0].id), "posting.received")) == 1


def test_another_contact_alone_is_news_to_the_gateway_but_not_to_the_public(intake: Intake) -> None:
    posting_id = intake.posted({"contact": {"phone": "13800138000"}})
    intake.posted({"contact": {"phone": "13900139000"}})
    assert intake.said_of(posting_id) == ["published"]
    with intake.exchange.reading() as connection:
        assert intake.exchange.vault.reveal(connection, "posting", posting_id) == {"phone": "13900139000"}


def test_a_withdrawn_posting_sent_again_as_it_was_is_open_again(intake: Intake) -> None:
    posting_id = intake.posted()
    intake.withdraw(posting_id)
    assert intake.state(posting_id) == "withdrawn"
    assert intake.posted() == posting_id
    assert intake.said_of(posting_id) == ["published", "ended withdrawn", "published"]


def test_a_posting_without_a_number_is_a_new_one_each_time(intake: Intake) -> None:
    assert intake.posted({"source_id": None}) != intake.posted({"source_id": None})


def test_a_line_of_a_file_without_a_number_is_known_by_what_it_says(intake: Intake) -> None:
    line = {**POSTING, "source_id": None, "published_at": None}
    assert [intake.post(line, via="file")[0].outcome for _ in range(2)] == ["accepted", "unchanged"]


def test_a_senders_own_posting_id_counts_as_its_number(intake: Intake) -> None:
    sent = {**POSTING, "source_id": None, "posting_id": "p-1"}
    first, second = intake.post(sent)[0], intake.post({**sent, "title": "高级焊工"})[0]
    assert first.id == second.id != "p-1"
    assert intake.found(str(first.id))["source_id"] == "p-1"


def test_given_ids_are_taken_where_the_caller_may_give_them(intake: Intake) -> None:
    assert intake.post({**POSTING, "posting_id": "p-1"}, ids_given=True)[0].id == "p-1"


def test_a_known_id_is_a_new_version_without_any_number(intake: Intake) -> None:
    posting_id = intake.posted({"source_id": None})
    answers = intake.post(Item(1, {**POSTING, "source_id": None, "headcount": 9}, posting_id))  # type: ignore[arg-type]
    assert answers[0].id == posting_id
    assert intake.found(posting_id)["posting"]["headcount"] == 9


def test_an_unknown_id_in_the_address_is_no_posting(intake: Intake) -> None:
    answer = intake.post(Item(1, POSTING, "nobody-sent-this"))[0]  # type: ignore[arg-type]
    assert (answer.outcome, answer.errors[0].field) == ("rejected", "posting_id")


def test_a_credential_writes_its_own_owners_postings_only(intake: Intake) -> None:
    assert intake.post(POSTING, owner_allowed=only("e-1"))[0].outcome == "accepted"
    refused = intake.post({**POSTING, "employer": ANOTHER}, owner_allowed=only("e-1"))[0]
    assert (refused.outcome, refused.errors[0].field) == ("rejected", "employer.employer_id")


def test_nobody_writes_over_anothers_posting_by_naming_its_id(intake: Intake) -> None:
    posting_id = intake.posted()
    answer = intake.post({**POSTING, "posting_id": posting_id, "employer": ANOTHER}, owner_allowed=only("e-2"))[0]
    assert (answer.outcome, answer.errors[0].field) == ("rejected", "posting_id")
    assert intake.found(posting_id)["posting"]["employer"]["employer_id"] == "e-1"


def test_nobody_writes_under_anothers_credit_code_beside_its_own_id(intake: Intake) -> None:
    code = "91140100MA0GQ0001J"
    gateway.receive_employers(
        intake.exchange, [{"employer_id": "e-1", "uscc": code, "name": "太原某某机械制造有限公司"}], sender="test", verified=True
    )
    posting_id = intake.posted({"employer": {"uscc": code, "employer_id": "e-1"}})
    answer = intake.post({**POSTING, "employer": {"uscc": code, "employer_id": "e-2"}}, owner_allowed=only("e-2"))[0]
    assert answer.outcome == "rejected"
    assert intake.said_of(posting_id) == ["published"]


def test_an_employers_account_need_not_name_itself(intake: Intake) -> None:
    raw = {name: value for name, value in POSTING.items() if name not in ("source", "employer")} | {"employer": {"name": "太原某某机械"}}
    defaults = {"source": "enterprise", "employer": {"employer_id": "e-1"}}
    answer = intake.post(raw, defaults=defaults, owner_allowed=only("e-1"))[0]
    assert intake.found(str(answer.id))["posting"]["employer"] == {"employer_id": "e-1", "name": "太原某某机械"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"source": "newspaper"}, "source"),
        ({"pay": {"min": 1, "unit": "fortnight"}}, "pay.unit"),
        ({"employment_form": "sometimes"}, "employment_form"),
        ({"headcount": 0}, "headcount"),
        ({"region": "1401"}, "region"),
        ({"source": "gig_market", "employer": None}, "market_id"),
    ],
)
def test_a_bad_line_says_its_field_and_the_others_go_on(intake: Intake, changes: dict, field: str) -> None:
    answers = intake.post({**POSTING, **changes}, {**POSTING, "source_id": "HR-2"})
    assert [answer.outcome for answer in answers] == ["rejected", "accepted"]
    assert field in [error.field for error in answers[0].errors]
    assert answers[0].rejected()["line"] == 1


def test_what_is_no_object_is_rejected(intake: Intake) -> None:
    assert [answer.outcome for answer in intake.post(None, [], "焊工", 7)] == ["rejected"] * 4  # type: ignore[arg-type]


def test_an_idempotency_key_answers_the_same_again_and_refuses_other_content(intake: Intake) -> None:
    raw = {**POSTING, "source_id": None}
    key = Idempotency("account", "k-1", b"one")
    first = intake.post(raw, idempotency=key)
    assert intake.post(raw, idempotency=key) == first
    with pytest.raises(IdempotencyConflict):
        intake.post(raw, idempotency=Idempotency("account", "k-1", b"two"))


def test_a_posting_is_received_before_it_is_handled(intake: Intake) -> None:
    intake.exchange.runner.stop()
    answer = gateway.receive_postings(intake.exchange, [POSTING], sender="test")[0]
    found = intake.found(str(answer.id))
    assert (found["state"], found["owner"], found["posting"]) == ("received", "e-1", None)


def test_thousands_are_written_in_several_transactions(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.intake.sent.BATCH", 4)
    answers = intake.post(*({**POSTING, "source_id": f"HR-{number}", "region": None, "address": None} for number in range(11)))
    assert [answer.line for answer in answers] == list(range(1, 12))
    assert len({answer.id for answer in answers}) == 11


def test_private_values_of_a_posting_are_kept_by_field(intake: Intake) -> None:
    posting_id = intake.posted({"description": "有意者请致电13912345678，谢绝中介。" * 3, "contact": {"person": "王女士"}})
    assert "13912345678" not in str(intake.found(posting_id))
    with intake.exchange.reading() as connection:
        fields = set(connection.execute(select(private_values.c.field).where(private_values.c.owner_id == posting_id)).scalars())
        assert fields == {"person", "phone"}
        assert intake.exchange.vault.reveal(connection, "posting", posting_id)["phone"] == "13912345678"
        assert queries.contact_holder(connection, posting_id) == posting_id
