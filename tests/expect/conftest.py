"""Fixtures of the tests of `dq.expect`."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an open connection to a database in memory."""
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def all_by_gx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put to Great Expectations also what plain SQL answers."""
    monkeypatch.setattr("dq.expect.population.claim", lambda *_: None)
