"""Mail and gateway, against a real SMTP server and a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from matcher.days import SHANGHAI
from streams.delivery import queries
from streams.delivery.channels import ChannelSettingsError, Gateway, Mail
from streams.delivery.sender import Sender
from streams.delivery.tables import outgoing, outside_sends
from streams.delivery.wording import pay_words
from streams.policy.messages import PersonPolicyNotice, WindowChanged
from tests.delivery.conftest import MAIL_ADDRESS, PHONE, SECRET
from tests.delivery.made_up_messages import answered, pair, person_left, person_matched, posting_left, posting_matched, published, stepped

ENTRY = "job_post_subsidy__004"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail", "gateway")}


def push(exchange: Any, posting: str = "p-1", **changes: Any) -> None:
    exchange.say(published(posting, **changes), posting_matched(posting, 1, pair("u-1", posting)))


def ending(exchange: Any, left: int | None, last: date = date(2026, 12, 31)) -> None:
    """A hint of ``p-1`` is about to end, or has ended."""
    day = last - timedelta(days=left) if left is not None else last + timedelta(days=1)
    exchange.at = datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI)
    event = "closing" if left is not None else "closed"
    exchange.say(WindowChanged(entry_id=ENTRY, benefit="job_post_subsidy", event=event, day=day, last_day=last, days_left=left))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (30, "还有30天到期（2026年12月31日），要办请尽快；能不能享受以审核为准。"),
        (7, "还有7天到期"),
        (None, "期限已过（最后一天是2026年12月31日）"),
    ],
)
def test_the_end_of_a_benefit_goes_by_mail_and_gateway(exchange, sender, letters, calls, left, words):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY,))))
    sender.step()
    ending(exchange, left)
    assert sender.step() == 0  # it waits for whatever else ends that day
    exchange.tick(exchange.at + timedelta(minutes=10))
    assert sender.step() == 2
    text = letters.taken[-1][1].get_content()
    assert words in text
    assert "“岗位补贴”" in text
    assert "https://bridge.example.org/inbox" in text
    said = json.loads(calls[-1][1])
    assert said["text"].startswith("【工桥】政策提醒：")
    assert said["to"] == PHONE
    assert "u-1" not in said["idempotency_key"]
    assert sender.step() == 0


def test_a_letter_that_is_late_promises_nothing_after_the_last_day(exchange, sender, letters, calls):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY,))))
    sender.step()
    before = len(letters.taken)
    ending(exchange, 7)
    exchange.tick(exchange.at + timedelta(minutes=10))
    exchange.at += timedelta(days=8)  # the sender stood still
    assert sender.step() == 2
    assert len(letters.taken) == before
    late = [row for row in exchange.rows(outside_sends) if row["state"] != "sent"]
    assert [(row["state"], row["reason"]) for row in late] == [("not_needed", "nothing of it holds any more")] * 2


def test_a_letter_on_the_last_day_says_that_it_is_the_last(exchange, sender, letters):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY,))))
    ending(exchange, 7)
    exchange.tick(exchange.at + timedelta(minutes=10))
    exchange.at += timedelta(days=7)
    sender.step()
    assert any("今天是最后一天" in mail.get_content() for _, mail in letters.taken)


def policy_notice(kind: str = "offer", audience: str = "person", last: date | None = date(2026, 12, 31), **more: Any) -> PersonPolicyNotice:
    fields = {"employer_id": "e-1", "benefit": "job_post_subsidy", "entry_id": ENTRY, "status": "ELIGIBLE", "yuan": "10800", **more}
    return PersonPolicyNotice(
        notice_id=f"n-{kind}-{audience}", kind=kind, audience=audience, person_id="u-1", day=date(2026, 11, 20), last_day=last, **fields
    )


def wait(exchange: Any, **time: int) -> None:
    exchange.tick(exchange.at + timedelta(**time))


def test_what_policy_tells_a_person_goes_by_mail_and_gateway_once(exchange, sender, letters, calls):
    exchange.say(person_matched("u-1", 1), policy_notice(), policy_notice())
    wait(exchange, minutes=10)
    assert sender.step() == 2
    assert "可以申请“岗位补贴”" in letters.taken[0][1].get_content()
    assert json.loads(calls[0][1])["text"].startswith("【工桥】政策提醒：")
    exchange.say(policy_notice())
    wait(exchange, minutes=20)
    assert sender.step() == 0


def test_two_notices_of_a_morning_are_one_letter(exchange, sender, letters):
    exchange.say(person_matched("u-1", 1), policy_notice(), policy_notice("closing", numbers={"days_left": "41"}))
    wait(exchange, minutes=10)
    sender.step()
    ((_, mail),) = letters.taken
    assert "可以申请“岗位补贴”" in mail.get_content()
    assert "还有41天到期" in mail.get_content()


def test_policys_notices_keep_quiet_hours(exchange, sender, letters, calls):
    exchange.at = exchange.at.replace(hour=23)
    exchange.say(person_matched("u-1", 1), policy_notice())
    wait(exchange, minutes=30)
    assert sender.step() == 0
    exchange.next_day(hour=6)
    assert sender.step() == 0
    exchange.tick(exchange.at.replace(hour=7))
    assert sender.step() == 2


@pytest.mark.parametrize(("day", "sent"), [(date(2026, 11, 20), 1), (date(2026, 11, 19), 0)])
def test_a_notice_of_policy_promises_nothing_after_its_last_day(exchange, sender, letters, day, sent):
    exchange.say(person_matched("u-1", 1), policy_notice(last=day))
    wait(exchange, minutes=10)
    sender.step()
    assert len(letters.taken) == sent


@pytest.mark.parametrize("before", [(), (person_left("u-1", 2, "consent"),)], ids=["never agreed", "agreed no more"])
def test_without_consent_nothing_of_policy_is_sent(exchange, sender, before):
    exchange.say(*before, policy_notice())
    wait(exchange, minutes=10)
    assert sender.step() == 0


def states(exchange: Any) -> dict[str, tuple[str, int, str | None]]:
    return {row["outgoing_id"].rsplit(":")[-1]: (row["state"], row["attempts"], row["reason"]) for row in exchange.rows(outside_sends)}


def test_a_mail_says_title_employer_place_pay_and_link(exchange, sender, letters):
    push(exchange)
    sender.step()
    ((to, mail),) = letters.taken
    text = mail.get_content()
    assert to == [MAIL_ADDRESS]
    assert mail["Subject"] == "有新岗位推荐给您：焊工"
    for words in ("焊工", "太原样板机械有限公司", "小店区", "5000–7000元/月", "https://bridge.example.org/inbox"):
        assert words in text
    assert "张样板" not in mail.as_string()


def test_the_gateway_gets_a_signed_call_with_a_stable_key(exchange, sender, calls):
    push(exchange)
    sender.step()
    ((headers, body),) = calls
    said = json.loads(body)
    (row,) = [row for row in exchange.rows(outgoing) if row["channel"] == "gateway"]
    assert said["to"] == PHONE
    assert said["idempotency_key"] == headers["Idempotency-Key"] == f"{row['match_id']}:1"
    made = hmac.new(SECRET.encode(), f"{headers['X-Gongqiao-Timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Gongqiao-Signature"] == f"sha256={made}"
    assert headers["X-Gongqiao-Timestamp"] == str(int(exchange.at.timestamp()))


def test_what_was_sent_is_not_sent_again(exchange, sender, letters, calls):
    push(exchange)
    assert sender.step() == 2
    assert sender.step() == 0
    assert (len(letters.taken), len(calls)) == (1, 1)


def test_a_rebuilt_queue_sends_nothing_again(exchange, sender, letters, calls):
    push(exchange)
    sender.step()
    rows = exchange.rows(outgoing)
    exchange.open.write(lambda c: c.execute(outgoing.delete()) and None)
    exchange.open.write(lambda c: c.execute(outgoing.insert(), rows) and None)
    assert sender.step() == 0


def test_a_failing_gateway_is_tried_again_with_the_same_key_after_a_while(exchange, sender, calls):
    push(exchange)
    calls.status = 503
    sender.step()
    assert states(exchange)["gateway"] == ("again", 1, "the gateway answers 503")
    exchange.at += timedelta(seconds=59)
    assert sender.step() == 0
    exchange.at += timedelta(seconds=1)
    calls.status = 200
    assert sender.step() == 1
    assert states(exchange)["gateway"] == ("sent", 2, None)
    assert calls[0][0]["Idempotency-Key"] == calls[1][0]["Idempotency-Key"]


def test_after_six_attempts_it_is_given_up_where_staff_can_see_it(exchange, sender, calls):
    push(exchange)
    calls.status = 500
    for _ in range(8):
        sender.step()
        exchange.at = exchange.at + timedelta(hours=6) if exchange.at.hour < 16 else exchange.at + timedelta(hours=18)
    assert len(calls) == 6
    found = exchange.ask(queries.outside)
    assert found["states"] == {"gave_up": 1, "sent": 1}
    assert found["gave_up"][0]["reason"] == "the gateway answers 500"
    assert exchange.ask(queries.failed_sends) == {"again": 0, "gave_up": 1}


def test_what_the_gateway_will_never_take_is_not_tried_twice(exchange, sender, calls):
    push(exchange)
    calls.status = 422
    sender.step()
    assert states(exchange)["gateway"] == ("gave_up", 1, "the gateway answers 422")


@pytest.mark.parametrize("status", [302, 401, 403, 404, 408, 425, 429, 500, 502, 503])
def test_what_is_wrong_with_us_or_the_gateway_is_tried_again(exchange, sender, calls, status):
    push(exchange)
    calls.status = status
    sender.step()
    assert states(exchange)["gateway"] == ("again", 1, f"the gateway answers {status}")


@pytest.mark.parametrize("status", [400, 410, 413, 422])
def test_what_is_wrong_with_the_message_is_given_up(exchange, sender, calls, status):
    push(exchange)
    calls.status = status
    sender.step()
    assert states(exchange)["gateway"] == ("gave_up", 1, f"the gateway answers {status}")


@pytest.mark.parametrize(("answer", "state"), [("450 later", "again"), ("550 no such box", "gave_up")])
def test_a_mail_server_s_no_for_now_and_no_for_ever_are_told_apart(exchange, sender, letters, answer, state):
    push(exchange)
    letters.refuse = answer
    sender.step()
    assert states(exchange)["mail"] == (state, 1, f"the mail server refuses the recipient ({answer[:3]})")


def test_a_server_that_is_gone_is_tried_again(exchange, sender, letters, calls, tmp_path):
    gone = Sender(exchange.open, {"smtp_url": "smtp://127.0.0.1:1", "quiet_from": 22, "quiet_to": 7})
    push(exchange)
    gone.step()
    assert states(exchange)["mail"] == ("again", 1, "the mail server does not answer (ConnectionRefusedError)")


def test_in_quiet_hours_nothing_is_sent_not_even_a_second_attempt(exchange, sender, calls):
    exchange.at = datetime(2026, 11, 20, 21, 59, 30, tzinfo=SHANGHAI)
    push(exchange)
    calls.status = 503
    sender.step()
    calls.status = 200
    exchange.at = datetime(2026, 11, 20, 22, 1, tzinfo=SHANGHAI)
    assert sender.step() == 0
    exchange.at = datetime(2026, 11, 21, 7, 0, tzinfo=SHANGHAI)
    assert sender.step() == 1


def test_what_was_cancelled_is_not_sent(exchange, sender, letters, calls):
    push(exchange)
    exchange.say(answered("u-1", "p-1", "seen"))
    assert sender.step() == 0


def test_whoever_is_interested_is_told_why_it_ended(exchange, sender, calls):
    push(exchange)
    sender.step()
    exchange.say(answered("u-1", "p-1", "interested"), posting_left("p-1", 2, "filled"))
    sender.step()
    assert json.loads(calls[-1][1])["text"].startswith("【工桥】您感兴趣的岗位“焊工”已结束推荐：岗位已招满。")


def test_whoever_got_the_job_is_sent_no_message_that_it_is_taken(exchange, sender, calls):
    push(exchange)
    sender.step()
    exchange.say(answered("u-1", "p-1", "interested"), stepped("u-1", "p-1", "hired"), posting_left("p-1", 2, "filled"))
    sender.step()
    assert len(calls) == 1


def test_who_gave_no_address_is_sent_nothing(exchange, sender, letters, calls):
    exchange.say(published("p-1"), posting_matched("p-1", 1, pair("u-2", "p-1")))
    sender.step()
    assert {state for state, _, _ in states(exchange).values()} == {"no_address"}
    assert (letters.taken, list(calls)) == ([], [])


def test_a_title_cannot_start_a_header(exchange, sender, letters):
    push(exchange, title="焊工\r\nBcc: other@example.org")
    sender.step()
    ((to, mail),) = letters.taken
    assert to == [MAIL_ADDRESS]
    assert mail["Bcc"] is None


def test_no_address_reaches_a_log_line(exchange, sender, letters, calls, caplog):
    caplog.set_level(logging.DEBUG)
    push(exchange)
    letters.refuse = "550 no such box"
    calls.status = 400
    sender.step()
    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name.startswith("gongqiao"))
    assert "given up" in written
    assert PHONE not in written
    assert MAIL_ADDRESS not in written


def test_the_worker_sends_by_itself_and_stops(exchange, sender, calls, letters):
    push(exchange)
    sender.start()
    deadline = threading.Event()
    for _ in range(500):
        if len(calls) == 1 and len(letters.taken) == 1 and len(states(exchange)) == 2:
            break
        deadline.wait(0.02)
    sender.stop()
    assert states(exchange) == {"mail": ("sent", 1, None), "gateway": ("sent", 1, None)}


@pytest.mark.parametrize("make", [lambda: Mail("http://x", "a@b"), lambda: Gateway("smtp://x", "s"), lambda: Gateway("https://x/", "")])
def test_a_channel_set_up_wrongly_says_which_setting(make):
    with pytest.raises(ChannelSettingsError, match=r"smtp_url|gateway_url|gateway_secret"):
        make()


@pytest.mark.parametrize(
    ("pay", "words"),
    [
        ({}, "面议"),
        ({"min": 5000, "max": 7000, "unit": "month"}, "5000–7000元/月"),
        ({"min": 200, "max": 200, "unit": "day"}, "200元/天"),
        ({"min": 20.5, "unit": "hour"}, "20.5元/小时起"),
        ({"max": 9000, "unit": "month"}, "最高9000元/月"),
    ],
)
def test_pay_is_said_plainly(pay, words):
    assert pay_words(pay) == words
