"""Tables of the machinery. Subjects add theirs to the same ``metadata``, each with its own prefix."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Executable,
    FetchedValue,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

from streams.runtime.database import run_text

metadata = MetaData()

# A place in the log. SQLite numbers rows with INTEGER only, and that is as long.
Place = BigInteger().with_variant(Integer, "sqlite")

# PostgreSQL: written by the one mover alone (``outbox.move_outbox``), so that ``seq`` grows in the order of the commits and who follows
# it never skips a late one.
log = Table(
    "log",
    metadata,
    Column("seq", Place, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("type", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("occurred_at", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("source", String, nullable=False),
    Column("causation_id", String),
    Column("trace_id", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("log_by_type", "type", "seq"),
    Index("log_by_key", "key", "seq"),
    sqlite_autoincrement=True,
)

# PostgreSQL: what many writers append, until it is moved into the log in the order of their transactions. Empty on SQLite.
outbox = Table(
    "outbox",
    metadata,
    Column("n", Place, primary_key=True, autoincrement=True),
    *(Column(column.name, column.type, nullable=column.nullable) for column in log.c if column.name != "seq"),
    Column("xid", Place, FetchedValue(), nullable=False),  # the transaction; PostgreSQL fills it in
    UniqueConstraint("id"),
    Index("outbox_by_transaction", "xid", "n"),
    sqlite_autoincrement=True,
)

# The cluster: a message that a subject has got past (``done``), or how far it is in a message handled in pages. Written first in the unit
# of work; a row that is done says that the message was delivered again.
handled = Table(
    "handled",
    metadata,
    Column("subject", String, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("seq", Place, nullable=False),
    Column("cursor", Text),  # where a message handled in pages (Continue) goes on
    Column("page", Integer, nullable=False, server_default="0"),
    Column("done", Boolean, nullable=False),
    Column("at", String, nullable=False),
    Column("worker", String),  # the process that wrote the row last
    Column("n", Place),  # counts the changes of a subject's rows, in the order of the commits
    Index("handled_by_place", "subject", "seq"),
    Index("handled_by_change", "subject", "n"),
)

# PostgreSQL: a row for each process that writes, changed by every unit of work: after a lost connection it tells whether the last commit
# took place.
writers = Table(
    "writers",
    metadata,
    Column("writer", String, primary_key=True),
    Column("n", Place, nullable=False),
    Column("at", String, nullable=False),
)

offsets = Table(
    "offsets",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Place, nullable=False),
    Column("cursor", Text),  # where a message handled in pages (Continue) goes on
    Column("page", Integer, nullable=False, server_default="0"),
)

parked = Table(
    "parked",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Place, primary_key=True, autoincrement=False),
    Column("key", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", String, nullable=False),
    Column("reason", Text, nullable=False),
    Index("parked_by_key", "subject", "key", "seq"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("subject", String, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("seq", Place, nullable=False),
    Column("type", String, nullable=False),
    Column("handler", String, nullable=False),
    Column("field", String),
    Column("reason", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("state", String, nullable=False),  # open | retried
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

private_values = Table(
    "private_values",
    metadata,
    Column("owner_kind", String, primary_key=True),  # person | posting | account
    Column("owner_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("lookup", String, index=True),  # keyed hash, for finding a person by number without reading anything
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", String, nullable=False),
    UniqueConstraint("scope", "key"),
)

meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", Text, nullable=False))


def upsert(connection: Connection, table: Table, rows: dict[str, Any] | list[dict[str, Any]], *, keep: tuple[str, ...] = ()) -> None:
    """Insert rows or replace those with the same primary key; columns in ``keep`` keep their first value. Same on both dialects."""
    many = rows if isinstance(rows, list) else [rows]
    if many:
        _run(connection, _upsert(connection.dialect.name, table, tuple(many[0]), keep), table, many)


# What every driver takes as it stands, so that nothing has to be converted on the way.
_PLAIN = (String, Integer, Float, LargeBinary, Boolean)


def _run(connection: Connection, statement: Executable, table: Table, rows: list[dict[str, Any]]) -> int:
    """Run an insert for all rows; answers how many rows it touched. Plain ones go to the driver by place: looking at every value takes the
    toolkit as long as writing the row takes SQLite. Sixty-four at most are one statement, so that the driver gives the interpreter lock
    back once for all of them and other threads work meanwhile; row by row it was given back for 10 us each time, too short to be of use.
    """
    if connection.dialect.name != "sqlite":
        return int(connection.execute(statement, rows).rowcount)
    found = _by_place(connection.dialect, statement, table, tuple(rows[0]))
    if found is None:
        return int(connection.execute(statement, rows).rowcount)
    of_row, texts = found
    touched, at, left = 0, 0, len(rows)
    while left:
        size = min(_MOST, 1 << (left.bit_length() - 1))  # powers of two: seven texts a table, which the driver keeps compiled
        values = tuple(chain.from_iterable(map(of_row, rows[at : at + size])))
        touched += run_text(connection, texts[size], values).rowcount
        at, left = at + size, left - size
    return touched


_MOST = 64


@cache
def _by_place(
    dialect: Dialect, statement: Executable, table: Table, names: tuple[str, ...]
) -> tuple[Callable[[dict[str, Any]], tuple[Any, ...]], dict[int, str]] | None:
    """How a row becomes values in their places, and the statement for so many rows; None where values need converting."""
    if len(names) < 2 or not all(isinstance(table.c[name].type, _PLAIN) for name in names):
        return None
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
    text, one = str(compiled), f"({', '.join('?' * len(names))})"
    if compiled.positiontup is None or text.count(one) != 1:
        return None
    sizes = [1 << power for power in range(_MOST.bit_length())]
    return itemgetter(*compiled.positiontup), {size: text.replace(one, ", ".join([one] * size)) for size in sizes}


class Look:
    """A select that is run many times a message. On SQLite it goes to the driver as text: the toolkit takes 300 us for a list of fifty
    ids, the driver 90. ``among`` names the one parameter that is a list (``column.in_(bindparam(name, expanding=True))``), where there is
    one; an empty list finds nothing, and so does a statement without it.
    """

    def __init__(self, statement: Select[Any], *, among: str | None = None):
        self._statement = statement
        self._among = among
        self._columns = tuple(statement.selected_columns.keys())
        self._truths = [place for place, column in enumerate(statement.selected_columns) if isinstance(column.type, Boolean)]
        self._text: str | None = None
        self._names: list[str] = []
        self._constants: dict[str, Any] = {}

    def mappings(self, connection: Connection, **values: Any) -> list[dict[str, Any]]:
        """The rows as column -> value."""
        return [dict(zip(self._columns, row, strict=True)) for row in self.rows(connection, **values)]

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows as plain tuples in the order of the select's columns."""
        if self._among is not None and not values[self._among]:
            return []
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.execute(self._statement, values)]
        if self._text is None:
            compiled: Any = self._statement.compile(dialect=connection.dialect)
            self._names = list(compiled.positiontup)
            self._constants = dict(compiled.params)
            self._text = str(compiled)
        text, given = self._text, []
        for name in self._names:
            if name != self._among:
                given.append(values[name] if name in values else self._constants[name])
                continue
            ids = list(values[name])
            room = 1 << (len(ids) - 1).bit_length()  # lengths are powers of two, so that there are few texts: the last id is said again
            text = text.replace(f"(__[POSTCOMPILE_{name}])", f"({', '.join('?' * room)})")
            given += ids + [ids[-1]] * (room - len(ids))
        found = run_text(connection, text, given).fetchall()
        if not self._truths:
            return found
        rows = [list(row) for row in found]
        for row in rows:
            for place in self._truths:
                row[place] = None if row[place] is None else bool(row[place])
        return [tuple(row) for row in rows]


# Making a statement costs more than running it (``excluded`` copies every column), so one is made per table and set of columns.
@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...], keep: tuple[str, ...]) -> Executable:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    key = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in names if name not in key and name not in keep}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    made: Executable = statement
    return made


def upsert_newer(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row or replace an older one of the same primary key, in one statement; False where what is there is as new or newer."""
    return _run(connection, _upsert_newer(connection.dialect.name, table, tuple(row)), table, [row]) > 0


@cache
def _upsert_newer(dialect: str, table: Table, names: tuple[str, ...]) -> Executable:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    key = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in names if name not in key}
    made: Executable = statement.on_conflict_do_update(
        index_elements=key, set_=changed, where=table.c.revision < statement.excluded.revision
    )
    return _counting(dialect, made)


def insert_new(connection: Connection, table: Table, rows: dict[str, Any] | list[dict[str, Any]]) -> int:
    """Insert rows whose keys are new and leave the others untouched; answers how many were new."""
    many = rows if isinstance(rows, list) else [rows]
    if not many:
        return 0
    return _run(connection, _insert_new(connection.dialect.name, table), table, many)


@cache
def _insert_new(dialect: str, table: Table) -> Executable:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    made: Executable = statement.on_conflict_do_nothing()
    return _counting(dialect, made)


def _counting(dialect: str, statement: Executable) -> Executable:
    """PostgreSQL's driver is asked how many rows several inserts wrote; SQLite's says so unasked."""
    return statement.execution_options(preserve_rowcount=True) if dialect != "sqlite" else statement
