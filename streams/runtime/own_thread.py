"""What works in rounds, in a thread of its own, until it is told to stop."""

from __future__ import annotations

import threading


class OwnThread:
    """Base of relay, ticker, rotation and followers. A subclass has ``_run``, which returns soon after ``_stopping`` is set."""

    def __init__(self, name: str):
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the round in hand; nothing of it runs any more when this answers. May be called again, or before ``start``."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        raise NotImplementedError
