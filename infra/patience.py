"""Uvicorn's HTTP with a limit on the time a connection may take for a request's first line and headers, which uvicorn itself lacks."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class _Patient(H11Protocol):
    """Counted from the connection, or from the first byte after an answer (until that byte uvicorn's own keep-alive counts); no later byte
    gives more time. Bodies are the edge's (``api.edge``)."""

    seconds: ClassVar[float]
    _until: asyncio.TimerHandle | None = None
    _began = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._began = True
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._until is None:
            self._until = self.loop.call_later(self.seconds, self._give_up)

    def _wait_no_longer(self) -> None:
        self._began = False
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            if self._began:  # whoever said nothing is told nothing
                self.transport.write(_TOO_SLOW)
            self.transport.close()


def patient(seconds: float) -> type[Any]:
    """The protocol whose connections have so many seconds for their headers; uvicorn's ``http``."""
    return type("Patient", (_Patient,), {"seconds": seconds})
