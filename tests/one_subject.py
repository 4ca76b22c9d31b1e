"""An exchange with one subject alone; what the others would say is made up by the tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Table, select

from infra.composition import open_exchange
from matcher.days import SHANGHAI
from streams.runtime.exchange import Said
from streams.runtime.messages import Message
from streams.runtime.subjects import Subject, Topology
from streams.runtime.tables import dead_letters, log
from streams.runtime.topology import TOPICS

MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)


class OneSubject:
    """Says things to a subject, waits until they are handled, and looks at what it did.

    A subclass names the ``subject``, the tables it ``remembers`` in, and the instant it ``begins`` at; ``at`` is what its clock shows.
    """

    subject: ClassVar[Subject]
    remembers: ClassVar[tuple[Table, ...]]
    begins: ClassVar[datetime] = MORNING

    def __init__(self, path: Path, settings: dict[str, Any] | None = None):
        self.at = self.begins
        flows = Topology(TOPICS, (self.subject,))
        self.open, self._writer = open_exchange(path, b"k" * 32, settings or {}, flows=flows, now=lambda: self.at.astimezone(UTC))
        self._writer._together = 0.0  # nobody else writes here, so there is nobody to wait for
        self.open.runner.start()

    def close(self) -> None:
        self.open.runner.stop()
        self._writer.stop()

    @property
    def today(self) -> date:
        return self.at.date()

    def say(self, *messages: Message) -> None:
        self.open.append([Said(message, before=self._keys_for(message)) for message in messages], source="test")
        self.open.runner.drain(240)

    def _keys_for(self, message: Message) -> Callable[[Connection], None]:
        """Makes the keys of the people of whom the message speaks."""
        people = {pair.person_id for pair in getattr(message, "pairs", ())} | {getattr(message, "person_id", None)} - {None}

        def make(connection: Connection) -> None:
            for person in sorted(people):
                self.open.vault.make_key(connection, person)

        return make

    def rows(self, table: Table) -> list[dict[str, Any]]:
        with self.open.reading() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        return {table.name: self.rows(table) for table in self.remembers}

    def out(self, type_: str) -> list[Any]:
        """What was said of this type, in order."""
        with self.open.reading() as connection:
            found = connection.execute(select(log).where(log.c.type == type_).order_by(log.c.seq)).mappings().all()
            return [self.open.log.decode(connection, row).message for row in found]

    def dead(self) -> list[str]:
        return [row["reason"] for row in self.rows(dead_letters)]

    def ask(self, query: Any, *args: Any, **named: Any) -> Any:
        with self.open.reading() as connection:
            return query(connection, *args, **named)
