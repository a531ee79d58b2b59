"""Content digests: equal for the same content whatever its order or storage, different for whatever else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from dq.engine import Engine
from dq.errors import EngineError
from dq.sql import Query, path
from dq.stores.digest import content_digest, part_digests, row_digest, table_digest

pytestmark = pytest.mark.slow  # seconds together


def _digest(*statements: str, connection: duckdb.DuckDBPyConnection | None = None, name: str = "t") -> str:
    """Return the digest of table t after some statements."""
    connection = connection or duckdb.connect()
    for statement in ("SET TimeZone = 'UTC'", *statements):
        connection.execute(statement)
    types = {row[0]: row[1] for row in connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 't'").fetchall()}
    (rows,) = connection.execute("SELECT count(*) FROM t").fetchone() or (0,)
    return table_digest(Engine(connection), path("t"), name=name, types=types, rows=rows)


def _values(*rows: str, types: str = "a VARCHAR, b VARCHAR") -> str:
    return _digest(f"CREATE TABLE t ({types})", *(f"INSERT INTO t VALUES {row}" for row in rows))


def _bytes(value: object) -> bytes:
    """Write a value as the digest does; a pair is a whole number and the bytes it takes, negative for one without a sign."""
    if value is None:
        return b"\x01"
    if isinstance(value, tuple):
        number, width = value
        return b"\x02" + (number + (1 << (8 * width - 1)) if width > 0 else number).to_bytes(abs(width), "big")
    data = value.encode() if isinstance(value, str) else value
    assert isinstance(data, bytes)
    return b"\x02" + b"".join(b"\x01" + data[place : place + 1] if data[place] < 2 else data[place : place + 1] for place in range(len(data))) + b"\x00"


# Each type with values as SQL and as they are written.
WRITTEN: dict[str, list[tuple[str, object]]] = {
    "BOOLEAN": [("true", (1, -1)), ("false", (0, -1)), ("NULL", None)],
    "TINYINT": [("-128", (-128, 1)), ("5", (5, 1))],
    "SMALLINT": [("-2", (-2, 2))],
    "INTEGER": [("2147483647", (2**31 - 1, 4)), ("NULL", None)],
    "BIGINT": [("-9223372036854775808", (-(2**63), 8)), ("0", (0, 8))],
    "HUGEINT": [("-1", (-1, 16)), ("170141183460469231731687303715884105727", (2**127 - 1, 16))],
    "UTINYINT": [("255", (255, -1))],
    "USMALLINT": [("258", (258, -2))],
    "UINTEGER": [("1", (1, -4))],
    "UBIGINT": [("18446744073709551615", (2**64 - 1, -8))],
    "UHUGEINT": [("3", (3, -16))],
    "DECIMAL(4,1)": [("-1.5", (-15, 2))],
    "DECIMAL(9,2)": [("1.5", (150, 4))],
    "DECIMAL(18,2)": [("-1.5", (-150, 8))],
    "DECIMAL(38,10)": [("1.5", (15 * 10**9, 16))],
    "DATE": [("'1970-01-03'", (2, 4)), ("'1969-12-31'", (-1, 4))],
    "TIME": [("'00:00:01'", (1_000_000, 8))],
    "TIMESTAMP": [("'1970-01-01 00:00:00.000002'", (2, 8)), ("'infinity'", (2**63 - 1, 8))],
    "TIMESTAMP WITH TIME ZONE": [("'1970-01-01 07:00:00+07'", (0, 8))],
    "UUID": [("'00000000-0000-0000-0000-000000000102'", (258, -16))],
    "VARCHAR": [("'kopi ☕'", "kopi ☕"), ("''", ""), ("'a' || chr(0) || chr(1) || 'b'", "a\0\1b"), ("NULL", None)],
    "BLOB": [("'\\x00\\x01\\x02\\xFF'::BLOB", b"\0\1\2\xff"), ("''::BLOB", b"")],
    "DOUBLE": [("-0.0::DOUBLE", "-0.0"), ("'NaN'", "nan"), ("0.1", "0.1")],
    "INTERVAL": [("'30 days'", "30 days")],
    "JSON": [("'{\"a\": 1}'", '{"a": 1}')],
    "VARCHAR[]": [("['a', NULL]", '=["a",null]'), ("NULL", None)],
}


@pytest.mark.parametrize("type_", WRITTEN)
def test_the_digest_is_of_the_bytes_that_are_documented(type_: str) -> None:
    values = WRITTEN[type_]
    hashes = sorted(hashlib.sha256(b"\x02\x00" + _bytes(value)).digest() for _, value in values)
    expected = hashlib.sha256(json.dumps(["t", [("a", type_)], len(values)]).encode() + b"\n" + b"".join(hashes)).hexdigest()
    assert _values(*(f"({text})" for text, _ in values), types=f"a {type_}") == expected


def test_the_columns_are_written_by_name() -> None:
    row = hashlib.sha256(b"\x02\x00" + _bytes("x") + _bytes(None) + _bytes((7, 4))).digest()
    expected = hashlib.sha256(json.dumps(["t", [("a", "VARCHAR"), ("b", "BLOB"), ("c", "INTEGER")], 1]).encode() + b"\n" + row).hexdigest()
    assert _values("(7, NULL, 'x')", types="c INTEGER, b BLOB, a VARCHAR") == expected


def test_a_collation_makes_no_two_texts_one() -> None:
    assert _values("('a')", types="a VARCHAR COLLATE NOCASE") != _values("('A')", types="a VARCHAR COLLATE NOCASE")


ROWS = ("('a', 'x')", "('b', NULL)", "(NULL, '')", "('a', 'x')")


def test_the_order_of_rows_is_irrelevant() -> None:
    assert _values(*ROWS) == _values(*reversed(ROWS)) == _values(*ROWS[2:], *ROWS[:2])


def test_the_order_of_columns_is_irrelevant() -> None:
    one = _digest("CREATE TABLE t (a INTEGER, b VARCHAR)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    other = _digest("CREATE TABLE t (b VARCHAR, a INTEGER)", "INSERT INTO t VALUES ('y', 2), ('x', 1)")
    assert one == other


def test_many_rows_in_any_order_with_any_number_of_threads_are_the_same() -> None:
    many = "CREATE TABLE t AS SELECT i AS a, 'v' || i % 1000 AS b FROM range(150000) AS r(i)"
    digests = {_digest(f"SET threads = {threads}", f"{many} ORDER BY {order}") for threads in (1, 4) for order in ("i", "hash(i)")}
    assert len(digests) == 1


@pytest.mark.parametrize("version", ["v1.0.0", "v1.2.0", "latest"])
def test_the_same_content_in_another_storage_version_is_the_same(tmp_path: Path, version: str) -> None:
    rows = "CREATE TABLE t AS SELECT i AS a, CAST(i AS DECIMAL(18,2)) AS b, 'v' || i AS c FROM range(5000) AS r(i)"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'stored.duckdb'}' AS stored (STORAGE_VERSION '{version}')")
        connection.execute("USE stored")
        assert _digest(rows, "CHECKPOINT", connection=connection) == _digest(rows)


# Rows that must not be taken for each other: (types, rows, other rows), or (types, rows, other types, rows).
DIFFERENT = {
    "one more row": ("a VARCHAR", ["('x')"], ["('x')", "('x')"]),
    "which row is repeated": ("a VARCHAR", ["('x')", "('x')", "('y')"], ["('x')", "('y')", "('y')"]),
    "a value moved to the next column": ("a VARCHAR, b VARCHAR", ["('ab', 'c')"], ["('a', 'bc')"]),
    "a value swapped with the next column": ("a VARCHAR, b VARCHAR", ["('a', 'b')"], ["('b', 'a')"]),
    "values swapped between rows": ("a VARCHAR, b VARCHAR", ["('1', 'x')", "('2', 'y')"], ["('1', 'y')", "('2', 'x')"]),
    "a separator forged": ("a VARCHAR, b VARCHAR", ["('1:a', '')"], ["('', '1:a')"]),
    "a length forged": ("a VARCHAR, b VARCHAR", ["('a1:b', 'c')"], ["('a', 'b1:c')"]),
    "NULL and ''": ("a VARCHAR", ["(NULL)"], ["('')"]),
    "NULL and N": ("a VARCHAR", ["(NULL)"], ["('N')"]),
    "NULL and NULL in letters": ("a VARCHAR", ["(NULL)"], ["('NULL')"]),
    "'' and 0:": ("a VARCHAR", ["('')"], ["('0:')"]),
    "NULL in this column or that": ("a VARCHAR, b VARCHAR", ["(NULL, 'a')"], ["('a', NULL)"]),
    "a blank at the end": ("a VARCHAR", ["('a')"], ["('a ')"]),
    "upper and lower case": ("a VARCHAR", ["('a')"], ["('A')"]),
    "composed and decomposed": ("a VARCHAR", ["('é')"], ["('e\u0301')"]),
    "a character 0": ("a VARCHAR", ["('a' || chr(0))"], ["('a')"]),
    "a separator in a list": ("a VARCHAR[]", ["(['a,b'])"], ["(['a', 'b'])"]),
    "a quoted separator in a list": ("a VARCHAR[]", ["(['a\", \"b'])"], ["(['a', 'b'])"]),
    "NULL in a list": ("a VARCHAR[]", ["([NULL])"], ["(['NULL'])"]),
    "an empty list and none": ("a VARCHAR[]", ["([])"], ["(NULL)"]),
    "'' in a list and an empty list": ("a VARCHAR[]", ["([''])"], ["([])"]),
    "the order in a list": ("a INTEGER[]", ["([1, 2])"], ["([2, 1])"]),
    "lists in a list": ("a INTEGER[][]", ["([[1], [2]])"], ["([[1, 2], []])"]),
    "a part of a struct": ("a STRUCT(x VARCHAR, y VARCHAR)", ["({'x': 'a', 'y': NULL})"], ["({'x': NULL, 'y': 'a'})"]),
    "a separator in a struct": ("a STRUCT(x VARCHAR, y VARCHAR)", ["({'x': 'a, y: b', 'y': 'c'})"], ["({'x': 'a', 'y': 'b, c'})"]),
    "a key of a map": ("a MAP(VARCHAR, VARCHAR)", ["(MAP {'k': 'v'})"], ["(MAP {'v': 'k'})"]),
    "a number's last digit": ("a DECIMAL(38,2)", ["(90071992547409930000.01)"], ["(90071992547409930000.02)"]),
    "a big integer": ("a BIGINT", ["(9007199254740992)"], ["(9007199254740993)"]),
    "a double's last bit": ("a DOUBLE", ["(0.1)"], ["(0.10000000000000002)"]),
    "0.0 and -0.0": ("a DOUBLE", ["(0.0)"], ["('-0.0')"]),
    "NaN and NULL": ("a DOUBLE", ["('NaN')"], ["(NULL)"]),
    "NaN and infinity": ("a DOUBLE", ["('NaN')"], ["('Infinity')"]),
    "both infinities": ("a DOUBLE", ["('-Infinity')"], ["('Infinity')"]),
    "a microsecond": ("a TIMESTAMP", ["('2024-11-05 20:00:00.000001')"], ["('2024-11-05 20:00:00')"]),
    "a nanosecond": ("a TIMESTAMP_NS", ["('2024-11-05 20:00:00.000000001')"], ["('2024-11-05 20:00:00')"]),
    "an instant": ("a TIMESTAMPTZ", ["('2024-11-05 20:00:00+00')"], ["('2024-11-05 20:00:00+07')"]),
    "BC and AD": ("a DATE", ["('0044-03-15 (BC)')"], ["('0044-03-15')"]),
    "a byte of a blob": ("a BLOB", ["('\\x00'::BLOB)"], ["('\\x01'::BLOB)"]),
    "a blob and its text": ("a BLOB", ["('\\x41'::BLOB)"], ["('\\x5C\\x78\\x34\\x31'::BLOB)"]),
    "an interval's form": ("a INTERVAL", ["('1 month')"], ["('30 days')"]),
    "a number and its text in a variant": ("a VARIANT", ["(1)"], ["('1')"]),
    "a tag of a union": ("a UNION(n INTEGER, m INTEGER)", ["(union_value(n := 1))"], ["(union_value(m := 1))"]),
    "a decimal in a list": ("a DECIMAL(38,2)[]", ["([90071992547409930000.01])"], ["([90071992547409930000.02])"]),
    "a double in a list": ("a DOUBLE[]", ["(['NaN'::DOUBLE])"], ["(['Infinity'::DOUBLE])"]),
    "a byte in a list": ("a BLOB[]", ["(['\\xFF'::BLOB])"], ["(['\\xFE'::BLOB])"]),
    "a nanosecond in a list": ("a TIMESTAMP_NS[]", ["(['2024-11-05 20:00:00.000000001'::TIMESTAMP_NS])"], ["(['2024-11-05 20:00:00'::TIMESTAMP_NS])"]),
    "a code": ("a ENUM ('x', 'y')", ["('x')"], ["('y')"]),
}


@pytest.mark.parametrize(("types", "rows", "others"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_not_the_same_content_has_another_digest(types: str, rows: list[str], others: list[str]) -> None:
    assert _values(*rows, types=types) != _values(*others, types=types)


TYPES = {
    "another width": ("a INTEGER", "a BIGINT", "(1)"),
    "another scale": ("a DECIMAL(18,2)", "a DECIMAL(18,3)", "(1)"),
    "text instead of a number": ("a INTEGER", "a VARCHAR", "('1')"),
    "a wall clock instead of an instant": ("a TIMESTAMP", "a TIMESTAMPTZ", "('2024-11-05 20:00:00')"),
    "another name": ("a INTEGER", "b INTEGER", "(1)"),
    "another case of a name": ("a INTEGER", "A INTEGER", "(1)"),
    "a code instead of text": ("a ENUM ('x')", "a VARCHAR", "('x')"),
}


@pytest.mark.parametrize(("types", "others", "row"), TYPES.values(), ids=TYPES)
def test_names_and_types_are_covered(types: str, others: str, row: str) -> None:
    assert _values(row, types=types) != _values(row, types=others)


@pytest.mark.parametrize("types", ["a INTEGER", "a INTEGER, b VARCHAR", "b VARCHAR"])
def test_an_empty_table_is_its_names_and_types(types: str) -> None:
    others = {_values(types=other) for other in ("a INTEGER", "a INTEGER, b VARCHAR", "b VARCHAR") if other != types}
    assert _values(types=types) == _values(types=types)
    assert _values(types=types) not in others


def test_the_tables_name_is_covered() -> None:
    assert _digest("CREATE TABLE t (a INTEGER)", name="t") != _digest("CREATE TABLE t (a INTEGER)", name="u")


def test_tables_are_put_together_in_any_order() -> None:
    assert content_digest([("a", "1"), ("b", "2")]) == content_digest([("b", "2"), ("a", "1")])


@pytest.mark.parametrize(
    "others",
    [[("a", "2"), ("b", "1")], [("a", "1")], [("a", "1"), ("b", "2"), ("c", "3")], [('a", "1"], ["b', "2")], [("b", "1"), ("a", "2")], []],
)
def test_other_tables_are_another_content(others: list[tuple[str, str]]) -> None:
    assert content_digest(others) != content_digest([("a", "1"), ("b", "2")])


NUMBERS = {"a": "INTEGER"}
PARTS = (0, 3, 1, 200_000)  # rows; the last are more than come from the engine at a time


def _parts(engine: Engine, rows: Sequence[int]) -> tuple[str, ...]:
    """Return the digests of parts of a table whose rows say in which they are."""
    numbers = ", ".join(f"({part}, {count})" for part, count in enumerate(PARTS))
    engine.execute(Query(f"CREATE OR REPLACE TABLE t AS SELECT part, i::INTEGER AS a FROM (VALUES {numbers}) AS p (part, n), range(n) AS r (i)"))
    return part_digests(engine, f"SELECT {row_digest(NUMBERS)} AS h FROM t ORDER BY part, h", name="t", types=NUMBERS, rows=rows)


def test_the_digests_of_parts_are_those_of_each_alone() -> None:
    engine = Engine(duckdb.connect())
    found = _parts(engine, PARTS)
    alone = (f"(SELECT a FROM t WHERE part = {part})" for part in range(len(PARTS)))
    assert tuple(table_digest(engine, one, name="t", types=NUMBERS, rows=rows) for one, rows in zip(alone, PARTS, strict=True)) == found


@pytest.mark.parametrize(("rows", "why"), [((*PARTS, 1), "fewer"), (PARTS[:-1], "more"), ((*PARTS[:-1], 199_999), "more")])
def test_parts_of_other_sizes_than_were_counted_have_no_digest(rows: tuple[int, ...], why: str) -> None:
    with pytest.raises(EngineError, match=f"digest of t: it has {why} rows than were counted"):
        _parts(Engine(duckdb.connect()), rows)
