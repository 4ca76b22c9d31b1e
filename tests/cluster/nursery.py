"""Starts worker processes quickly: it imports everything once and forks one for each order.

    python -m tests.cluster.nursery

An order is a line of JSON: ``subjects`` (one name) or ``singles`` (names), ``settings`` (environment), ``log`` (where it writes), and for a
process that kills itself ``point`` and ``number`` (see ``arm``). It answers with the process's id. What runs is ``infra.workers``, as
under ``gongqiao worker``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from typing import Any

from infra import logs
from infra.settings import Settings
from infra.workers import end_with_parent, quiet, run_singles, run_subject
from streams.runtime import relay
from streams.runtime.faust_runner import make_app  # noqa: F401  (imported before the forks)


def arm(point: str | None, number: int) -> None:
    """Kill this process with SIGKILL the n-th time it comes by: ``before_publish`` (the rows are committed in the log, and not on Kafka),
    ``before_offset`` (they are on Kafka, and the relay has not written down that they are)."""
    names = {"before_publish": "_publish", "before_offset": "_advance"}
    if point is None:
        return
    real = getattr(relay.Relay, names[point])
    seen = 0

    def killing(*given: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    setattr(relay.Relay, names[point], killing)


def work(order: dict[str, Any]) -> None:
    handle = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(order["settings"])
    os.environ["GONGQIAO_WORKER_PARENT"] = str(os.getppid())
    settings = Settings()
    logs.configure("INFO")
    quiet()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    end_with_parent(stopping)
    arm(order.get("point"), order.get("number", 1))
    if order.get("singles"):
        run_singles(settings, order["singles"], stopping)
    else:
        run_subject(settings, order["subject"], stopping)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                work(order)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        print(json.dumps({"pid": pid}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
