"""Fits are PASSED, FAILED or NOT PROVEN; whatever was not looked at, or crashed, is NOT PROVEN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pytest
from one_fit import SECRET, ask, seen
from stock_cases import cases
from stock_table import COLUMNS, TABLE, make

from dq.expect import fitness
from dq.expect.fitness import Answer, Fit, FitResult, run_fitness
from dq.expect.known import STOCK
from dq.sql import quote


def test_nothing_is_proven_of_an_empty_table(connection: Any) -> None:
    make(connection)
    connection.execute(f"DELETE FROM {quote(TABLE)}")
    fits = [Fit(case.name, case.type, case.arguments) for case in cases()]
    results = run_fitness(connection, table=quote(TABLE), fits=fits)
    assert {("NOT PROVEN", 0, 0)} == {seen(result) for result in results}


def test_nothing_is_proven_of_a_column_of_nulls(connection: Any) -> None:
    nulls = ", ".join(f"NULL::{'DECIMAL(38,2)' if family == 'decimal' else 'VARCHAR'} AS {quote(name)}" for name, (family, _) in COLUMNS.items())
    connection.execute(f"CREATE TABLE t AS SELECT {nulls} FROM range(3)")
    asked = [case for case in cases() if case.family == "text" and STOCK[case.type].counts not in ("rows", "table")]
    asked = [case for case in asked if case.arguments.get("ignore_row_if") not in ("neither", "never")]
    results = run_fitness(connection, table="t", fits=[Fit(case.name, case.type, case.arguments) for case in asked])
    assert {("NOT PROVEN", 0, 0)} == {seen(result) for result in results}


def test_says_what_there_was_nothing_of(connection: Any) -> None:
    connection.execute("CREATE TABLE t AS SELECT NULL::INTEGER AS n")
    expected = "n: values to be unique is not proven: no values to look at."
    assert expected == ask(connection, "column_values_to_be_unique", column="n").sentence


@pytest.fixture
def crashes(connection: Any) -> tuple[FitResult, ...]:
    """Three claims that DuckDB cannot answer among two that it can."""
    connection.execute(f"CREATE TABLE t AS SELECT 2147483647 AS a, 1 AS b, '{SECRET}' AS mail FROM range(3)")
    fits = [
        Fit("lookahead", "expect_column_values_to_match_regex", {"column": "mail", "regex": "(?=anna)"}),
        Fit("holds", "expect_column_values_to_match_regex", {"column": "mail", "regex": "@"}),
        Fit("unclosed", "expect_column_values_to_not_match_regex", {"column": "mail", "regex": "["}),
        Fit("overflow", "expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 1}),
        Fit("broken", "expect_column_values_to_match_regex", {"column": "mail", "regex": "^x"}),
    ]
    return run_fitness(connection, table="t", fits=fits)


def test_a_crash_is_not_proven_and_disturbs_no_other(crashes: tuple[FitResult, ...]) -> None:
    expected = {
        "lookahead": ("NOT PROVEN", 3, 0),
        "holds": ("PASSED", 3, 0),
        "unclosed": ("NOT PROVEN", 3, 0),
        "overflow": ("NOT PROVEN", 3, 0),
        "broken": ("FAILED", 3, 3),
    }
    assert expected == {result.name: seen(result) for result in crashes}


def test_each_crash_has_its_own_reason(crashes: tuple[FitResult, ...]) -> None:
    expected = {
        "lookahead": "DuckDB could not answer (Invalid Input Error)",
        "unclosed": "DuckDB could not answer (Invalid Input Error)",
        "overflow": "DuckDB could not answer (Out of Range Error)",
    }
    assert expected == {result.name: result.reason for result in crashes if result.outcome == "NOT PROVEN"}


def test_a_claim_after_a_crash_is_answered_on_the_same_connection(connection: Any, crashes: tuple[FitResult, ...]) -> None:
    assert seen(ask(connection, "column_values_to_match_regex", column="mail", regex="@")) == ("PASSED", 3, 0)
    assert crashes


def test_a_table_that_is_not_there_is_the_callers_error(connection: Any) -> None:
    with pytest.raises(duckdb.CatalogException):
        ask(connection, "column_values_to_be_unique", table="nowhere", column="n")


CONTRADICTIONS = [
    (Answer(success=True, looked_at=7, broken=1), "Great Expectations contradicts itself: its verdict does not follow from its count"),
    (Answer(success=False, looked_at=7, broken=0), "Great Expectations contradicts itself: its verdict does not follow from its count"),
    (Answer(success=False, looked_at=7, broken=8), "Great Expectations contradicts itself: its verdict does not follow from its count"),
    (Answer(success=True, looked_at=7, broken=None), "Great Expectations contradicts itself: its verdict does not follow from its count"),
    (Answer(success=True, looked_at=6, broken=0), "Great Expectations looked at 6 of 7 values"),
    (Answer(crash="it fell"), "it fell"),
]


@pytest.mark.parametrize(("answer", "expected"), CONTRADICTIONS)
def test_an_answer_that_does_not_fit_what_we_counted_is_not_proven(answer: Answer, expected: str) -> None:
    result = fitness._judged(Fit("it", "expect_column_values_to_be_unique", {"column": "n"}), 7, answer)
    assert ("NOT PROVEN", expected) == (result.outcome, result.reason)


SENTENCES = [
    ("column_values_to_be_unique", {"column": "n"}, "n: values to be unique: 2 of 3 values break it."),
    ("column_values_to_be_between", {"column": "n", "max_value": 1}, "n: values to be between: 1 of 3 values breaks it."),
    ("column_values_to_be_between", {"column": "n", "max_value": 9}, "n: values to be between holds for 3 values."),
    ("column_values_to_not_be_null", {"column": "n"}, "n: values to not be null: 1 of 4 rows breaks it."),
    ("column_max_to_be_between", {"column": "n", "max_value": 1}, "n: max to be between does not hold for 3 values as a whole."),
    ("table_row_count_to_equal", {"value": 4}, "table row count to equal holds for 4 rows as a whole."),
]


@pytest.mark.parametrize(("type_", "arguments", "expected"), SENTENCES)
def test_says_what_was_found(connection: Any, type_: str, arguments: Mapping[str, Any], expected: str) -> None:
    connection.execute("CREATE TABLE t AS SELECT unnest([1, 1, 2, NULL]) AS n")
    assert expected == ask(connection, type_, **arguments).sentence
