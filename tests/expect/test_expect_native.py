"""Claims in plain SQL are answered as Great Expectations answers them, in one scan, without importing it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from one_fit import ask, seen
from test_expect_untold import Recorder

from dq.expect.fitness import Fit, FitResult, run_fitness
from dq.expect.known import IGNORE_ROW_IF, STOCK
from dq.expect.native import NATIVE, claim
from dq.expect.refuse import refusal
from dq.sql import quote

SEEDS = range(8)
EACH = 110  # claims a table
_DAY = date(2024, 10, 20)
_MOMENT = datetime(2024, 10, 20, 17, tzinfo=UTC)

# Type to the values that rows and claims draw from; few, so that they repeat, and the ends of what a type holds.
POOLS: dict[str, list[Any]] = {
    "VARCHAR": ["", " ", "a", "A", "ab", "a\nb", "é", "e\u0301", "👍🏽", "2024-10-20", "1", "true", "NULL", "%", "_", "a'b", 'a"b', "a:b", "a\\b", "x" * 300],
    "TINYINT": [-128, -1, 0, 1, 127],
    "INTEGER": [-(2**31), -1, 0, 1, 7, 2**31 - 1],
    "BIGINT": [-(2**63), -(2**53) - 1, -1, 0, 1, 2**53, 2**53 + 1, 2**63 - 1],
    "HUGEINT": [-(2**126), -1, 0, 1, 2**64, 2**126],
    "UBIGINT": [0, 1, 2**63, 2**64 - 1],
    "DECIMAL(4,1)": [Decimal(text) for text in ("-999.9", "-0.1", "0.0", "0.1", "0.3", "1.0", "999.9")],
    "DECIMAL(18,2)": [Decimal(text) for text in ("-9999999999999999.99", "-0.01", "0.00", "0.10", "0.30", "1.00", "9999999999999999.99")],
    "DECIMAL(38,6)": [Decimal(text) for text in ("-9007199254740993.000001", "0.000000", "0.100000", "1.000000", "9007199254740993.000001")],
    "BOOLEAN": [True, False],
    "DATE": [date(1, 1, 1), date(1969, 12, 31), _DAY, _DAY + timedelta(days=1), date(9999, 12, 31)],
    "TIMESTAMP WITH TIME ZONE": [datetime(1, 1, 2, tzinfo=UTC), _MOMENT, _MOMENT + timedelta(microseconds=1), datetime(9999, 12, 30, tzinfo=UTC)],
    "TIMESTAMP": [datetime(1, 1, 1), datetime(2024, 10, 20, 17), datetime(2024, 10, 20, 17, 0, 0, 1), datetime(9999, 12, 31)],  # noqa: DTZ001 - wall clocks
    "UUID": [f"{digit}f2b8c1e-0000-4000-8000-000000000000" for digit in "0123"],
    "JSON": ["[1]", "[1] ", '{"a":"x"}', "null"],
}
COLUMNS = {f"{type_} {place}": type_ for type_ in POOLS for place in ("A", "B")}
REGEXES = ("", "^", "a", "^a$", "^A|é$", ".", "(?i)^a", r"\d", "^[^@ ]+$", "(?s)a.b", "^.{1,2}$")
BEYOND = "DuckDB could not answer (Conversion Error)"  # of Great Expectations, which makes a bound a float, about a HUGEINT of 39 digits
PATTERNS = ("%", "_", "a%", "%b", "", r"\%", "a_b")


def _table(connection: Any, chance: random.Random) -> None:
    """Make a table of up to forty rows; some columns are without NULL, and some hold nothing else."""
    rows = chance.choice((0, 1, 2, 9, 40))
    connection.execute(f"CREATE TABLE t ({', '.join(f'{quote(name)} {type_}' for name, type_ in COLUMNS.items())})")
    empty = {name: chance.choice((0, 0, 0.2, 1)) for name in COLUMNS}
    made = [[None if chance.random() < empty[name] else chance.choice(POOLS[type_]) for name, type_ in COLUMNS.items()] for _ in range(rows)]
    for row in made:
        marks = ", ".join(f"?::{type_}" for type_ in COLUMNS.values())
        connection.execute(f"INSERT INTO t VALUES ({marks})", [str(item) if isinstance(item, (int, Decimal)) else item for item in row])


def _claims(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield claims of every kind about every column; those that a contract may not make are dropped later."""
    for name, type_ in COLUMNS.items():
        pool = POOLS[type_]
        few = chance.sample(pool, chance.randint(1, min(3, len(pool))))
        low, high = sorted(chance.choices(pool, k=2))
        one = {"column": name}
        yield from ((f"expect_column_values_to_{claimed}", one) for claimed in ("be_null", "not_be_null", "be_unique"))
        yield from ((f"expect_column_values_to_{claimed}_in_set", {**one, "value_set": few}) for claimed in ("be", "not_be"))
        bounds = {"min_value": low, "max_value": high, "strict_min": chance.random() < 0.5, "strict_max": chance.random() < 0.5}
        yield "expect_column_values_to_be_between", {**one, **bounds}
        yield "expect_column_values_to_be_between", {**one, chance.choice(("min_value", "max_value")): low}
        yield "expect_column_values_to_be_between", {**one, "min_value": chance.choice((0, 0.1, 0.3, -5, 1e15, 10**17))}
        yield "expect_column_values_to_be_in_set", {**one, "value_set": [0, 1.0, 7]}
        yield "expect_column_values_to_not_be_in_set", {**one, "value_set": [0.1, 1, 0.30]}
        yield "expect_column_value_lengths_to_be_between", {**one, "min_value": 1, "max_value": chance.choice((1, 2, 300)), "strict_min": low == high}
        yield "expect_column_value_lengths_to_equal", {**one, "value": chance.choice((0, 1, 2))}
        for claimed in ("match", "not_match"):
            yield f"expect_column_values_to_{claimed}_regex", {**one, "regex": chance.choice(REGEXES)}
            yield f"expect_column_values_to_{claimed}_like_pattern", {**one, "like_pattern": chance.choice(PATTERNS)}
    for a, b in [*((f"{type_} A", f"{type_} B") for type_ in POOLS), ("INTEGER A", "BIGINT A"), ("DECIMAL(4,1) A", "INTEGER B"), ("UBIGINT A", "BIGINT A")]:
        for rule in (None, *IGNORE_ROW_IF["pairs"]):
            pair = {"column_A": a, "column_B": b} | ({"ignore_row_if": rule} if rule else {})
            yield "expect_column_pair_values_to_be_equal", pair
            yield "expect_column_pair_values_a_to_be_greater_than_b", pair | {"or_equal": chance.random() < 0.5}
        for rule in (None, *IGNORE_ROW_IF["records"]):
            listed = [a, b, *chance.sample(["BOOLEAN A", "DATE A"], chance.randint(0, 1))]
            yield "expect_compound_columns_to_be_unique", {"column_list": list(dict.fromkeys(listed))} | ({"ignore_row_if": rule} if rule else {})


def _both(seed: int, *, each: int = EACH) -> tuple[tuple[FitResult, ...], tuple[FitResult, ...]]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    asked = [(type_, arguments) for type_, arguments in _claims(chance) if refusal(type_, arguments, COLUMNS) is None]
    drawn = chance.sample(asked, min(each, len(asked)))
    fits = [Fit(f"{place} {type_} {arguments}", type_, arguments) for place, (type_, arguments) in enumerate(drawn)]
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        connection.execute("SET TimeZone = 'Asia/Jakarta'")
        _table(connection, chance)
        natively = run_fitness(connection, table="t", fits=fits)
        patch.setattr("dq.expect.population.claim", lambda *_: None)
        return natively, run_fitness(connection, table="t", fits=fits)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_claims_about_random_tables_are_answered_the_same_both_ways(seed: int) -> None:
    natively, by_gx = _both(seed)
    answered = [(expected, actual) for expected, actual in zip(by_gx, natively, strict=True) if expected.reason != BEYOND]
    assert [(expected, actual) for expected, actual in answered if expected != actual] == []
    assert len(answered) > 0.9 * EACH


def test_numbers_that_no_decimal_holds_are_compared_where_great_expectations_cannot(connection: Any, request: pytest.FixtureRequest) -> None:
    connection.execute("CREATE TABLE t AS SELECT unnest([2::HUGEINT ** 126, 0, -1]::HUGEINT[]) AS n")
    assert seen(ask(connection, "column_values_to_be_between", column="n", min_value=0)) == ("FAILED", 3, 1)
    request.getfixturevalue("all_by_gx")
    assert ask(connection, "column_values_to_be_between", column="n", min_value=0).reason == BEYOND


def test_what_is_answered_natively_is_a_stock_expectation_that_is_not_refused() -> None:
    assert [name for name in NATIVE if STOCK[name].refused] == []


def test_all_claims_about_a_table_come_from_one_scan(connection: Any) -> None:
    connection.execute("CREATE TABLE t AS SELECT i AS a, i + 1 AS b, 'x' || i AS c FROM range(9) AS r(i)")
    recorder = Recorder(connection)
    fits = [
        Fit("there", "expect_column_values_to_not_be_null", {"column": "a"}),
        Fit("once", "expect_column_values_to_be_unique", {"column": "a"}),
        Fit("together", "expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}),
        Fit("shape", "expect_column_values_to_match_regex", {"column": "c", "regex": "^x"}),
        Fit("order", "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "b", "column_B": "a"}),
    ]
    results = run_fitness(recorder, table="t", fits=fits)
    assert [("PASSED", 9, 0)] * len(fits) == [seen(result) for result in results]
    assert sum(" FROM t" in statement and not statement.startswith("DESCRIBE") for statement in recorder.asked) == 1


LEFT_TO_GX = [
    ("expect_column_values_to_match_like_pattern", {"column": "c", "like_pattern": "x!_%", "escape": "!"}),
    ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [12345678901234567]}),
    ("expect_column_max_to_be_between", {"column": "n", "max_value": 1}),
]


@pytest.mark.parametrize(("type_", "arguments"), LEFT_TO_GX)
def test_what_plain_sql_does_not_know_is_left_to_great_expectations(type_: str, arguments: dict[str, Any]) -> None:
    assert claim(type_, arguments, {"c": "VARCHAR", "n": "BIGINT"}) is None


def test_a_question_mark_in_a_name_or_a_brace_is_no_mark(connection: Any) -> None:
    connection.execute('CREATE TABLE t AS SELECT 1 AS "what? {0} $1"')
    assert seen(ask(connection, "column_values_to_be_in_set", column="what? {0} $1", value_set=[1])) == ("PASSED", 1, 0)
