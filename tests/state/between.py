"""Stands between a client and PostgreSQL and loses what it is told to lose."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from streams.runtime.database import url_of


class Between:
    """A listener on loopback that passes bytes on in both directions, until it is told to lose something."""

    def __init__(self, url: str):
        whole = url_of(url)
        self._server = (whole.host or "127.0.0.1", whole.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = whole.set(drivername="postgresql", host="127.0.0.1", port=self._listener.getsockname()[1]).render_as_string(
            hide_password=False
        )
        self.lost = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._mark: bytes | None = None
        self._deliver = False
        self._close = False
        self._closed = False
        self._mutex = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, request: bytes) -> None:
        """The next piece of a request that holds these bytes is not delivered, and its connection is cut."""
        self._mark, self._deliver = request, False

    def lose_answer_to(self, request: bytes, *, and_close: bool = False) -> None:
        """The next such piece is delivered and done; the answer is not passed on, the connection is cut; then nobody gets through."""
        self._mark, self._deliver, self._close = request, True, and_close

    def cut(self) -> None:
        """Cut every connection there is."""
        with self._mutex:
            pairs, self._pairs = self._pairs, []
        for client, server in pairs:
            _end(client)
            _end(server)

    def close(self) -> None:
        """Nobody gets through any more."""
        self._closed = True
        _end(self._listener)
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closed:
                client = self._listener.accept()[0]
                server = socket.create_connection(self._server)
                with self._mutex:
                    self._pairs.append((client, server))
                threading.Thread(target=self._forth, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(65536):
                mark = self._mark
                if mark is not None and mark in piece:
                    self._mark = None
                    self.lost += 1
                    if self._close:
                        self._closed = True
                        _end(self._listener)
                    if self._deliver:
                        _end(client)  # nothing more reaches it
                        server.sendall(piece)
                        server.settimeout(120)
                        while server.recv(65536):
                            break
                    break
                server.sendall(piece)
        _end(client)
        _end(server)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(65536):
                client.sendall(piece)
        _end(client)
        _end(server)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        one.close()
