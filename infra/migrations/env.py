"""Alembic's environment: runs the migrations on the URL it is given, online only, all of them in one transaction."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import create_engine, event

from infra.schema import metadata

engine = create_engine(
    context.config.get_main_option("sqlalchemy.url") or "", connect_args=context.config.attributes.get("arguments") or {}
)

if engine.dialect.name == "sqlite":
    # The driver's own transactions leave tables outside them; SQLite itself does not.
    @event.listens_for(engine, "connect")
    def _own_transactions(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=60000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
