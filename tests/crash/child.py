"""A real process that works on a data directory and kills itself with SIGKILL at a given point: nothing is flushed, closed or said.

    python -m tests.crash.child

It is a nursery: it imports everything once, reads one order a line (JSON: ``folder``, ``evidence``, ``point``, ``number``) and forks a
process for each, so that twenty kills do not cost twenty imports. It answers with the process's id, and when that is over with its status.

``point``: ``none`` (run until everything is handled), ``handled`` (in mid-batch, after the n-th message was handled and before its
commit), ``before_commit``, ``after_commit``, ``index_before`` and ``index_between`` (before the index's n-th commit; after it and before
its offset is written), ``recovery`` (when the matcher's arrays have been loaded, before anything is handled), ``outside`` (works until the
nursery's parent kills it).

Hiring runs first until it has handled what was reported; then everybody else starts. What it says of steps reaches delivery and staffing
beside what matching says, and which comes first may differ from run to run by design; here it must not, or two runs could not be compared
message by message. Everything else that meets in one subject comes from one other subject, or from a cause that is in the log before it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy import event

import streams.runtime.embedded as embedded
from infra.composition import exchange
from infra.settings import Settings
from search import tantivy_folder
from search.index import open_index, tantivy_url
from streams.intake.index_follower import IndexFollower
from streams.matching.memory import Market
from streams.runtime.exchange import Exchange
from tests.crash.progress import behind

FIRST = "hiring"


def work(folder: str, evidence: str, point: str, number: int) -> None:
    """Handle everything in the log of ``folder``, or be killed at the point."""
    settings = Settings(data_dir=Path(folder))
    with exchange(settings, run=False) as opened:
        index = open_index(tantivy_url(settings.index.absolute()))
        follower = IndexFollower(opened, index)
        _Kill(opened, follower, Path(evidence), point, number).arm(index)
        loops = opened.runner.loops
        try:
            loops[FIRST].start()
            with opened.reading() as connection:
                end = opened.log.end(connection)
            while loops[FIRST].idle_at < end:
                opened.bell.wait(opened.bell.count, 0.02)
            follower.start()
            for name, loop in loops.items():
                if name != FIRST:
                    loop.start()
            opened.runner.drain(280)
            follower.stop()
            follower.catch_up()
        finally:
            opened.runner.stop()
            index.close()


class _Kill:
    """Counts what the point names, and at the n-th writes down what was in flight and kills the process."""

    def __init__(self, opened: Exchange, follower: IndexFollower, evidence: Path, point: str, number: int):
        self._opened = opened
        self._follower = follower
        self._evidence = evidence
        self._point = point
        self._number = number
        self._seen = 0
        self._handling = ""
        self._uncommitted = 0

    def arm(self, index: Any) -> None:
        real = embedded.process

        def process(subject: Any, log: Any, connection: Any, envelope: Any, *rest: Any, **named: Any) -> Any:
            result = real(subject, log, connection, envelope, *rest, **named)
            self._handling = f"{subject.name} {envelope.type}"
            self._uncommitted += 1
            if self._point == "handled":
                self._count("in mid-batch, before the commit")
            return result

        embedded.process = process
        writer: Any = self._opened._writer
        event.listen(writer._engine, "commit", lambda connection: self._before_commit())
        ring = self._opened.bell.ring

        def rung() -> None:
            self._uncommitted = 0
            if self._point == "after_commit":
                self._count("after a commit, before anybody was told")
            ring()

        self._opened.bell.ring = rung  # type: ignore[method-assign]
        commit, remember, load = index.commit, tantivy_folder.remember_offset, Market.load

        def committing(offset: int) -> None:
            if self._point == "index_before":
                self._count("before the index's commit")
            commit(offset)

        def remembering(folder: Path, offset: int) -> None:
            if self._point == "index_between":
                self._count("between the index's commit and its offset")
            remember(folder, offset)

        def loading(market: Market, connection: Any) -> None:
            load(market, connection)
            if self._point == "recovery":
                self._count("in recovery, the arrays loaded and nothing handled")

        index.commit = committing
        tantivy_folder.remember_offset = remembering
        Market.load = loading  # type: ignore[method-assign]

    def _before_commit(self) -> None:
        if self._point == "before_commit":
            self._count("before a commit")

    def _count(self, where: str) -> None:
        self._seen += 1
        if self._seen == self._number:
            self._die(where)

    def _die(self, where: str) -> None:
        # Written by another file descriptor before the kill; the kill itself leaves no time for anything.
        with self._opened.reading() as connection:
            left = behind(connection, self._opened.log.topology)
        said = {
            "point": self._point,
            "where": where,
            "number": self._number,
            "behind": left,
            "index_behind": self._follower.lag(),
            "uncommitted": self._uncommitted,
            "last": self._handling,
        }
        handle = os.open(self._evidence, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, json.dumps(said).encode() + b"\n")
        os.fsync(handle)
        os.kill(os.getpid(), signal.SIGKILL)


def nursery() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(**order)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        _answer({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _answer({"status": os.waitstatus_to_exitcode(status)})


def _answer(said: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    nursery()
