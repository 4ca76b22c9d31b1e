"""A process that sends to webhooks until it is killed."""

from __future__ import annotations

import threading
from pathlib import Path

from api.webhooks.sender import WebhookSender
from infra.composition import open_exchange
from streams.delivery.targets import Rules


def main(folder: str) -> None:
    exchange, _ = open_exchange(Path(folder) / "gongqiao.sqlite", b"k" * 32, {})
    WebhookSender(exchange, Rules(http=True, loopback=True)).start()
    threading.Event().wait()
