"""Databases of their own on the local PostgreSQL: made from a migrated template, dropped afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, text

from infra.migrate import migrate
from streams.runtime.database import url_of
from tests.engines import drop_databases, require

_numbers = count(1)


def _admin(url: str, *statements: str) -> None:
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _beside(url: str, name: str) -> str:
    return url_of(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template() -> Iterator[tuple[str, str]]:
    """The server's address and the name of a migrated, empty database."""
    url = require("postgres")
    name = f"state_{os.getpid()}_template"
    _admin(
        url,
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
    )
    migrate(_beside(url, name))
    yield url, name
    drop_databases(url, name)


@pytest.fixture
def new_database(template: tuple[str, str]) -> Iterator[Callable[[], str]]:
    """Makes empty migrated databases; gives their addresses."""
    url, original = template
    made: list[str] = []

    def make() -> str:
        name = f"state_{os.getpid()}_{next(_numbers)}"
        _admin(url, f"CREATE DATABASE {name} TEMPLATE {original}")
        made.append(name)
        return _beside(url, name)

    yield make
    drop_databases(url, *made)


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    return new_database()
