"""``/health/live``, ``/health/ready`` and ``/metrics`` of a process without pages: workers, relay."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from infra.settings import SettingsError

Readiness = Callable[[], dict[str, str | None]]


class Health:
    """Answers on a port of its own; ``readiness`` gives by part what is wrong with it, None where all is well."""

    def __init__(self, host: str, port: int, readiness: Readiness, metrics: Callable[[CollectorRegistry], None]):
        self._readiness = readiness
        self._metrics = metrics
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = outer.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise SettingsError(f"{host}:{port} cannot be listened on ({error.strerror}); name another with GONGQIAO_WORKER_PORT") from None
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/health/live":
            return 200, "application/json", b'{"status": "ok"}'
        if path == "/health/ready":
            parts = self._readiness()
            fine = not any(parts.values())
            engines = {name: {"status": "ok"} if wrong is None else {"status": "down", "reason": wrong} for name, wrong in parts.items()}
            said = {"status": "ok" if fine else "not ready", "engines": engines}
            return 200 if fine else 503, "application/json", json.dumps(said, ensure_ascii=False).encode()
        if path == "/metrics":
            registry = CollectorRegistry()
            self._metrics(registry)
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
        return 404, "text/plain", b"not found\n"
