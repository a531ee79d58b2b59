"""Keys are shown to be unique, exactly, by a bitmap where they are dense integers and by counting where they are not; both ways agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sides_compared import engine_alone

from dq.compare import keys
from dq.compare.keys import Uniqueness, count_keys
from dq.engine import Engine
from dq.sql import Query
from tests.oracle.seeds import seeded

DENSE, COUNTED = "bitmap", "counted distinct"
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
