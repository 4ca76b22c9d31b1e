"""Rebuild: one subject's tables anew, beside the live ones, from the log; outputs are compared and not sent; then swapped in.

The subject's inputs are read in the order in which the live subject handled them, so a subject whose code has not changed gives the same
tables and the same outputs; a difference says that code, model or catalogue changed since, or that the state is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from streams.runtime.floor import first_unhandled
from streams.runtime.log import Log
from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.processing import Failed, process
from streams.runtime.subjects import Preparation, Subject
from streams.runtime.tables import dead_letters, metadata, offsets, parked, person_keys
from streams.runtime.tables import log as log_table


@dataclass
class Report:
    """What a rebuild found. ``same`` holds when outputs and tables are those of the live subject."""

    subject: str
    handled: int = 0
    tombstones: int = 0
    dead: int = 0
    outputs: int = 0
    missing_outputs: list[str] = field(default_factory=list)  # live outputs that the rebuild did not make
    new_outputs: list[str] = field(default_factory=list)
    changed_outputs: list[str] = field(default_factory=list)
    changed_tables: dict[str, tuple[int, int]] = field(default_factory=dict)  # table: rows only live, rows only rebuilt

    @property
    def same(self) -> bool:
        return not (self.missing_outputs or self.new_outputs or self.changed_outputs or self.changed_tables)


def subject_tables(subject: str) -> list[Table]:
    """The tables of a subject, by their prefix."""
    return [table for table in metadata.sorted_tables if table.name.startswith(f"{subject}_")]


def rebuild_into(
    shadow: Connection,
    live: Connection,
    log: Log,
    subject: Subject,
    settings: Mapping[str, Any],
    *,
    progress: Callable[[int], None] = lambda count: None,
) -> Report:
    """Fill the empty tables of ``shadow`` (another database) with what the subject makes of the live log up to its live offset."""
    report = Report(subject.name)
    until, settled = live.execute(select(offsets.c.seq).where(offsets.c.subject == subject.name)).scalar() or 0, False
    while not settled:  # a worker writes down how far it is once a second, and not when it ends
        until, settled = first_unhandled(live, log, subject, until)
    for row in live.execute(select(person_keys)).mappings():
        shadow.execute(person_keys.insert().values(**row))
    held_back = {seq for (seq,) in live.execute(select(parked.c.seq).where(parked.c.subject == subject.name))}
    buried = {
        seq
        for (seq,) in live.execute(select(dead_letters.c.seq).where(dead_letters.c.subject == subject.name, dead_letters.c.state == "open"))
    }
    memory = subject.memory(settings) if subject.memory is not None else None
    if memory is not None:
        memory.load(shadow)
    for envelope in _inputs(log, live, subject, until):
        if isinstance(envelope, Unreadable):
            report.tombstones += envelope.broken is None
            report.dead += envelope.broken is not None
            continue
        if envelope.seq in held_back or envelope.seq in buried:
            report.dead += envelope.seq in buried
            continue
        _handle(shadow, log, subject, envelope, memory, settings, report)
        report.handled += 1
        progress(report.handled)
    return report


def _inputs(log: Log, live: Connection, subject: Subject, until: int) -> Iterator[Envelope | Unreadable]:
    after = 0
    while True:
        page = log.read(live, subject.types, after, 500, until=until)
        yield from page
        if len(page) < 500:
            return
        after = page[-1].seq


def _handle(
    shadow: Connection, log: Log, subject: Subject, envelope: Envelope, memory: Any, settings: Mapping[str, Any], report: Report
) -> None:
    handler = subject.handler_of(envelope.type)
    assert handler is not None
    prepared: Any = None
    if handler.prepare is not None:
        try:
            prepared = handler.prepare(envelope.message, Preparation(envelope, memory, settings, shadow))
        except Exception as error:
            prepared = Failed.of(error)
    result = process(subject, log, shadow, envelope, prepared, memory, settings, None, all_pages=True)
    if result.failed:
        report.dead += 1
        if memory is not None:
            memory.refresh(shadow, envelope)


def compare(shadow: Connection, live: Connection, log: Log, subject: Subject, report: Report) -> Report:
    """Hold the rebuilt outputs and tables against the live ones. Messages of people whose key is gone are not compared."""
    names = {handler.name for handler in subject.handlers}
    made = _outputs(shadow, log, names)
    sent = _outputs(live, log, names)
    report.outputs = len(made)
    for id_, body in sent.items():
        if id_ not in made:
            if body is not None:
                report.missing_outputs.append(id_)
        elif body is not None and made[id_] != body:
            report.changed_outputs.append(id_)
    report.new_outputs = [id_ for id_ in made if id_ not in sent]
    for table in subject_tables(subject.name):
        # Rows as sets: their order in the file is nobody's business.
        rows_live = {repr(sorted(row.items())) for row in live.execute(select(table)).mappings()}
        rows_made = {repr(sorted(row.items())) for row in shadow.execute(select(table)).mappings()}
        if rows_live != rows_made:
            report.changed_tables[table.name] = (len(rows_live - rows_made), len(rows_made - rows_live))
    return report


def _outputs(connection: Connection, log: Log, names: set[str]) -> dict[str, dict[str, Any] | None]:
    found: dict[str, dict[str, Any] | None] = {}
    query = select(log_table).where(log_table.c.source.in_(names)).order_by(log_table.c.seq)
    for rows in connection.execute(query).mappings().partitions(500):
        for envelope in log.decode_all(connection, rows):
            found[envelope.id] = None if isinstance(envelope, Unreadable) else envelope.message.body()
    return found


def swap(live: Connection, shadow: Connection, subject: Subject) -> int:
    """Replace the live tables of the subject with the rebuilt ones, inside the caller's transaction; answers the rows."""
    rows = 0
    for table in reversed(subject_tables(subject.name)):
        live.execute(delete(table))
    for table in subject_tables(subject.name):
        page: list[dict[str, Any]] = []
        for row in shadow.execute(select(table)).mappings():
            page.append(dict(row))
            if len(page) == 1000:
                live.execute(table.insert(), page)
                rows += len(page)
                page = []
        if page:
            live.execute(table.insert(), page)
            rows += len(page)
    return rows
