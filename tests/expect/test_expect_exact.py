"""Numbers and moments are compared as they were written, beyond what a float keeps."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from one_fit import ask, seen

from dq.expect.exact import exact_literal, same
from dq.expect.fitness import Answer, Fit


class Choice(StrEnum):
    """A text of Great Expectations that comes back as an enumeration."""

    ANY = "any"


BIG = 2**53

EXACT = [
    ("column_sum_to_be_between", "BIGINT", [BIG + 1, -BIG], {"min_value": 1, "max_value": 1}, ("PASSED", 2, 0)),
    ("column_sum_to_be_between", "BIGINT", [2**62, 2**62, 2**62, 1 - 3 * 2**61, -3 * 2**61], {"max_value": 0}, ("FAILED", 5, 0)),
    ("column_max_to_be_between", "BIGINT", [BIG, BIG + 1], {"min_value": 9_007_199_254_740_00 * 10}, ("PASSED", 2, 0)),
    ("column_values_to_be_between", "DECIMAL(38,20)", ["0.1", "0.10000000000000000001"], {"max_value": 0.1}, ("FAILED", 2, 1)),
    ("column_values_to_be_between", "DECIMAL(38,20)", ["0.1", "0.09999999999999999999"], {"min_value": 0.1}, ("FAILED", 2, 1)),
    ("column_values_to_be_between", "DECIMAL(38,2)", ["100000000000000.01"], {"max_value": 100_000_000_000_000}, ("FAILED", 1, 1)),
    ("column_values_to_be_in_set", "DECIMAL(38,2)", ["9007199254740993.00"], {"value_set": [BIG]}, ("FAILED", 1, 1)),
    ("column_values_to_be_in_set", "DECIMAL(38,2)", ["9007199254740993.00"], {"value_set": [BIG + 1]}, ("PASSED", 1, 0)),
    ("column_values_to_be_in_set", "DECIMAL(38,2)", ["0.10", "0.30"], {"value_set": [0.1, 0.3]}, ("PASSED", 2, 0)),
    ("column_values_to_not_be_in_set", "DECIMAL(38,2)", ["9007199254740993.00"], {"value_set": [BIG]}, ("PASSED", 1, 0)),
    ("column_distinct_values_to_equal_set", "DECIMAL(38,2)", ["0.10", "0.30"], {"value_set": [0.1, 0.3]}, ("PASSED", 2, 0)),
    ("column_distinct_values_to_be_in_set", "DECIMAL(38,2)", ["9007199254740993.00"], {"value_set": [BIG]}, ("FAILED", 1, 0)),
]


@pytest.mark.parametrize("case", EXACT)
def test_numbers_are_compared_beyond_what_a_float_keeps(connection: Any, case: tuple[str, str, list[Any], dict[str, Any], tuple[str, int, int]]) -> None:
    type_, column, values, arguments, expected = case
    connection.execute(f"CREATE TABLE t AS SELECT unnest(?)::{column} AS n", [values])
    assert expected == seen(ask(connection, type_, column="n", **arguments))


def test_the_sum_of_a_decimal_column_is_refused(connection: Any) -> None:
    connection.execute("CREATE TABLE t AS SELECT 9007199254740993.00::DECIMAL(38,2) AS n")
    result = ask(connection, "column_sum_to_be_between", column="n", max_value=1)
    assert ("NOT PROVEN", "makes a float of it, which loses digits" in str(result.reason)) == (result.outcome, True)


LITERALS = [
    (7, "7"),
    (-(2**70), "-1180591620717411303424"),
    (0.1, "0.1"),
    (1e-7, "0.0000001"),
    (1e20, "100000000000000000000"),
    (Decimal("9007199254740993.01"), "9007199254740993.01"),
    (date(2024, 10, 20), "DATE '2024-10-20'"),
    (datetime(2024, 10, 20, 17, 0, 0, 1), "TIMESTAMP '2024-10-20 17:00:00.000001'"),  # noqa: DTZ001 - a wall clock
    (datetime(2024, 10, 21, tzinfo=timezone(timedelta(hours=7))), "TIMESTAMPTZ '2024-10-20 17:00:00+00:00'"),
    ("it's", "'it''s'"),
]


@pytest.mark.parametrize(("value", "expected"), LITERALS)
def test_a_bound_becomes_sql_without_losing_a_digit_or_an_hour(value: object, expected: str) -> None:
    assert expected == exact_literal(value)


@pytest.mark.parametrize("value", [True, None, float("nan"), float("inf"), 0.30000000000000004, 9007199254740992.0, [1]])
def test_what_is_no_exact_bound_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="a bound"):
        exact_literal(value)


SAME = [
    (1, 1.0, True),
    (0.1, Decimal("0.1"), True),
    (2**53 + 1, float(2**53 + 1), False),
    (True, 1, False),
    (None, False, False),
    ([1, "a"], [1.0, "a"], True),
    ([1], [1, 2], False),
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"b": 1}, False),
    ("any", Choice.ANY, True),
    (date(2024, 10, 20), datetime(2024, 10, 20), False),  # noqa: DTZ001 - a wall clock
    ("2024-10-20", date(2024, 10, 20), False),
]


@pytest.mark.parametrize(("given", "kept", "expected"), SAME)
def test_an_argument_is_the_same_only_if_its_value_is(given: object, kept: object, expected: bool) -> None:  # noqa: FBT001 - a case
    assert expected is same(given, kept)


def test_an_argument_that_great_expectations_changes_is_not_proven() -> None:
    from dq.expect.asking import _built  # noqa: PLC0415 - imports Great Expectations

    fit = Fit("it", "expect_column_values_to_be_between", {"column": "n", "max_value": BIG + 1})
    assert Answer(crash="Great Expectations would check another 'max_value' than the one given") == _built(fit, 0, {"n": "BIGINT"})
