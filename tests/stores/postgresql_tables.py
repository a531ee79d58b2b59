"""What the tests of a PostgreSQL database share: tables, and how a reader is asked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from dq.errors import DqError
from dq.stores.catalogue import StoreTable
from dq.stores.postgresql.reader import PostgreSQL

BIG, WIDE = 4_000, 20_000  # rows and their bytes: more than sockets hold
SECRET = "hunter2-is-no-secret"  # noqa: S105 - nothing may show it
SHOP = (
    "CREATE TABLE accounts (id bigint PRIMARY KEY, name text)",
    "CREATE TABLE points (id bigint PRIMARY KEY, account bigint, amount numeric(18,2))",
    "INSERT INTO accounts SELECT i, 'n' || i FROM generate_series(1, 10) AS i",
    "INSERT INTO points SELECT i, i, i FROM generate_series(1, 10) AS i",
)
LARGE = f"CREATE UNLOGGED TABLE large AS SELECT i AS id, repeat('x', {WIDE}) AS note FROM generate_series(1, {BIG}) AS i"


def found(reader: PostgreSQL, name: str) -> StoreTable:
    return next(table for table in reader.catalogue if table.name == name)


def rows_of(reader: PostgreSQL, name: str, where: str = "") -> bytes:
    table = found(reader, name)
    with closing(reader.rows(table, table.columns, where)) as rows:
        return rows.read()


def one_line(error: pytest.ExceptionInfo[DqError]) -> str:
    line = str(error.value)
    assert "\n" not in line
    assert SECRET not in line
    assert error.value.__cause__ is None or error.value.__suppress_context__ or SECRET not in repr(error.value.__cause__)
    return line


def is_empty(folder: Path) -> bool:
    return list(folder.iterdir()) == []
