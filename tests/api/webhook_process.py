"""A process that sends to webhooks until it is killed."""

from __future__ import annotations

import threading
from pathlib import Path

from api.webhooks.sender import WebhookSender
from infra import composition
from streams.delivery.targets import Rules


def main(folder: str, database: str = "") -> None:
    """``database``: of PostgreSQL, where the suite runs over it."""
    file = Path(folder) / "gongqiao.sqlite"
    if database:
        from tests.state import on_postgres

        on_postgres.follow(file, database)
    exchange, _ = composition.open_exchange(file, b"k" * 32, {})
    WebhookSender(exchange, Rules(http=True, loopback=True)).start()
    threading.Event().wait()
