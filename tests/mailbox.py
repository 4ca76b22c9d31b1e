"""A mail server on this machine that keeps what it takes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller


class Letters:
    """What the SMTP server took; ``refuse`` is its answer to RCPT, ``refuse_first`` are the answers to the first ones."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.refuse: str | None = None
        self.refuse_first: list[str] = []
        self.url = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse_first:
            return self.refuse_first.pop(0)
        if self.refuse is not None:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@contextmanager
def mailbox() -> Iterator[Letters]:
    """A server for as long as the block lasts; ``url`` is its address."""
    box = Letters()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller wants to be told its port
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        box.url = f"smtp://127.0.0.1:{port}"
        yield box
    finally:
        controller.stop()
