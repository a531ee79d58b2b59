"""The oracle's own reading of expressions and SELECTs says what SQL says: three values, joins, filters; held against an engine once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.oracle.expressions import expression
from tests.oracle.selects import read, run

TYPES = {"a": "INTEGER", "b": "INTEGER", "t": "VARCHAR", "f": "BOOLEAN", "d": "DECIMAL(18,2)", "m": "TIMESTAMPTZ", "y": "DATE", "j": "VARCHAR"}
ROWS: tuple[dict[str, Any], ...] = (
    {"a": 1, "b": 2, "t": "used", "f": True, "d": Decimal("1.50"), "m": datetime(2024, 10, 20, 17, tzinfo=UTC), "y": date(2024, 2, 29), "j": '{"x":"1"}'},
    {
        "a": 2,
        "b": -2,
        "t": "",
        "f": False,
        "d": Decimal("-0.01"),
        "m": datetime(2024, 10, 20, 16, 59, 59, tzinfo=UTC),
        "y": date(1999, 1, 1),
        "j": '{"x":null}',
    },
    {"a": None, "b": 0, "t": None, "f": None, "d": None, "m": None, "y": None, "j": None},
    {"a": 3, "b": 1, "t": "\t\u00a0\u200b", "f": False, "d": Decimal(1), "m": None, "y": None, "j": '{"x":1}'},
    {"a": 0, "b": None, "t": "NULL", "f": True, "d": Decimal(0), "m": datetime(1969, 1, 1, tzinfo=UTC), "y": date(2024, 12, 31), "j": "{}"},
)
EXPRESSIONS = (
    "a > 1",
    "a = b",
    "a <> b",
    "a IS NULL",
    "NOT f",
    "f OR a > 1",
    "f AND a > 1",
    "NOT (f AND b = 0)",
    "(t = 'used') = (b IS NOT NULL)",
    "t IN ('used', 'NULL')",
    "NOT t IN ('used', '')",
    "a IN (1, NULL)",
    "a BETWEEN 0 AND b",
    "d = a + 0.5",
    "d * 2 = 3",
    "a - b > 0 AND abs(b) < 2 OR t = ''",
    "-a < b",
    "m < '2024-10-20 17:00:00+00'",
    "y >= '2024-02-29'",
    "t < 'b'",
    "f = true",
    "NULL = a",
    "j ->> 'x' = '1'",
    "(j ->> 'x') IS NULL",
    "a IS DISTINCT FROM b",
    "t IS NOT DISTINCT FROM NULL",
    "t LIKE 'u%' AND t NOT LIKE '__'",
    "t NOT LIKE '%'",
    "regexp_full_match(t, '(?s).*[^\\pZ\\pC].*')",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        yield db


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_means_what_the_engine_means(text: str, engine: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"CAST(${name} AS {kind}) AS {name}" for name, kind in TYPES.items())
    expected = [engine.execute(f"SELECT {text} FROM (SELECT {columns})", row).fetchall()[0][0] for row in ROWS]
    assert [expression(text)(row) for row in ROWS] == expected


STORE = {
    "orders": [{"id": 1, "shop": 7, "gone": None}, {"id": 2, "shop": 8, "gone": None}, {"id": 3, "shop": 9, "gone": 1}, {"id": 4, "shop": None, "gone": None}],
    "shops": [{"shop_id": 7, "name": "x"}, {"shop_id": 8, "name": "y"}, {"shop_id": 8, "name": "z"}],
}
SELECTS = (
    ("SELECT o.id, s.name FROM orders AS o JOIN shops AS s ON s.shop_id = o.shop WHERE o.gone IS NULL", [(0, 1, "x"), (1, 2, "y"), (1, 2, "z")]),
    ("SELECT o.id, s.name FROM orders AS o LEFT JOIN shops AS s ON s.shop_id = o.shop", [(0, 1, "x"), (1, 2, "y"), (1, 2, "z"), (2, 3, None), (3, 4, None)]),
    (
        "SELECT o.id, s.name FROM orders AS o LEFT JOIN shops AS s ON s.shop_id = o.shop AND s.name = 'x'",
        [(0, 1, "x"), (1, 2, None), (2, 3, None), (3, 4, None)],
    ),
    ("SELECT id, shop AS name FROM orders WHERE shop > 7 AND NOT gone = 1", []),
)


@pytest.mark.parametrize(("sql", "expected"), SELECTS, ids=[sql[-40:] for sql, _ in SELECTS])
def test_a_select_joins_and_filters_as_it_says(sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert [(come.place, come.outputs["id"], come.outputs["name"]) for come in run(read(sql), STORE)] == expected


@pytest.mark.parametrize("text", ["a >", "a ~ b", "(a", "a b", "SELECT"])
def test_what_is_not_understood_is_an_error_and_no_guess(text: str) -> None:
    with pytest.raises((ValueError, IndexError, KeyError)):
        expression(text)(ROWS[0])
