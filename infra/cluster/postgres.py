"""The local PostgreSQL: passwords by SCRAM for everybody, over TCP on loopback only."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from infra.cluster import fetch
from infra.cluster.engine import USER, Engine
from infra.cluster.fetch import Say

ADMIN = "postgres"


class Postgres(Engine):
    """Users: ``exchange`` (owns the database ``exchange`` and may make others), ``postgres`` (everything)."""

    name = "postgres"
    title = "PostgreSQL"
    setting = "state"
    stop_signal = signal.SIGINT  # "fast": rolls back what is open and writes everything down
    attempts = 20  # after a kill it refuses until its orphaned children have gone

    @property
    def ports(self) -> dict[str, int]:
        return {"cluster_postgres_port": self.settings.cluster_postgres_port}

    @property
    def memory_mb(self) -> int:
        return self.settings.cluster_postgres_buffers_mb // 2 + 50

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.folder.password('postgres_exchange')}@127.0.0.1:{self.port}/exchange"

    @property
    def _data(self) -> Path:
        return self.folder.path / "postgres-data"

    def fetch(self, say: Say) -> None:
        self._programs = fetch.postgres_programs()

    def prepare(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        self.folder.room("postgres-data")
        secret = self.folder.scratch / "postgres-password"
        self.folder.write(secret, self.folder.password("postgres_admin") + "\n")
        locale = "C.UTF-8" if sys.platform == "linux" else "C"  # by code point, as SQLite sorts
        made = subprocess.run(
            [
                self._programs / "initdb",
                "-D",
                self._data,
                "-U",
                ADMIN,
                "-A",
                "scram-sha-256",
                f"--pwfile={secret}",
                "-E",
                "UTF8",
                f"--locale={locale}",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder.scratch,
            **self.folder.as_owner(),  # type: ignore[call-overload]
        )
        secret.unlink()
        if made.returncode != 0:
            self.log.write_text(made.stdout + made.stderr)
            raise self.wrong("cannot make its data folder")

    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        wanted = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "max_connections": 200,
            "shared_buffers": f"{self.settings.cluster_postgres_buffers_mb}MB",
            "timezone": "UTC",
        }
        return [
            self._programs / "postgres",
            "-D",
            self._data,
            *(word for name, value in wanted.items() for word in ("-c", f"{name}={value}")),
        ], {}

    def arrange(self) -> str | None:
        try:
            with self.administer() as connection:
                secret = sql.Literal(self.folder.password("postgres_exchange"))
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USER]).fetchone()
                verb = sql.SQL("ALTER" if known else "CREATE")
                connection.execute(sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(verb, sql.Identifier(USER), secret))
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'exchange'").fetchone():
                    connection.execute(sql.SQL("CREATE DATABASE exchange OWNER {}").format(sql.Identifier(USER)))
        except psycopg.OperationalError as error:
            return _last_line(error)
        return None

    def administer(self) -> psycopg.Connection:
        """A connection that may do everything, each statement by itself."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=ADMIN,
            password=self.folder.password("postgres_admin"),
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def fault(self) -> str | None:
        try:
            with psycopg.connect(self.url, connect_timeout=3) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            return _last_line(error)
        return None

    def version(self) -> str:
        said = subprocess.run([fetch.postgres_programs() / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"[0-9.]+", said)
        return found[0] if found else ""


def _last_line(error: psycopg.OperationalError) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
