"""The migrations on PostgreSQL: what the code has, whoever starts first, and nothing over what is not ours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from infra.composition import open_shared
from infra.make_revision import differences
from infra.migrate import SchemaError, check_migrated, migrate, newest, revision_of_postgres
from streams.runtime.database import url_of
from tests.engines import drop_databases, require

pytestmark = pytest.mark.engine


def run(url: str, *statements: str) -> None:
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def revision(url: str) -> str | None:
    engine = create_engine(url_of(url))
    with engine.connect() as connection:
        found = revision_of_postgres(connection)
    engine.dispose()
    return found


def without_tables(url: str) -> str:
    run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


def test_the_migrations_make_what_the_code_has(database: str) -> None:
    assert differences(database) == []


def test_processes_that_start_at_once_migrate_once(database: str) -> None:
    without_tables(database)
    assert revision(database) is None
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(migrate, database) for _ in range(4)]:
            assert one.result() is None
    assert revision(database) == newest()
    check_migrated(database)


def test_who_must_not_migrate_says_what_to_run(database: str) -> None:
    without_tables(database)
    with pytest.raises(SchemaError, match="gongqiao migrate"):
        open_shared(database, b"k" * 32, migrating=False)
    assert revision(database) is None


def test_a_newer_version_is_left_alone(database: str) -> None:
    run(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="upgrade the program"):
        migrate(database)


def test_somebody_elses_tables_are_left_alone(database: str) -> None:
    run(without_tables(database), "CREATE TABLE theirs (x int)")
    with pytest.raises(SchemaError, match="not of an exchange"):
        migrate(database)


def test_a_database_that_sorts_by_a_language_is_refused(new_database: Callable[[], str]) -> None:
    server = require("postgres")
    engine = create_engine(url_of(server))
    with engine.connect() as connection:
        query = "SELECT collname FROM pg_collation WHERE collprovider = 'i' AND collname = 'zh-x-icu'"
        provided = connection.execute(text(query)).scalar()
    engine.dispose()
    assert provided, "PostgreSQL as Debian builds it has ICU"
    name = f"state_sorts_{uuid4().hex[:12]}"
    run(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'zh'")
    url = url_of(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    try:
        with pytest.raises(SchemaError, match="LC_COLLATE 'C'"):
            migrate(url)
    finally:
        drop_databases(server, name)
