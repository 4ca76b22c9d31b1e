"""Webhooks of the feed: sent in order and signed, tried again, given up, sent again; against a real server on this machine."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.access.accounts import close_account, create_account, create_key
from api.webhooks import book
from api.webhooks import sender as sending
from api.webhooks.book import BACKOFF_S
from api.webhooks.sender import WebhookSender
from api.webhooks.tables import deliveries, webhooks
from infra import composition
from streams.delivery.targets import Rules
from streams.runtime.rekeying import rekey
from streams.runtime.sealing import Vault
from streams.runtime.tables import log, private_values
from tests.api.conftest import PASSWORD, SETTINGS, Market, open_market
from tests.api.test_feed import applied, busy, read_all, snapshot
from tests.api.test_second_factor import send
from tests.api.test_signing_in import cookie_of, sign_in
from tests.receiver import Papers, Receiver, Seen

ROOT = Path(__file__).parents[2]
HERE = Rules(http=True, loopback=True)
TRIES = len(BACKOFF_S) + 1


@pytest.fixture
def market(tmp_path: Path, empty_folder: Path, _cheap_passwords: None) -> Iterator[Market]:
    """A desk, where webhooks may lead to this machine."""
    yield from open_market(tmp_path, empty_folder, webhook_rules=HERE)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().open() as receiver:
        yield receiver


@pytest.fixture
def sender(market: Market) -> Iterator[WebhookSender]:
    sender = WebhookSender(market.services.exchange, HERE)
    yield sender
    sender.stop()


def hook(market: Market, url: str, who: str = "partner", **more: Any) -> dict[str, Any]:
    """A new webhook, as a program registers it."""
    answer = market.post(who, "/feed/webhooks", {"url": url, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def told(market: Market, made: dict[str, Any], who: str = "partner") -> dict[str, Any]:
    return next(one for one in market.get(who, "/feed/webhooks").json()["items"] if one["webhook_id"] == made["webhook_id"])


def sent(market: Market, made: dict[str, Any], who: str = "partner") -> list[dict[str, Any]]:
    """Its deliveries, the oldest first."""
    return list(reversed(market.get(who, f"/feed/webhooks/{made['webhook_id']}/deliveries").json()["items"]))


def again(market: Market, made: dict[str, Any], delivery: dict[str, Any], who: str = "partner") -> Any:
    return market.post(who, f"/feed/webhooks/{made['webhook_id']}/deliveries/{delivery['delivery_id']}/redelivery")


def brought(seen: list[Seen]) -> list[dict[str, Any]]:
    """The changes that these deliveries brought, in their order."""
    return [entry for one in seen for entry in one.said["items"]]


def give_up(market: Market, sender: WebhookSender) -> None:
    """Until the delivery in hand is dead."""
    for seconds in (0, *BACKOFF_S):
        market.clock.at += timedelta(seconds=seconds)
        assert sender.step() == 1


def held(let_go: threading.Event) -> None:
    """Answers nothing until it is let go, and then hangs up."""
    let_go.wait(60)


def sample() -> Callable[..., bool]:
    """The check of a signature as docs/api.md gives it."""
    found = re.search(r"```python\n(import hashlib.*?)```", (ROOT / "docs/api.md").read_text(), re.S)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    check: Callable[..., bool] = names["is_from_gongqiao"]
    return check


# -- what is sent ------------------------------------------------------------------------------------------------------


def test_what_the_feed_tells_is_sent_in_its_order_with_the_reasons_of_removals(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    made = hook(market, receiver.url())
    busy(market)
    assert sender.step() == 1
    changes, end = read_all(market)
    (one,) = receiver.seen
    assert brought([one]) == changes
    assert {entry["reason"] for entry in changes if entry["change"] == "removed"} == {"withdrawn", "held", "filled"}
    assert (one.said["webhook_id"], one.said["number"], one.said["after"], one.said["cursor"]) == (made["webhook_id"], 1, "0", end)
    assert (one.path, one.headers["content-type"], one.headers["idempotency-key"]) == (
        "/gongqiao",
        "application/json",
        one.said["delivery_id"],
    )
    assert "13900000001" not in one.body.decode()
    assert sender.step() == 0
    assert told(market, made) == {key: made[key] for key in ("webhook_id", "url", "created_at")} | {"state": "fine", "cursor": end}
    assert [(row["state"], row["attempts"], row["status"], row["why"]) for row in sent(market, made)] == [("delivered", 1, 204, "")]


def test_deliveries_follow_each_other_without_a_gap(
    market: Market, receiver: Receiver, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAGE", 2)
    hook(market, receiver.url())
    busy(market)
    changes, end = read_all(market)
    assert sender.step() == -(-len(changes) // 2)
    said = [one.said for one in receiver.seen]
    assert brought(receiver.seen) == changes
    assert [one["number"] for one in said] == list(range(1, len(said) + 1))
    assert [one["after"] for one in said] == ["0", *(one["cursor"] for one in said[:-1])]
    assert said[-1]["cursor"] == end
    assert len({one["delivery_id"] for one in said}) == len(said)


def test_from_the_cursor_of_a_snapshot_on_a_mirror_is_whole(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    busy(market)
    mirror, cursor = snapshot(market)
    market.publish({"source_id": "HR-7", "title": "电工"})
    hook(market, receiver.url(), cursor=cursor)
    market.publish({"source_id": "HR-8", "title": "钳工"})
    sender.step()
    assert applied(brought(receiver.seen), mirror) == snapshot(market)[0]


def test_without_a_cursor_what_was_before_is_not_sent(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    busy(market)
    hook(market, receiver.url())
    assert sender.step() == 0
    posting_id = market.publish({"source_id": "HR-8", "title": "钳工"})
    sender.step()
    assert [entry["posting_id"] for entry in brought(receiver.seen)] == [posting_id]


def test_a_change_that_cannot_be_read_holds_nobody_up(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    posting_id = market.publish()
    spoil = lambda connection: connection.execute(log.update().where(log.c.key == posting_id).values(body=b"{}"))  # noqa: E731
    market.services.exchange.write(spoil)
    assert sender.step() == 0
    other = market.publish({"source_id": "HR-8", "title": "钳工"})
    assert sender.step() == 1
    assert [entry["posting_id"] for entry in brought(receiver.seen)] == [other]
    assert sent(market, made)[0]["number"] == 1


def test_it_is_sent_by_itself_soon_after_it_was_said(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    hook(market, receiver.url())
    sender.start()
    posting_id = market.publish()
    assert receiver.came.get(timeout=60).said["items"][0]["posting_id"] == posting_id


def test_over_tls_with_a_certificate_for_the_name(market: Market, tmp_path: Path) -> None:
    papers = Papers(tmp_path)
    rules = Rules(loopback=True)
    for names, state in ((("127.0.0.1",), "delivered"), (("other.example",), "due")):
        with Receiver().open(papers.server(*names)) as receiver:
            made = hook(market, receiver.url())
            market.publish({"source_id": names[0], "title": "焊工" if state == "due" else "电工"})
            sender = WebhookSender(market.services.exchange, rules, context=papers.believed())
            sender.step()
            sender.stop()
            assert sent(market, made)[-1]["state"] == state
    assert sent(market, made)[-1]["reason"] == "tls"
    assert receiver.seen == []


# -- the signature -----------------------------------------------------------------------------------------------------


def test_the_check_of_the_documentation_takes_what_was_sent_and_nothing_else(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    secret = hook(market, receiver.url())["secret"]
    market.publish()
    sender.step()
    (one,) = receiver.seen
    check, now = sample(), market.clock.at.timestamp()
    stamp = "x-gongqiao-timestamp"
    assert check(secret, one.headers, one.body, now)
    assert check(secret, one.headers, one.body, now + 300)
    assert not check(secret + "x", one.headers, one.body, now)
    assert not check(secret, one.headers, one.body.replace(b"upsert", b"upserT"), now)
    assert not check(secret, one.headers, one.body, now + 301)
    assert not check(secret, {**one.headers, stamp: str(int(one.headers[stamp]) + 1)}, one.body, now)
    for name, wrong in ((stamp, ""), (stamp, "soon"), (stamp, "１２"), ("x-gongqiao-signature", ""), ("x-gongqiao-signature", "签名")):
        assert not check(secret, {**one.headers, name: wrong}, one.body, now)
    assert not check(secret, {}, one.body, now)


def test_the_secret_is_shown_once_and_sealed(market: Market, receiver: Receiver, tmp_path: Path) -> None:
    made = hook(market, receiver.url())
    assert made["secret"] not in market.get("partner", "/feed/webhooks").text
    with market.services.exchange.reading() as connection:
        kept = [str(connection.execute(select(table)).mappings().all()) for table in (webhooks, private_values)]
    assert not any(made["secret"] in rows for rows in kept)
    for file in tmp_path.glob("gongqiao.sqlite*"):
        assert made["secret"].encode() not in file.read_bytes()


def test_another_secret_signs_from_the_next_attempt_on_also_after_a_change_of_the_master_key(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    made = hook(market, receiver.url())
    receiver.status = 401
    market.publish()
    sender.step()
    answer = market.post("partner", f"/feed/webhooks/{made['webhook_id']}/secret")
    assert answer.status_code == 201
    exchange = market.services.exchange
    both = Vault(b"n" * 32 + b"k" * 32)
    exchange.write(both.adopt)
    before, exchange.vault = exchange.vault, both
    try:
        rekey(exchange)
        exchange.vault = Vault(b"n" * 32)
        receiver.status = 204
        market.clock.at += timedelta(minutes=1)
        assert sender.step() == 1
    finally:
        exchange.vault = before
    check, now = sample(), market.clock.at.timestamp()
    first, second = receiver.seen
    assert check(made["secret"], first.headers, first.body, now)
    assert not check(made["secret"], second.headers, second.body, now)
    assert check(answer.json()["secret"], second.headers, second.body, now)
    assert second.body == first.body


# -- what is not taken ---------------------------------------------------------------------------------------------------


def test_who_was_down_gets_everything_in_order_when_it_is_up_again(market: Market, sender: WebhookSender) -> None:
    receiver = Receiver()
    with receiver.open():
        made = hook(market, receiver.url())
        first = market.publish()
        sender.step()
    after = []
    for number in range(3):
        after.append(market.publish({"source_id": f"HR-{number + 10}", "title": f"电工{number}组", "description": f"第{number}组"}))
        market.clock.at += timedelta(seconds=BACKOFF_S[number])
        assert sender.step() == 1
    market.call("employer", "DELETE", f"/postings/{first}?reason=停招&wait=1")
    market.settle()
    assert told(market, made)["state"] == "again"
    assert [(row["reason"], row["why"]) for row in sent(market, made)] == [(None, ""), ("connection", "连接不上")]
    with receiver.open():
        market.clock.at += timedelta(hours=1)
        assert sender.step() == 2
    assert brought(receiver.seen) == read_all(market)[0]
    assert [one.said["number"] for one in receiver.seen] == [1, 2, 3]
    assert told(market, made)["state"] == "fine"


def test_every_attempt_has_the_same_id_and_content(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    market.publish()
    receiver.status = 500
    sender.step()
    market.publish({"source_id": "HR-8", "title": "钳工"})
    assert sender.step() == 0  # not before its time
    for status, seconds in ((429, 10), (204, 60)):
        receiver.status = status
        market.clock.at += timedelta(seconds=seconds)
        sender.step()
    first, second, third, other = receiver.seen
    assert first.body == second.body == third.body
    assert {one.headers["idempotency-key"] for one in (first, second, third)} == {first.said["delivery_id"]}
    assert len({one.headers["x-gongqiao-timestamp"] for one in (first, second, third)}) == 3
    assert other.said["after"] == first.said["cursor"]
    assert [(row["attempts"], row["state"]) for row in sent(market, made)] == [(3, "delivered"), (1, "delivered")]


def test_after_the_last_try_nothing_is_sent_until_somebody_asks_and_then_nothing_is_missed(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    made = hook(market, receiver.url())
    first = market.publish()
    receiver.status = 503
    give_up(market, sender)
    second = market.publish({"source_id": "HR-8", "title": "钳工"})
    receiver.status = 204
    market.clock.at += timedelta(days=7)
    assert sender.step() == 0
    assert len(receiver.seen) == TRIES
    assert told(market, made)["state"] == "dead"
    assert 'gongqiao_webhooks{state="dead"} 1.0' in market.client.get("/metrics").text
    (dead,) = sent(market, made)
    assert (dead["state"], dead["attempts"], dead["why"]) == ("dead", TRIES, "答复是 503")
    answer = again(market, made, dead)
    assert (answer.status_code, answer.json()) == (202, {"delivery_id": dead["delivery_id"], "state": "due"})
    assert sender.step() == 2
    assert {one.said["delivery_id"] for one in receiver.seen[: TRIES + 1]} == {dead["delivery_id"]}
    assert [entry["posting_id"] for entry in brought(receiver.seen[TRIES:])] == [first, second]
    assert told(market, made)["state"] == "fine"
    assert 'gongqiao_webhooks{state="fine"} 1.0' in market.client.get("/metrics").text


def test_it_takes_two_days_until_it_is_given_up() -> None:
    assert timedelta(days=1) < timedelta(seconds=sum(BACKOFF_S)) < timedelta(days=2)
    assert list(BACKOFF_S) == sorted(BACKOFF_S)


def test_one_that_was_sent_again_and_fails_again_is_tried_as_long_as_before(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    made = hook(market, receiver.url())
    market.publish()
    receiver.status = 500
    give_up(market, sender)
    assert again(market, made, sent(market, made)[0]).status_code == 202
    give_up(market, sender)
    assert (len(receiver.seen), told(market, made)["state"]) == (2 * TRIES, "dead")


def test_what_was_delivered_is_sent_again_with_the_same_id_and_content(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    for number in range(2):
        market.publish({"source_id": f"HR-{number}", "title": f"电工{number}组", "description": f"第{number}组"})
        sender.step()
    again(market, made, sent(market, made)[0])
    market.publish({"source_id": "HR-8", "title": "钳工"})
    assert sender.step() == 2
    assert receiver.seen[2].body == receiver.seen[0].body
    assert [one.said["number"] for one in receiver.seen] == [1, 2, 1, 3]


def test_one_that_waits_is_sent_now_where_somebody_asks(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    market.publish()
    receiver.status = 500
    for seconds in (0, *BACKOFF_S[:5]):
        market.clock.at += timedelta(seconds=seconds)
        sender.step()
    receiver.status = 200
    assert sender.step() == 0
    again(market, made, sent(market, made)[0])
    assert sender.step() == 1
    assert sent(market, made)[0]["state"] == "delivered"


def test_a_redirect_inside_is_a_failure_and_not_followed(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    with Receiver().open() as inside:
        receiver.status, receiver.headers = 307, {"Location": inside.url()}
        made = hook(market, receiver.url())
        market.publish()
        sender.step()
        (row,) = sent(market, made)
        assert (row["state"], row["reason"], row["why"]) == ("due", "redirect", "答复是跳转（307），不跟随跳转")
        assert inside.connections == 0


def test_a_name_that_leads_inside_later_gets_nothing(market: Market, receiver: Receiver) -> None:
    url = receiver.url("partner.example")
    exchange = market.services.exchange
    made = hook(market, receiver.url())
    exchange.write(lambda connection: connection.execute(webhooks.update().values(url=url)))
    market.publish()
    for answer in (["10.0.0.5"], ["127.0.0.1"], ["1.1.1.1", "169.254.169.254"]):
        sender = WebhookSender(exchange, Rules(http=True), asking=lambda *_, a=answer: a)
        market.clock.at += timedelta(minutes=10)
        assert sender.step() == 1
        sender.stop()
        assert sent(market, made)[0]["reason"] == "address"
    assert receiver.connections == 0


def test_a_slow_target_holds_up_itself_alone(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    let_go = threading.Event()
    with Receiver(instead=lambda _: held(let_go)).open() as slow:
        hook(market, slow.url())
        hook(market, receiver.url(), "market")
        sender.start()
        first = market.publish()
        assert slow.came.get(timeout=60).said["items"][0]["posting_id"] == first
        assert receiver.came.get(timeout=60).said["items"][0]["posting_id"] == first
        second = market.publish({"source_id": "HR-8", "title": "钳工"})
        assert receiver.came.get(timeout=60).said["items"][0]["posting_id"] == second
        let_go.set()


def test_a_target_that_answers_nothing_in_time_is_tried_again(market: Market, sender: WebhookSender) -> None:
    let_go = threading.Event()
    with Receiver(instead=lambda _: held(let_go)).open() as slow:
        made = hook(market, slow.url())
        market.publish()
        impatient = WebhookSender(market.services.exchange, Rules(http=True, loopback=True, seconds=0.3))
        assert impatient.step() == 1
        impatient.stop()
        assert sent(market, made)[0]["reason"] == "timeout"
        let_go.set()
        slow.instead = None
        market.clock.at += timedelta(seconds=10)
        assert sender.step() == 1
    assert [one.said["number"] for one in slow.seen] == [1, 1]
    assert sent(market, made)[0]["state"] == "delivered"


@pytest.mark.usefixtures("_cheap_passwords")
def test_killed_in_mid_delivery_it_sends_the_same_again(tmp_path: Path, empty_folder: Path) -> None:
    let_go = threading.Event()
    with Receiver(instead=lambda _: held(let_go)).open() as receiver:
        for market in open_market(tmp_path, empty_folder, webhook_rules=HERE):
            hook(market, receiver.url())
            busy(market)
            changes, _ = read_all(market)
        over = sys.modules.get("tests.state.on_postgres")
        database = over.name_of(tmp_path / "gongqiao.sqlite") if over is not None else ""
        program = f"from tests.api.webhook_process import main; main({str(tmp_path)!r}, {database!r})"
        for _ in range(2):
            child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
            try:
                receiver.came.get(timeout=120)
            finally:
                child.kill()
                child.wait()
        let_go.set()
        receiver.instead = None
        exchange, writer = composition.open_exchange(tmp_path / "gongqiao.sqlite", b"k" * 32, SETTINGS)
        sender = WebhookSender(exchange, HERE)
        assert sender.step() == 1
        assert sender.step() == 0
        sender.stop()
        with exchange.reading() as connection:
            rows = connection.execute(select(deliveries.c.state, deliveries.c.attempts)).all()
        writer.stop()
        exchange.close()
    first, second, third = receiver.seen
    assert first.body == second.body == third.body
    assert brought([third]) == changes
    assert [tuple(row) for row in rows] == [("delivered", 1)]


# -- whose it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://10.0.0.1/hook", "域名指向内部网络或本机"),
        ("https://169.254.169.254/latest/meta-data", "域名指向内部网络或本机"),
        ("https://[::1]/hook", "域名指向内部网络或本机"),
        ("https://[::ffff:1.1.1.1]/hook", "域名指向内部网络或本机"),
        ("https://2130706433/", "域名指向内部网络或本机"),
        ("https://localhost:8000/hook", "域名指向内部网络或本机"),
        ("http://1.1.1.1/hook", "必须以 https:// 开头"),
        ("https://user:word@1.1.1.1/hook", "地址不正确"),
        ("javascript:alert(1)", "地址不正确"),
        ("https://part..ner/hook", "找不到这个域名"),
    ],
)
def test_where_production_does_not_send_nothing_is_registered(furnished: Market, url: str, said: str) -> None:
    answer = furnished.post("partner", "/feed/webhooks", {"url": url})
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] == "url"
    assert furnished.get("partner", "/feed/webhooks").json() == {"items": []}


def test_a_cursor_that_no_feed_gave_is_refused(market: Market, receiver: Receiver) -> None:
    for cursor in ("x", "-1", "999999999"):
        answer = market.post("partner", "/feed/webhooks", {"url": receiver.url(), "cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


def test_an_account_has_few(market: Market, receiver: Receiver) -> None:
    made = [hook(market, receiver.url(path=f"/{number}")) for number in range(5)]
    assert market.post("partner", "/feed/webhooks", {"url": receiver.url()}).status_code == 409
    ended = market.call("partner", "DELETE", f"/feed/webhooks/{made[0]['webhook_id']}")
    assert ended.json() == {"webhook_id": made[0]["webhook_id"], "ended": True}
    hook(market, receiver.url())


def test_nobody_reaches_anothers(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    market.publish()
    sender.step()
    path = f"/feed/webhooks/{made['webhook_id']}"
    assert market.get("market", "/feed/webhooks").json() == {"items": []}
    assert again(market, made, sent(market, made)[0], "market").status_code == 404
    for method, rest in (("GET", "/deliveries"), ("POST", "/secret"), ("DELETE", "")):
        assert market.call("market", method, path + rest).status_code == 404
    assert again(market, made, {"delivery_id": "nobodys"}).status_code == 404
    other = hook(market, receiver.url(), "market")
    assert again(market, other, sent(market, made)[0], "market").status_code == 404
    assert sender.step() == 0


def test_what_ended_leaves_nothing_behind(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    market.publish()
    sender.step()
    assert market.call("partner", "DELETE", f"/feed/webhooks/{made['webhook_id']}").status_code == 200
    market.publish({"source_id": "HR-8", "title": "钳工"})
    assert sender.step() == 0
    with market.services.exchange.reading() as connection:
        assert connection.execute(select(webhooks)).all() == connection.execute(select(deliveries)).all() == []
        assert connection.execute(select(private_values).where(private_values.c.owner_id == made["webhook_id"])).all() == []


def test_a_closed_account_gets_nothing_more(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    hook(market, receiver.url())
    market.publish()
    market.services.exchange.write(lambda connection: close_account(connection, "partner"))
    assert sender.step() == 0
    assert receiver.seen == []


def test_whoever_has_a_closed_accounts_name_next_has_none_of_its_webhooks(
    market: Market, receiver: Receiver, sender: WebhookSender
) -> None:
    made = hook(market, receiver.url())
    exchange = market.services.exchange
    account = exchange.write(lambda connection: close_account(connection, "partner"))
    exchange.write(lambda connection: book.end_all(connection, exchange.vault, account))
    again = {"login": "partner", "password": "a-long-password-again", "role": "partner"}
    assert exchange.write(lambda connection: create_account(connection, now=exchange.now(), **again)) == account
    market.publish()
    assert sender.step() == 0
    assert receiver.seen == []
    with exchange.reading() as connection:
        assert connection.execute(select(webhooks)).all() == []
        assert connection.execute(select(private_values).where(private_values.c.owner_id == made["webhook_id"])).all() == []


def test_pages_of_deliveries_go_on_by_cursor_and_old_ones_go(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    for number in range(5):
        market.publish({"source_id": f"HR-{number}", "title": f"电工{number}组", "description": f"第{number}组"})
        sender.step()
    path = f"/feed/webhooks/{made['webhook_id']}/deliveries?limit=2"
    found, cursor = [], ""
    while cursor is not None:
        answer = market.get("partner", path + (f"&cursor={cursor}" if cursor else "")).json()
        found += [row["number"] for row in answer["items"]]
        cursor = answer["cursor"]
    assert found == [5, 4, 3, 2, 1]
    market.clock.at += timedelta(days=31)
    market.publish({"source_id": "HR-8", "title": "钳工"})
    sender.step()
    assert [row["number"] for row in sent(market, made)] == [6]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_a_partner_does_it_all_on_the_page(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    headers = cookie_of(sign_in(market, "partner"))
    assert "/account/webhooks" in market.client.get("/account", headers=headers).text
    assert "还没有推送地址" in market.client.get("/account/webhooks", headers=headers).text
    wrong = send(market, "/account/webhooks", headers, url="https://10.0.0.1/hook")
    assert wrong.status_code == 422
    assert "域名指向内部网络或本机，没有连接" in wrong.text
    made = send(market, "/account/webhooks", headers, url=receiver.url())
    secret = re.search(r"<code>(whs_[\w-]+)</code>", made.text)
    assert secret is not None
    assert "只显示这一次" in made.text
    assert secret[1] not in market.client.get("/account/webhooks", headers=headers).text
    market.publish()
    receiver.status = 500
    give_up(market, sender)
    headers = cookie_of(sign_in(market, "partner"))  # two days later
    shown = market.client.get("/account/webhooks", headers=headers).text
    for words in ("已停止，等您处理", "多次没有送到，已停止：答复是 500（试过9次）", "重新投递"):
        assert words in shown
    action = re.search(r'action="(/account/webhooks/[^"]+/deliveries/[^"]+)"', shown)
    assert action is not None
    receiver.status = 200
    assert send(market, action[1], headers).status_code == 303
    assert sender.step() == 1
    shown = market.client.get("/account/webhooks", headers=headers).text
    assert "已送到" in shown
    assert "正常" in shown
    hook_id = re.search(r"编号(w-\w+)", shown)
    assert hook_id is not None
    renewed = send(market, f"/account/webhooks/{hook_id[1]}/secret", headers)
    assert "只显示这一次" in renewed.text
    assert secret[1] not in renewed.text
    assert send(market, f"/account/webhooks/{hook_id[1]}/end", headers).status_code == 303
    assert "还没有推送地址" in market.client.get("/account/webhooks", headers=headers).text


def test_another_partners_forms_do_nothing(market: Market, receiver: Receiver, sender: WebhookSender) -> None:
    made = hook(market, receiver.url())
    market.publish()
    sender.step()

    def job(connection: Any) -> None:
        account = create_account(connection, login="second", role="partner", password=PASSWORD, now=market.clock.at)
        create_key(connection, account, now=market.clock.at)

    market.services.exchange.write(job)
    headers = cookie_of(sign_in(market, "second"))
    path = f"/account/webhooks/{made['webhook_id']}"
    for rest in ("/secret", "/end", f"/deliveries/{sent(market, made)[0]['delivery_id']}"):
        assert send(market, path + rest, headers).status_code == 404
    assert told(market, made)["state"] == "fine"
    assert sender.step() == 0
