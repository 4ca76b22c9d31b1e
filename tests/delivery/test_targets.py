"""Where something may be sent that a stranger named, against real servers on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.delivery import targets
from streams.delivery.targets import Refused, Rules, Tried, addresses_of, is_open, post, target_of
from tests.receiver import Papers, Receiver, silent

PRODUCTION = Rules()
DESK = Rules(http=True)
HERE = Rules(http=True, loopback=True)
QUICK = Rules(http=True, loopback=True, seconds=0.5)


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path)


@pytest.fixture
def send(papers: Papers) -> Callable[..., Tried]:
    def send(url: str, rules: Rules = HERE, body: bytes = b"{}", **more: Any) -> Tried:
        return post(url, body, {"Content-Type": "application/json"}, rules, **{"context": papers.believed(), **more})

    return send


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1",
        "ff02::1", "2002:7f00:1::", "2002:808:808::1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2001::1", "2001:db8::1",
        "100::1", "3fff::1", "5f00::1", "no address", "",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_is_closed(address: str) -> None:
    assert not is_open(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2400:3200::1"]
)
def test_what_is_public_is_open(address: str) -> None:
    assert is_open(address)


def test_loopback_where_it_is_allowed_is_this_machine_and_nothing_else() -> None:
    assert is_open("127.0.0.1", loopback=True)
    assert is_open("::1", loopback=True)
    for address in ("::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"):
        assert not is_open(address, loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "", "partner.example", "ftp://partner.example/", "file:///etc/passwd", "gopher://partner.example:70/", "https:///hook", "https://:443/",
        "https://user:word@partner.example/", "https://@partner.example/", "https://partner.example/#part", "https://partner.example:0/",
        "https://partner.example:99999/", "https://part\tner.example/", "https://partner.example/a b", "https://partner.example/\r\nX: y",
        "https://工桥.example/", "https://[fe80::1%25eth0]/", "https://-.example\\@127.0.0.1/", "https://.example/",
        "https://partner.example/" + "a" * 500,
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        target_of(url, DESK)
    assert refused.value.code == "url"


def test_production_wants_tls() -> None:
    assert target_of("https://partner.example/hook?a=b", PRODUCTION).path == "/hook?a=b"
    assert (target_of("https://Partner.Example:8443", PRODUCTION).host, target_of("https://p.example", PRODUCTION).port) == (
        "partner.example",
        443,
    )
    with pytest.raises(Refused) as refused:
        target_of("http://partner.example/hook", PRODUCTION)
    assert refused.value.code == "https"
    assert target_of("http://partner.example/hook", DESK).port == 80


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_in_any_spelling_is_refused_before_any_connection(send: Callable[..., Tried], host: str) -> None:
    with Receiver().open() as receiver:
        assert send(f"http://{host}:{receiver.port}/", DESK) == Tried(None, "address")
        assert receiver.connections == 0


def test_a_name_that_leads_inside_by_one_of_its_addresses_is_refused(send: Callable[..., Tried]) -> None:
    with Receiver().open() as receiver:
        for answer in (["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["2002:7f00:1::"]):
            assert send(receiver.url("partner.example"), DESK, asking=lambda *_, a=answer: a) == Tried(None, "address")
        assert receiver.connections == 0


def test_a_name_that_nobody_knows_is_said_to_be_unknown(send: Callable[..., Tried]) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert send("http://partner.example/", asking=unknown) == Tried(None, "name")
    assert send("http://partner.example/", asking=lambda *_: []) == Tried(None, "name")
    assert send("http://part..ner/") == Tried(None, "name")


def test_a_name_server_that_does_not_answer_holds_nobody_longer_than_the_attempt_may_take(send: Callable[..., Tried]) -> None:
    over = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        over.wait(30)
        return ["127.0.0.1"]

    with Receiver().open() as receiver:
        try:
            assert send(receiver.url("partner.example"), QUICK, asking=slow) == Tried(None, "timeout")
            assert not over.is_set()
            with pytest.raises(Refused) as refused:
                addresses_of(target_of(receiver.url("partner.example"), QUICK), QUICK, slow)
            assert refused.value.code == "timeout"
        finally:
            over.set()
        assert receiver.connections == 0


def test_what_the_name_took_the_connection_has_not(send: Callable[..., Tried], monkeypatch: pytest.MonkeyPatch) -> None:
    """One deadline from the name to the status."""
    passed = [0.0]
    monkeypatch.setattr(targets, "time", SimpleNamespace(monotonic=lambda: passed[0]))

    def slow(host: str, port: int) -> list[str]:
        passed[0] = 10.5
        return ["127.0.0.1"]

    with Receiver().open() as receiver:
        assert send(receiver.url("partner.example"), asking=slow) == Tried(None, "timeout")
        assert receiver.connections == 0


def test_an_answer_that_changed_since_it_was_looked_at_is_refused(send: Callable[..., Tried]) -> None:
    with Receiver().open() as receiver:
        answers = iter([["1.1.1.1"], ["127.0.0.1"]])
        changing = lambda *_: next(answers)  # noqa: E731
        url = receiver.url("partner.example")
        assert addresses_of(target_of(url, DESK), DESK, changing) == ["1.1.1.1"]
        assert send(url, DESK, asking=changing) == Tried(None, "address")
        assert receiver.connections == 0


def test_the_name_is_asked_for_once_and_the_connection_goes_to_that_very_address(send: Callable[..., Tried]) -> None:
    asked = []

    def changing(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with Receiver().open() as receiver:
        assert send(receiver.url("partner.example"), asking=changing) == Tried(204, None)
        assert asked == [("partner.example", receiver.port)]
        assert receiver.seen[0].headers["host"] == f"partner.example:{receiver.port}"


def test_the_next_address_is_tried_where_one_does_not_answer(send: Callable[..., Tried]) -> None:
    with Receiver().open() as receiver:
        assert send(receiver.url("partner.example"), asking=lambda *_: ["127.0.0.9", "127.0.0.1"]) == Tried(204, None)


def test_tls_is_held_against_the_name_though_the_address_is_connected_to(send: Callable[..., Tried], papers: Papers) -> None:
    asking = {"asking": lambda *_: ["127.0.0.1"]}
    with Receiver().open(papers.server("partner.example")) as receiver:
        assert send(receiver.url("partner.example"), PRODUCTION_HERE, **asking) == Tried(204, None)
        assert send(receiver.url("other.example"), PRODUCTION_HERE, **asking) == Tried(None, "tls")
        assert send(receiver.url("127.0.0.1"), PRODUCTION_HERE) == Tried(None, "tls")
        stranger = Papers(papers._folder)
        assert send(receiver.url("partner.example"), PRODUCTION_HERE, context=stranger.believed(), **asking) == Tried(None, "tls")
        assert len(receiver.seen) == 1


PRODUCTION_HERE = Rules(loopback=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(send: Callable[..., Tried], status: int) -> None:
    with Receiver().open() as inside, Receiver(status=status).open() as receiver:
        receiver.headers = {"Location": inside.url()}
        assert send(receiver.url()) == Tried(status, "redirect")
        assert inside.connections == 0


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_anything_but_2xx_is_no_success(send: Callable[..., Tried], status: int) -> None:
    with Receiver(status=status).open() as receiver:
        assert send(receiver.url()) == Tried(status, "status")


def test_of_an_endless_answer_the_status_counts_and_the_rest_is_not_read(send: Callable[..., Tried]) -> None:
    written, hung_up = [0], threading.Event()

    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while written[0] < 1 << 30:
                handler.wfile.write(b"x" * 65536)
                written[0] += 65536
        except OSError:
            hung_up.set()

    with Receiver(instead=endless).open() as receiver:
        assert send(receiver.url()) == Tried(200, None)
        assert hung_up.wait(30)
        assert written[0] < 64 << 20  # what fits into the buffers of both sides


def test_headers_without_end_are_no_answer(send: Callable[..., Tried]) -> None:
    def endless(handler: Any) -> None:
        handler.send_response(200)
        for number in range(1_000):
            handler.send_header(f"X-{number}", "x" * 500)
        handler.end_headers()

    with Receiver(instead=endless).open() as receiver:
        assert send(receiver.url()) == Tried(None, "answer")


def test_a_peer_that_says_a_byte_now_and_then_has_no_more_time(send: Callable[..., Tried]) -> None:
    over = threading.Event()

    def drip(taken: socket.socket) -> None:
        try:
            while not over.wait(0.05):
                taken.sendall(b"H")
        except OSError:
            return

    with silent(drip) as receiver:
        assert send(receiver.url(), QUICK) == Tried(None, "timeout")
    over.set()


def test_a_peer_that_says_nothing_or_shakes_no_hands_has_no_more_time(send: Callable[..., Tried]) -> None:
    with silent() as receiver:
        assert send(receiver.url(), QUICK) == Tried(None, "timeout")
        assert send(receiver.url().replace("http:", "https:"), QUICK) == Tried(None, "timeout")


def test_a_peer_that_takes_nothing_has_no_more_time(send: Callable[..., Tried]) -> None:
    with silent() as receiver:
        assert send(receiver.url(), QUICK, b"x" * (64 << 20)) == Tried(None, "timeout")


def test_what_is_no_http_is_said_to_be_none(send: Callable[..., Tried]) -> None:
    def greet(taken: socket.socket) -> None:
        taken.sendall(b"220 mail.example ESMTP\r\n")

    with silent(greet) as receiver:
        assert send(receiver.url()) == Tried(None, "answer")


def test_where_nobody_listens_no_connection_is_made(send: Callable[..., Tried]) -> None:
    with Receiver().open() as receiver:
        url = receiver.url()
    assert send(url) == Tried(None, "connection")


def test_no_proxy_is_asked(send: Callable[..., Tried], monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver().open() as receiver, Receiver().open() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert send(receiver.url()) == Tried(204, None)
        assert proxy.connections == 0
