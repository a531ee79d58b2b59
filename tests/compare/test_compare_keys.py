"""Keys are shown to be unique, exactly, by their order, by a bitmap where they are dense integers or by counting; the three ways agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sides_compared import engine_alone

from dq.compare import keys
from dq.compare.keys import Uniqueness, count_keys
from dq.engine import Engine
from dq.sql import Query, quote
from tests.oracle.seeds import seeded

DENSE, COUNTED, ASCENDING = "bitmap", "counted distinct", "ascending"
CASES: tuple[tuple[str, tuple[str, ...], list[tuple[Any, ...]], Uniqueness], ...] = (
    ("dense", ("BIGINT",), [(1,), (2,), (3,)], Uniqueness(3, 0, 3, DENSE)),
    ("negative", ("INTEGER",), [(-2,), (-1,), (0,), (1,)], Uniqueness(4, 0, 4, DENSE)),
    ("repeated", ("BIGINT",), [(1,), (2,), (2,)], Uniqueness(3, 0, 2, DENSE)),
    ("NULL", ("BIGINT",), [(1,), (None,), (None,)], Uniqueness(3, 2, 1, DENSE)),
    ("all NULL", ("BIGINT",), [(None,)], Uniqueness(1, 1, 0, DENSE)),
    ("no row", ("BIGINT",), [], Uniqueness(0, 0, 0, DENSE)),
    ("one row", ("BIGINT",), [(9223372036854775807,)], Uniqueness(1, 0, 1, DENSE)),
    ("the widest integers", ("BIGINT",), [(-(2**63),), (2**63 - 1,)], Uniqueness(2, 0, 2, COUNTED)),
    ("sparse", ("BIGINT",), [(1,), (1_000_000,), (1_000_000,)], Uniqueness(3, 0, 2, COUNTED)),
    ("dense at the end of a type", ("TINYINT",), [(127,), (126,), (-128,), (-127,), (0,)] * 20, Uniqueness(100, 0, 5, DENSE)),
    ("HUGEINT", ("HUGEINT",), [(2**100,), (2**100 + 1,), (2**100,)], Uniqueness(3, 0, 2, DENSE)),
    ("sparse HUGEINT", ("HUGEINT",), [(-(2**100),), (2**100,)], Uniqueness(2, 0, 2, COUNTED)),
    ("unsigned", ("UBIGINT",), [(2**64 - 1,), (2**64 - 2,)], Uniqueness(2, 0, 2, DENSE)),
    ("texts", ("VARCHAR",), [("a",), ("A",), ("a ",), ("",), (None,)], Uniqueness(5, 1, 4, COUNTED)),
    ("composite", ("BIGINT", "VARCHAR"), [(1, "a"), (1, "b"), (2, "a"), (1, "a")], Uniqueness(4, 0, 3, COUNTED)),
    ("composite with NULL", ("BIGINT", "VARCHAR"), [(1, None), (1, None), (None, "a"), (1, "a")], Uniqueness(4, 3, 1, COUNTED)),
    ("no joined text collides", ("VARCHAR", "VARCHAR"), [("a", "b|c"), ("a|b", "c"), ("a,b", "c"), ("a", "b,c")], Uniqueness(4, 0, 4, COUNTED)),
    ("decimals", ("DECIMAL(18,2)",), [("1.00",), ("1.01",)], Uniqueness(2, 0, 2, COUNTED)),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def put(engine: Engine, types: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    columns = [(f"c{place}", kind) for place, kind in enumerate(types)]
    engine.execute(Query(f"CREATE OR REPLACE TABLE keyed ({', '.join(f'{name} {kind}' for name, kind in columns)})"))
    if rows:
        line = f"({', '.join(f'CAST(? AS {kind})' for _, kind in columns)})"
        engine.execute(Query(f"INSERT INTO keyed VALUES {', '.join([line] * len(rows))}", tuple(value for row in rows for value in row)))
    return columns


@pytest.mark.parametrize(("types", "rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_keys_are_counted_exactly(types: tuple[str, ...], rows: list[tuple[Any, ...]], expected: Uniqueness, engine: Engine) -> None:
    assert expected == count_keys(engine, "keyed", put(engine, types, rows), step="keys")


@pytest.mark.parametrize(("rows", "nulls", "distinct", "holds"), [(3, 0, 3, True), (3, 1, 2, False), (3, 0, 2, False), (0, 0, 0, True)])
def test_keys_hold_where_none_is_null_and_none_stands_twice(rows: int, nulls: int, distinct: int, *, holds: bool) -> None:
    assert holds is Uniqueness(rows, nulls, distinct, DENSE).holds


@pytest.mark.parametrize("seed", range(8))
def test_bitmap_and_counting_agree_on_whatever_is_drawn(seed: int, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = seeded(seed)
    values = [(rng.choice((None, rng.randint(-30, 60))),) for _ in range(rng.randint(1, 200))]
    columns = put(engine, ("BIGINT",), values)
    times = Counter(value for (value,) in values if value is not None)
    for sparsest, proof in ((10**6, DENSE), (0, COUNTED if len(times) > 0 else DENSE)):
        monkeypatch.setattr(keys, "_SPARSEST", sparsest)
        expected = Uniqueness(len(values), len(values) - times.total(), len(times), proof)
        assert expected == count_keys(engine, "keyed", columns, step="keys")


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few rows be as many as it takes to look whether they stand in order."""
    monkeypatch.setattr(keys, "_MANY", 1)
    monkeypatch.setattr(keys, "_FIRST", 3)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("types", "rows"),
    [
        (("BIGINT",), [(-5,), (1,), (2,), (2**40,)]),
        (("VARCHAR",), [("",), ("A",), ("a",), ("a ",), ("b",)]),
        (("BIGINT", "VARCHAR"), [(1, "b"), (1, "c"), (2, "a"), (2, "b")]),
        (("BIGINT", "BIGINT", "DATE"), [(1, 1, "2024-01-02"), (1, 1, "2024-01-03"), (1, 2, "2024-01-01"), (2, 0, "2024-01-01")]),
    ],
    ids=["integers", "texts", "two columns", "three columns"],
)
def test_rows_in_the_order_of_their_keys_are_unique(types: tuple[str, ...], rows: list[tuple[Any, ...]], engine: Engine) -> None:
    columns = put(engine, types, rows)
    assert Uniqueness(len(rows), 0, len(rows), ASCENDING) == count_keys(engine, "keyed", columns, step="keys", rows=len(rows))


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("types", "rows", "nulls", "distinct"),
    [
        (("BIGINT",), [(1,), (2,), (3,), (3,)], 0, 3),
        (("BIGINT",), [(1,), (2,), (3,), (2,)], 0, 3),
        (("BIGINT",), [(1,), (2,), (3,), (None,)], 1, 3),
        (("BIGINT",), [(None,), (2,), (3,), (4,)], 1, 3),
        (("BIGINT",), [(None,)], 1, 0),
        (("BIGINT", "VARCHAR"), [(1, None), (2, "a"), (3, "a"), (4, "a")], 1, 3),
        (("BIGINT", "VARCHAR"), [(1, "a"), (2, "a"), (3, "a"), (4, None)], 1, 3),
        (("BIGINT", "VARCHAR"), [(1, "a"), (2, "a"), (3, "a"), (3, "a")], 0, 3),
        (("VARCHAR",), [("a",), ("b",), ("B",), ("b",)], 0, 3),
    ],
)
def test_rows_out_of_the_order_of_their_keys_are_counted(
    types: tuple[str, ...], rows: list[tuple[Any, ...]], nulls: int, distinct: int, engine: Engine
) -> None:
    found = count_keys(engine, "keyed", put(engine, types, rows), step="keys", rows=len(rows))
    assert (found.rows, found.nulls, found.distinct) == (len(rows), nulls, distinct)
    assert found.proof != ASCENDING


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("name", ["p0", "p1", "k1", "lag", 'a"b'])
def test_a_key_may_have_any_name(name: str, engine: Engine) -> None:
    engine.execute(Query(f"CREATE OR REPLACE TABLE keyed AS SELECT range AS {quote(name)}, 'x' AS other FROM range(9)"))
    for columns in ([(name, "BIGINT")], [(name, "BIGINT"), ("other", "VARCHAR")]):
        assert count_keys(engine, "keyed", columns, step="keys", rows=9) == Uniqueness(9, 0, 9, ASCENDING)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("seed", range(8))
def test_order_and_counting_agree_on_whatever_is_drawn(seed: int, engine: Engine) -> None:
    rng = seeded(seed)
    values = [(value, rng.choice(("a", "b"))) for value in sorted(rng.choices(range(400), k=rng.randint(2, 12)))]
    columns = put(engine, ("BIGINT", "VARCHAR"), values)
    counted, seen = (count_keys(engine, "keyed", columns, step="keys", rows=rows) for rows in (0, len(values)))
    assert (counted.rows, counted.nulls, counted.distinct) == (seen.rows, seen.nulls, seen.distinct)
    assert (seen.proof == ASCENDING) is all(one < other for one, other in pairwise(values))


def test_several_row_groups_are_one_chain(engine: Engine) -> None:
    columns, rows = [("k", "BIGINT")], 300_000
    engine.execute(Query(f"CREATE OR REPLACE TABLE keyed AS SELECT range AS k FROM range({rows})"))
    assert Uniqueness(rows, 0, rows, ASCENDING) == count_keys(engine, "keyed", columns, step="keys", rows=rows)
    engine.execute(Query("UPDATE keyed SET k = k - 1 WHERE k = 250000"))
    assert Uniqueness(rows, 0, rows - 1, DENSE) == count_keys(engine, "keyed", columns, step="keys", rows=rows)
