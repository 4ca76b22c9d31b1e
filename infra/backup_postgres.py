"""Backup and restore of the state in PostgreSQL, by its own programs ``pg_dump`` and ``pg_restore``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text, update

from infra.composition import flows_of
from infra.engines import postgres_arguments
from infra.migrate import migrate, revision_of_postgres
from infra.settings import Settings
from streams.runtime.database import open_engine
from streams.runtime.outbox import settle_restored
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Topology
from streams.runtime.tables import offsets

_OF_LIBPQ = {
    "host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "application_name": "PGAPPNAME",
}  # fmt: skip
RELAY = "relay"  # its row in ``offsets``


def program(name: str) -> str:
    """The path of ``pg_dump`` or ``pg_restore``, the newest that is installed. Raises ``RuntimeError`` saying what to install."""
    kept = sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    found = kept[-1] if kept else shutil.which(name)
    if found is None:
        raise RuntimeError(
            f"{name} is not here; install PostgreSQL's client programs (Debian: postgresql-client), no older than the server"
        )
    return found


def _environment(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Name and password go by the environment, where no list of processes shows them."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return outside | {_OF_LIBPQ[name]: str(value) for name, value in arguments.items() if name in _OF_LIBPQ}


def _run(arguments: Mapping[str, Any], *command: str) -> None:
    """Run one of PostgreSQL's programs; raises ``RuntimeError`` with what it said."""
    done = subprocess.run(command, env=_environment(arguments), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")


def backup_postgres(settings: Settings, file: Path) -> int:
    """A consistent copy of the state in one file, also while everything runs; answers its bytes. The master key is not in it."""
    if not file.parent.is_dir():
        raise RuntimeError(f"{file.parent}: no such folder; make it first")
    arguments = postgres_arguments(settings)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _run(arguments, program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with part.open("rb+") as handle:
        os.fsync(handle.fileno())
    part.replace(file)
    return file.stat().st_size


def restore_postgres(settings: Settings, file: Path) -> None:
    """Put a backup in the place of everything in the database, in one transaction, and bring it to this version.

    Refused, with nothing changed: while processes of the exchange are connected; what is no backup; what this master key does not open.
    What Kafka still holds is of the state before: its topics are deleted, or another ``GONGQIAO_KAFKA_PREFIX`` is named. The relay begins
    again where the slowest subject stands, so that whatever was not handled is published once more.
    """
    arguments = postgres_arguments(settings)
    engine = open_engine(settings.state_url, arguments=arguments)
    try:
        with engine.connect() as connection:
            _nobody_else(connection)
        # The whole file is read before anything is changed.
        _run(arguments, program("pg_restore"), "--file=/dev/null", str(file))
        _fits(file, settings.key())
        command = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", f"--dbname={arguments['dbname']}")
        _run(arguments, program("pg_restore"), *command, str(file))
        engine.dispose()
        migrate(settings.state_url, arguments=arguments)
        after_restore(engine, flows_of(settings))
    finally:
        engine.dispose()


def _nobody_else(connection: Connection) -> None:
    others = connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND application_name LIKE 'gongqiao%'"
        )
    ).scalar_one()
    if others:
        raise RuntimeError(f"{others} connections of the exchange are open: stop servers and workers first")
    revision_of_postgres(connection)  # raises where something else lives here


def _fits(file: Path, key: bytes) -> None:
    """Raises ``RuntimeError`` where this master key does not open the person keys of the backup, or where there is no exchange in it."""
    command = [program("pg_restore"), "--data-only", "--table=person_keys", "--file=-", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as reading:
        assert reading.stdout is not None
        lines = iter(reading.stdout.readline, "")
        head = next((line for line in lines if line.startswith("COPY ")), None)
        row = next(lines).rstrip("\n") if head is not None else ""
        reading.kill()  # a million of them need not be read
    if head is None:
        raise RuntimeError(f"{file}: not a backup of an exchange (its tables are missing)")
    if row != "\\.":
        person, _, wrapped = row.partition("\t")
        if not Vault(key).fits(person, bytes.fromhex(wrapped.removeprefix("\\\\x"))):
            raise RuntimeError(f"{file}: GONGQIAO_MASTER_KEY is not the master key of this backup; put the key back that was kept with it")


def after_restore(engine: Engine, flows: Topology) -> None:
    """What must be put right in a restored state before anything runs on it: the order of its outbox, and where the relay begins."""
    with engine.begin() as connection:
        settle_restored(connection)
        subjects = [subject.name for subject in flows.subjects]
        count, slowest = connection.execute(select(func.count(), func.min(offsets.c.seq)).where(offsets.c.subject.in_(subjects))).one()
        begin = int(slowest) if count == len(subjects) else 0
        connection.execute(update(offsets).where(offsets.c.subject == RELAY, offsets.c.seq > begin).values(seq=begin))
