"""What is swept away in a shared state, by one process at a time: the rows of writers that are gone."""

from __future__ import annotations

import logging
from datetime import timedelta

from streams.runtime.exchange import Exchange
from streams.runtime.own_thread import OwnThread
from streams.runtime.units import sweep_writers

_logger = logging.getLogger("gongqiao.rotation")
KEPT = timedelta(days=1)


class Rotation(OwnThread):
    """Sweeps now and every ``every`` seconds in a thread of its own. To be run by whoever holds the lock ``rotation``."""

    def __init__(self, exchange: Exchange, *, every: float = 3600.0):
        super().__init__("rotation")
        self.fault: str | None = None
        self._exchange = exchange
        self._every = every

    def sweep(self) -> int:
        """Sweep once; answers the rows that went."""
        before = self._exchange.now() - KEPT
        return self._exchange.write(lambda connection: sweep_writers(connection, before))

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
                self.fault = None
            except Exception as error:  # an engine's fault: the next round catches up
                self.fault = str(error)
                _logger.warning("rotation waits", extra={"reason": type(error).__name__})
            if self._stopping.wait(self._every):
                return
