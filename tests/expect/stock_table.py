"""The one place for the small table that every stock expectation is asked about: each family of types, in columns of awkward names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from dq.sql import quote

TABLE = 'the "shop"'
ROWS = 7

# Family to DuckDB's type and five values, smallest first; two for a boolean. Numbers go beyond what a float keeps.
VALUES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "text": ("VARCHAR", ("A-1", "A-22", "b-333", "ca%t_é", "dog'\"s")),
    "json": ("JSON", ("[1]", "[2]", "[3]", '{"a":"x"}', '{"b":null}')),
    "integer": ("BIGINT", (-(2**53) - 1, 0, 7, 2**53, 2**53 + 1)),
    "small integer": ("INTEGER", (-5, 0, 2, 3, 40)),
    "decimal": ("DECIMAL(38,2)", tuple(Decimal(text) for text in ("-0.10", "0.10", "0.30", "9007199254740992.00", "9007199254740993.01"))),
    "boolean": ("BOOLEAN", (False, True)),
    "date": ("DATE", tuple(date.fromisoformat(text) for text in ("1900-02-28", "2024-02-29", "2024-10-20", "2024-10-21", "2199-01-01"))),
    "instant": (
        "TIMESTAMP WITH TIME ZONE",
        tuple(datetime(2024, 10, 20, 17, 0, second, micro, tzinfo=UTC) for second, micro in ((0, 0), (0, 1), (1, 0), (1, 999_999), (2, 0))),
    ),
    "timestamp": ("TIMESTAMP", tuple(datetime(2024, 10, 27, hour, 30) for hour in (0, 1, 2, 3, 23))),  # noqa: DTZ001 - wall clocks
    "uuid": ("UUID", tuple(f"{digit}f2b8c1e-0000-4000-8000-000000000000" for digit in "01239")),
}

# Every name needs quoting, or is one that somebody else would like to have.
NAMES = {
    "text": "order",
    "json": "select",
    "integer": "a b",
    "small integer": "_num_rows",
    "decimal": 'say "hi"',
    "boolean": "100%",
    "date": "día",
    "instant": "a:b",
    "timestamp": "a.b",
    "uuid": "it's",
}

# Seven rows a column, as places in VALUES; None is NULL.
ROLES: Mapping[str, tuple[int | None, ...]] = {
    "first": (0, 1, 2, None, 0, 3, None),
    "copy": (0, 1, 2, None, 0, 3, None),
    "bigger": (1, 2, 3, None, 1, 4, None),
    "second": (0, 0, 3, 1, 1, None, None),
    "own": (0, 1, 2, 3, 4, None, None),
    "same": (0, 0, 0, 0, 0, 0, 0),
    "void": (None,) * ROWS,
}
OF_TWO: Mapping[str, tuple[int | None, ...]] = {  # a boolean has two values only
    "first": (0, 0, 0, None, 0, 0, None),
    "copy": (0, 0, 0, None, 0, 0, None),
    "bigger": (1, 1, 1, None, 1, 1, None),
    "second": (0, 1, 1, 0, 1, None, None),
    "own": (0, 1, None, None, None, None, None),
    "same": (0,) * ROWS,
    "void": (None,) * ROWS,
}


def column(family: str, role: str = "first") -> str:
    """Return a column's name."""
    return NAMES[family] if role == "first" else f"{NAMES[family]} {role}"


def rows_of(family: str, role: str = "first") -> list[Any]:
    """Return a column's rows."""
    values = VALUES[family][1]
    return [None if place is None else values[place] for place in (ROLES if len(values) > 2 else OF_TWO)[role]]


COLUMNS = {column(family, role): (family, rows_of(family, role)) for family in VALUES for role in ROLES}
# Columns that add up to the same number with the first of their family, row by row.
COLUMNS |= {
    column(family, "rest"): (family, [None if value is None else VALUES[family][1][2] - value for value in rows_of(family)])
    for family in ("integer", "small integer", "decimal")
}


def type_of(name: str) -> str:
    """Return a column's type as DuckDB writes it."""
    return VALUES[COLUMNS[name][0]][0]


def make(connection: Any, table: str = TABLE) -> None:
    """Create the table in an open DuckDB connection."""
    connection.execute(f"CREATE TABLE {quote(table)} ({', '.join(f'{quote(name)} {type_of(name)}' for name in COLUMNS)})")
    marks = ", ".join(f"?::{type_of(name)}" for name in COLUMNS)
    for position in range(ROWS):
        row = [rows[position] for _family, rows in COLUMNS.values()]
        connection.execute(f"INSERT INTO {quote(table)} VALUES ({marks})", [str(item) if isinstance(item, Decimal) else item for item in row])
