"""A real process that works on a data directory and kills itself with SIGKILL at a given point: nothing is flushed, closed or said.

    python -m tests.crash.child DATA_DIR EVIDENCE_FILE POINT NUMBER

``POINT``: ``none`` (run until everything is handled, then say ``done``), ``handled`` (in mid-batch, after the n-th message was handled and
before its commit), ``before_commit``, ``after_commit``, ``index_before`` and ``index_between`` (before the index's n-th commit; after it
and before its offset is written), ``recovery`` (while the matcher's arrays are
being loaded), ``outside`` (works until its parent kills it).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event, select
from streams.matching.memory import Market

import streams.runtime.embedded as embedded
from infra.composition import exchange
from infra.settings import Settings
from search import tantivy_folder
from search.index import open_index, tantivy_url
from streams.intake.index_follower import IndexFollower
from streams.runtime.tables import offsets


def main(data_dir: str, evidence: str, point: str, number: str) -> None:
    settings = Settings(data_dir=Path(data_dir))
    with exchange(settings, run=False) as opened:
        state: dict[str, Any] = {"n": 0, "handling": ""}

        def die(where: str) -> None:
            # What was in flight is written down by another file descriptor before the kill; the kill itself leaves no time for anything.
            with opened.reading() as connection:
                end = opened.log.end(connection)
                at = {row.subject: row.seq for row in connection.execute(select(offsets.c.subject, offsets.c.seq))}
            behind = {name: end - at.get(name, 0) for name, loop in opened.runner.loops.items() if loop.idle_at < end}
            line = json.dumps(
                {"point": point, "where": where, "n": state["n"], "end": end, "behind": behind, "handling": state["handling"]}
            )
            handle = os.open(evidence, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(handle, line.encode() + b"\n")
            os.fsync(handle)
            os.kill(os.getpid(), signal.SIGKILL)

        def count(where: str) -> None:
            state["n"] += 1
            if state["n"] == int(number):
                die(where)

        index = open_index(tantivy_url(settings.index.absolute()))
        if point == "handled":
            real = embedded.process

            def process(subject: Any, log: Any, connection: Any, envelope: Any, *rest: Any, **named: Any) -> Any:
                result = real(subject, log, connection, envelope, *rest, **named)
                state["handling"] = f"{subject.name} {envelope.type}"
                count("in mid-batch, before the commit")
                return result

            embedded.process = process  # type: ignore[assignment]
        elif point == "before_commit":
            event.listen(opened._writer._engine, "commit", lambda connection: count("before a commit"))
        elif point == "after_commit":
            ring = opened.bell.ring

            def rung() -> None:
                count("after a commit")
                ring()

            opened.bell.ring = rung  # type: ignore[method-assign]
        elif point == "index_before":
            commit = index.commit

            def committing(offset: int) -> None:
                count("before the index's commit")
                commit(offset)

            index.commit = committing  # type: ignore[method-assign]
        elif point == "index_between":
            remember = tantivy_folder.remember_offset

            def remembering(folder: Path, offset: int) -> None:
                count("between the index's commit and its offset")
                remember(folder, offset)

            tantivy_folder.remember_offset = remembering
        elif point == "recovery":
            load = Market.load

            def loading(self: Market, connection: Any) -> None:
                load(self, connection)
                count("in recovery")

            Market.load = loading  # type: ignore[method-assign]
        follower = IndexFollower(opened, index)
        follower.start()
        opened.runner.start()
        try:
            opened.runner.drain(280)
            follower.stop()
            follower.catch_up()
        finally:
            opened.runner.stop()
            index.close()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
