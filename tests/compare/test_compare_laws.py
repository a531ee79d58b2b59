"""Laws of the comparison, held by whatever rows are drawn: a copy is proven, a change is found where it is, sides mirror, order is nothing."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sides_compared import Rows, compare, engine_alone, make_entity

from dq.compare.localise import _agrees
from dq.compare.rows import tables
from dq.engine import Engine
from dq.sql import Query
from tests.oracle.seeds import seeded

FIXED = settings(derandomize=True, deadline=None, database=None, max_examples=10, suppress_health_check=list(HealthCheck))
TEXTS = ("", " ", "NULL", "null", "NaN", "nan", "0", "a", "A", "a ", "é", "e\u0301", "\x00", "😀", "'", "a\nb")
COLUMNS = {
    "k": "BIGINT",
    "j": "VARCHAR",
    "a": "VARCHAR",
    "b": "DECIMAL(18,2)",
    "c": "INSTANT",
    "d": "BOOLEAN",
    "e": "DATE",
    "f": "JSON",
    "g": "HUGEINT",
    "h": "UUID",
    "i": "BLOB",
}
ENTITY = make_entity(COLUMNS, key=["k", "j"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "k": st.integers(-3, 40),
    "j": st.sampled_from(TEXTS),
    "a": st.none() | st.sampled_from(TEXTS),
    "b": st.none() | st.decimals(-(10**6), 10**6, places=2),
    "c": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone stands beside
    "d": st.none() | st.booleans(),
    "e": st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "f": st.none() | st.sampled_from(('{"a":1}', "[]", "[1]", "{}", '"x"', '{"a":9007199254740993}')),
    "g": st.none() | st.integers(-(2**100), 2**100),
    "h": st.none() | st.integers(0, 3).map(lambda number: uuid.UUID(int=number)),
    "i": st.none() | st.sampled_from((b"", b"\x00", b"\xff")),
}
ROWS = st.lists(st.tuples(*VALUES.values()), max_size=12, unique_by=lambda row: row[:2])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def key_of(row: tuple[Any, ...]) -> tuple[str, str]:
    return str(row[0]), row[1]


@given(rows=ROWS, order=st.randoms(use_true_random=False))
@FIXED
def test_a_copy_is_proven_in_whatever_order_its_rows_stand(engine: Engine, rows: Rows, order: random.Random) -> None:
    copy = list(rows)
    order.shuffle(copy)
    assert compare(engine, ENTITY, rows, copy).is_proven


def changed(value: Any, column: str) -> Any:
    """Return another value, as near as the type has one."""
    if value is None:
        return {
            "a": "",
            "b": Decimal(0),
            "c": datetime(2000, 1, 1, tzinfo=UTC),
            "d": False,
            "e": date(2000, 1, 1),
            "f": "null",
            "g": 0,
            "h": uuid.UUID(int=9),
        }.get(column, b"")
    near = {
        "a": lambda: value + " ",
        "b": lambda: value + Decimal("0.01"),
        "c": lambda: value + timedelta(microseconds=1),
        "d": lambda: not value,
        "e": lambda: value + timedelta(days=1),
        "f": lambda: '{"a":9007199254740992}',
        "g": lambda: value + 1,
        "h": lambda: uuid.UUID(int=value.int + 1),
        "i": lambda: value + b"\x00",
    }
    return near[column]()


@given(rows=ROWS.filter(len), place=st.integers(0, 11), column=st.sampled_from(list(COLUMNS)[2:]), to_null=st.booleans())
@FIXED
def test_one_changed_cell_is_one_finding_with_its_key_and_column(engine: Engine, rows: Rows, place: int, column: str, *, to_null: bool) -> None:
    place %= len(rows)
    at = list(COLUMNS).index(column)
    value = None if to_null and rows[place][at] is not None else changed(rows[place][at], column)
    target = [*rows[:place], (*rows[place][:at], value, *rows[place][at + 1 :]), *rows[place + 1 :]]
    found = compare(engine, ENTITY, rows, target)
    assert {(key_of(rows[place]), "changed"): frozenset({column})} == found.statuses
    assert [(key_of(rows[place]), column)] == list(found.cells)
    assert found.agrees


@given(source=ROWS, target=ROWS)
@FIXED
def test_swapping_the_sides_mirrors_missing_and_extra(engine: Engine, source: Rows, target: Rows) -> None:
    mirror = {"missing": "extra", "extra": "missing", "changed": "changed"}
    there, back = compare(engine, ENTITY, source, target), compare(engine, ENTITY, target, source)
    assert {(key, mirror[status]): columns for (key, status), columns in there.statuses.items()} == back.statuses
    assert {place: (after, before) for place, (before, after) in there.cells.items()} == back.cells


@given(source=ROWS, target=ROWS)
@FIXED
def test_what_is_found_is_exactly_what_differs(engine: Engine, source: Rows, target: Rows) -> None:
    ours, theirs = ({key_of(row): row for row in rows} for rows in (source, target))
    expected: dict[Any, frozenset[str]] = {(key, "missing"): frozenset() for key in ours.keys() - theirs.keys()}
    expected |= {(key, "extra"): frozenset() for key in theirs.keys() - ours.keys()}
    for key in ours.keys() & theirs.keys():
        columns = frozenset(name for name, one, other in zip(COLUMNS, ours[key], theirs[key], strict=True) if one != other)
        expected |= {(key, "changed"): columns} if columns else {}
    found = compare(engine, ENTITY, source, target)
    assert expected == found.statuses
    assert found.agrees


@given(source=ROWS, target=ROWS, repeats=st.lists(st.integers(0, 11), max_size=6))
@FIXED
def test_repeated_rows_never_cancel(engine: Engine, source: Rows, target: Rows, repeats: list[int]) -> None:
    more = [source[place] for place in repeats if place < len(source)]
    times = Counter(key_of(row) for row in more)
    for ours, theirs in (([*source, *more], target), ([*source, *more], [*target, *more]), ([*source, *more], [*source, *more]), (target, [*source, *more])):
        found = compare(engine, ENTITY, ours, theirs)
        assert {key for key, status in found.statuses if status == "duplicate"} >= set(times)
        assert found.agrees


@given(source=ROWS, target=ROWS)
@FIXED
def test_taking_the_found_rows_out_leaves_equal_fingerprints_and_tampering_does_not(engine: Engine, source: Rows, target: Rows) -> None:
    found = compare(engine, ENTITY, source, target)
    assert _agrees(engine, ENTITY, tables=tables(ENTITY))
    if found.statuses:
        rows = tables(ENTITY).rows
        engine.execute(Query(f"DELETE FROM {rows} WHERE source_hash IS NOT DISTINCT FROM (SELECT max(source_hash) FROM {rows})"))
        assert not _agrees(engine, ENTITY, tables=tables(ENTITY))


NULLISH = (None, "", " ", "NULL", "null", "NaN", "nan", "\\N", "None", "0", "\x00")


@pytest.mark.parametrize("one", NULLISH, ids=repr)
def test_null_and_texts_that_look_like_it_are_all_different(engine: Engine, one: str | None) -> None:
    entity = make_entity({"k": "INTEGER", "a": "VARCHAR"}, key="k")
    source = [(place, one) for place, _ in enumerate(NULLISH)]
    target = list(enumerate(NULLISH))
    same = NULLISH.index(one)
    expected = {((str(place),), "changed"): frozenset({"a"}) for place, _ in enumerate(NULLISH) if place != same}
    assert expected == compare(engine, entity, source, target).statuses


@pytest.mark.parametrize("threads", [2, 4])
def test_the_number_of_threads_changes_nothing_that_is_found(threads: int, engine: Engine) -> None:
    rng = seeded(7)
    entity = make_entity({"k": "BIGINT", "a": "VARCHAR", "b": "DECIMAL(18,2)"}, key="k")
    source = [(number, rng.choice(TEXTS), Decimal(rng.randint(0, 999)) / 100) for number in range(300)]
    target = [(number, text, amount + (rng.random() < 0.1)) for number, text, amount in source if rng.random() < 0.95]
    with engine_alone(threads) as other:
        assert compare(engine, entity, source, target) == compare(other, entity, source, target)
