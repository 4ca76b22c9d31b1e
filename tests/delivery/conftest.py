"""An exchange with delivery alone; what matching would say is made up. Mail and gateway are real servers on this machine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from streams.delivery.sender import Sender
from tests.delivery.made_up_messages import DeliveryExchange
from tests.mailbox import Letters, mailbox

SECRET = "a made-up secret"
PHONE, MAIL_ADDRESS = "13900000001", "someone@example.org"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"person_pushes_a_day": 3, "posting_pushes_a_day": 4, "quiet_from": 22, "quiet_to": 7}


@pytest.fixture
def exchange(tmp_path: Path, empty_exchange: Path, settings: dict[str, Any]) -> Iterator[DeliveryExchange]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    opened = DeliveryExchange(tmp_path / "g.sqlite", settings)
    try:
        yield opened
        assert opened.dead() == []
    finally:
        opened.close()


@pytest.fixture
def letters() -> Iterator[Letters]:
    with mailbox() as box:
        yield box


class Calls(list):
    status = 200
    url = ""


@pytest.fixture
def calls() -> Iterator[Calls]:
    taken = Calls()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), body))
            self.send_response(taken.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        taken.url = f"http://127.0.0.1:{server.server_port}/messages"
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def sender(exchange, letters, calls) -> Sender:
    exchange.open.write(lambda c: exchange.open.vault.keep(c, "person", "u-1", {"phone": PHONE, "mail": MAIL_ADDRESS, "name": "张样板"}))
    outside = {"smtp_url": letters.url, "mail_from": "bridge@example.org", "gateway_url": calls.url, "gateway_secret": SECRET}
    return Sender(exchange.open, {**outside, "public_url": "https://bridge.example.org/", "quiet_from": 22, "quiet_to": 7})
