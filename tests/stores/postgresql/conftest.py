"""Databases for the tests of the PostgreSQL reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores.postgresql_server import Database, database
from tests.stores.postgresql_tables import LARGE


@pytest.fixture(scope="module")
def shared() -> Iterator[Database]:
    """Return a database that tests fill one after the other."""
    with database() as made:
        yield made


@pytest.fixture
def store(shared: Database) -> Iterator[Database]:
    """Return an empty database."""
    yield shared
    shared.clear()


@pytest.fixture(scope="module")
def large() -> Iterator[Database]:
    """Return a database with a table that takes a moment to read; nobody changes it."""
    with database() as made:
        made.run(LARGE)
        yield made
