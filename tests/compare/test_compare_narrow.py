"""What the target's columns cannot hold of a batch: read from the store's own names of types, claimed in SQL, and never more than is so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dq.compare.narrow import _number, narrow_columns
from dq.compare.select import read_select
from dq.contract.columns import read_columns
from dq.contract.models import Entity
from dq.engine import open_engine
from dq.sql import Query, literal
from dq.stores.capacity import Capacity, capacity_of
from dq.stores.digest import content_digest
from dq.stores.manifest import ColumnSeal, Manifest, TableSeal

NAMED = {
    ("varchar(64)", "mariadb"): Capacity(characters=64),
    ("character varying(64)", "postgresql"): Capacity(characters=64),
    ("character(2)", "postgresql"): Capacity(characters=2),
    ("NVARCHAR(10)", "duckdb"): Capacity(characters=10),
    ("tinytext", "mysql"): Capacity(octets=255),
    ("text", "mysql"): Capacity(octets=65535),
    ("text", "postgresql"): None,
    ("VARCHAR", "duckdb"): None,
    ("int(11)", "mariadb"): Capacity(low=-(2**31), high=2**31 - 1),
    ("int(10) unsigned", "mariadb"): Capacity(low=0, high=2**32 - 1),
    ("mediumint(8) unsigned zerofill", "mysql"): Capacity(low=0, high=2**24 - 1),
    ("tinyint(1)", "mysql"): Capacity(low=-128, high=127),
    ("INTEGER", "duckdb"): Capacity(low=-(2**31), high=2**31 - 1),
    ("UBIGINT", "duckdb"): Capacity(low=0, high=2**64 - 1),
    ("HUGEINT", "duckdb"): Capacity(low=-(2**127), high=2**127 - 1),
    ("numeric(12,2)", "postgresql"): Capacity(low=-(10**12) + 1, high=10**12 - 1, scale=2),
    ("decimal(10,0) unsigned", "mysql"): Capacity(low=0, high=10**10 - 1),
    ("numeric", "postgresql"): None,
    ("timestamp with time zone", "postgresql"): None,
    ("enum('a','b')", "mysql"): None,
}


@pytest.mark.parametrize(("named", "kind"), NAMED)
def test_a_stores_name_of_a_type_says_what_a_column_holds(named: str, kind: str) -> None:
    assert capacity_of(named, kind=kind) == NAMED[named, kind]


COLUMNS = {
    "code": "VARCHAR",
    "title": "VARCHAR",
    "kind": {"type": "ENUM", "target": {"1": "a"}},
    "owner_id": {"type": "BIGINT", "through": "accounts"},
    "face": {"type": "DECIMAL(18,2)", "target": "minor"},
    "currency": "VARCHAR",
    "price": "DECIMAL(18,4)",
    "uses": "INTEGER",
    "note": "VARCHAR",
}
TYPES = {
    "code": "varchar(5)",
    "title": "varchar(3)",
    "kind": "tinyint(4)",
    "owner_id": "int(11)",
    "face": "int(11)",
    "currency": "char(3)",
    "price": "decimal(18,4) unsigned",
    "uses": "mediumint(9)",
    "note": "tinytext",
}
ENTITY = Entity.model_validate(
    {
        "name": "things",
        "promise": "Things move.",
        "key": ["code"],
        "columns": read_columns(COLUMNS, key=["code"], file="things.toml"),
        "money": {"amount": "face", "currency": "currency"},
    }
)


def manifest(types: dict[str, str] = TYPES) -> Manifest:
    columns = tuple(ColumnSeal(name=name, store_type=type_, type="VARCHAR") for name, type_ in types.items())
    table = TableSeal(name="items", rows=0, content="0" * 64, columns=columns)
    whole = content_digest([("items", "0" * 64)])
    named = {"migration": "m", "side": "target", "store": "mi", "kind": "mariadb", "version": "11", "moment": "2024-11-05T20:00:00+00:00", "consistency": "one"}
    return Manifest(**named, tables=(table,), content=whole, file_sha256="0" * 64, file_bytes=0, dq="0", duckdb="1")  # type: ignore[arg-type]


def claims(select: str = "SELECT code, title, kind, owner_id, face, currency, price, uses, note FROM items") -> dict[str, str]:
    engine = open_engine({})
    try:
        found = narrow_columns(ENTITY, read_select(engine, select, file="things.sql"), manifest(), minor_units={})
    finally:
        engine.close()
    return {item.column: item.claim for item in found}


def fits(column: str, value: str, *, currency: str = "EUR") -> bool:
    """Say whether a value fits by the claim about its column."""
    engine = open_engine({})
    beside = "" if column == "currency" else f", {literal(currency)} AS currency"
    try:
        row = f"SELECT CAST({value} AS {ENTITY.column(column).type.sql}) AS {column}{beside}"
        (unfit,) = engine.one(Query(f"SELECT {claims()[column]} FROM ({row}) AS r", step="a value"))
    finally:
        engine.close()
    return not unfit


VALUES = [
    ("code", "'12345'", "EUR", True),
    ("code", "'123456'", "EUR", False),
    ("title", "'好评👍'", "EUR", True),  # characters, not bytes
    ("title", "'好评👍!'", "EUR", False),
    ("title", "NULL", "EUR", True),
    ("note", "repeat('é', 127)", "EUR", True),  # bytes
    ("note", "repeat('é', 128)", "EUR", False),
    ("currency", "'EURO'", "", False),
    ("face", "'21474836.47'", "EUR", True),
    ("face", "'21474836.48'", "EUR", False),
    ("face", "'-21474836.48'", "EUR", True),
    ("face", "'-21474836.49'", "EUR", False),
    ("face", "'21474836.48'", "JPY", False),  # no sen
    ("face", "'2147483647'", "JPY", True),
    ("face", "'2147483648'", "JPY", False),
    ("face", "'2147483.64'", "KWD", True),  # three decimals
    ("face", "'2147483.65'", "KWD", False),
    ("face", "'9999999999999999.99'", "EUR", False),
    ("price", "'0'", "EUR", True),
    ("price", "'-0.0001'", "EUR", False),
    ("uses", "'8388607'", "EUR", True),
    ("uses", "'8388608'", "EUR", False),
]


@pytest.mark.parametrize(("column", "value", "currency", "expected"), VALUES)
def test_a_value_that_its_column_cannot_hold_is_claimed(column: str, value: str, currency: str, *, expected: bool) -> None:
    assert fits(column, value, currency=currency) is expected


def test_columns_that_are_decoded_or_go_through_the_crosswalk_are_not_held_against_their_types() -> None:
    assert set(claims()) == {"code", "title", "face", "currency", "price", "uses", "note"}


def test_a_column_that_the_sql_makes_from_others_is_not_held_against_a_type() -> None:
    assert "title" not in claims("SELECT code, note ->> 'title' AS title, kind, owner_id, face, currency, price, uses, note FROM items")


@pytest.mark.parametrize("scale", range(5))
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_the_ends_of_an_integer_are_exact(bits: int, scale: int) -> None:
    """At each end: the last value that fits, and the first that does not."""
    column = ENTITY.column("price")
    whole = Capacity(low=-(2 ** (bits - 1)), high=2 ** (bits - 1) - 1)
    told = list(_number("v", column, whole, scale=scale))
    engine = open_engine({})
    step = Decimal(1).scaleb(-min(scale, 4))
    try:
        for end, beyond in ((whole.high, 1), (whole.low, -1)):
            last = Decimal(end or 0).scaleb(-scale)
            for value, unfit in ((last, False), (last + beyond * step, True)):
                (found,) = engine.one(Query(f"SELECT {' OR '.join(told)} FROM (SELECT CAST('{value}' AS DECIMAL(18,4)) AS v)", step="an end"))
                assert found is unfit, (value, told)
    finally:
        engine.close()
