"""Fits are PASSED, FAILED or NOT PROVEN; whatever was not looked at, or crashed, is NOT PROVEN, and nothing tells a row's value."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from stock_cases import cases
from stock_table import COLUMNS, TABLE, make

from dq.engine import Engine, open_engine
from dq.expect import fitness
from dq.expect.fitness import Answer, Fit, FitResult, run_fitness
from dq.expect.known import STOCK
from dq.sql import Query, quote

SECRET = "anna.schmidt@example.org"  # noqa: S105 - stands for personal data


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def ask(connection: Any, type_: str, table: str = "t", **arguments: Any) -> FitResult:
    return run_fitness(connection, table=table, fits=[Fit("it", f"expect_{type_}", arguments)])[0]


def seen(result: FitResult) -> tuple[str, int, int]:
    return result.outcome, result.looked_at, result.broken


# ---- exact numbers ------------------------------------------------------------------------------------------------

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


# ---- nothing to look at -------------------------------------------------------------------------------------------


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


# ---- crashes ------------------------------------------------------------------------------------------------------


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


# ---- words --------------------------------------------------------------------------------------------------------

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


# ---- no value of a row --------------------------------------------------------------------------------------------


def test_no_value_of_a_row_is_told_logged_or_printed(connection: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    connection.execute(f"CREATE TABLE t AS SELECT '{SECRET}' AS mail, '{SECRET}' AS other, 2147483647 AS a, 1 AS b FROM range(2)")
    fits = [
        Fit("unique", "expect_compound_columns_to_be_unique", {"column_list": ["mail", "other"]}),
        Fit("regex", "expect_column_values_to_match_regex", {"column": "mail", "regex": "^x"}),
        Fit("crash", "expect_column_values_to_match_regex", {"column": "mail", "regex": "("}),
        Fit("overflow", "expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 1}),
        Fit("distinct", "expect_column_distinct_values_to_be_in_set", {"column": "mail", "value_set": ["x"]}),
        Fit("common", "expect_column_most_common_value_to_be_in_set", {"column": "mail", "value_set": ["x"]}),
        Fit("records", "expect_select_column_values_to_be_unique_within_record", {"column_list": ["mail", "other"]}),
    ]
    results = run_fitness(connection, table="t", fits=fits)
    told = "".join((repr(results), caplog.text, *capfd.readouterr()))
    assert ({"FAILED", "NOT PROVEN"}, False) == ({result.outcome for result in results}, SECRET in told)


MESSAGES = [
    (f"(_duckdb.ConversionException) Conversion Error: Could not convert string '{SECRET}' to INT32\n[SQL: x]", "DuckDB could not answer (Conversion Error)"),
    (f'Could not parse "metric_value" of {SECRET} (of type "x")', "Great Expectations could not answer"),
    ("(_duckdb.BinderException) Binder Error: No function matches\nLINE 1: SELECT 1\n[SQL: x]", "Binder Error: No function matches"),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_a_crash_is_told_in_its_own_words_only_where_no_row_was_read(message: str, expected: str) -> None:
    from dq.expect.asking import _one_line  # noqa: PLC0415 - imports Great Expectations, which the tests above do when they must

    assert expected == _one_line(message)


# ---- the engine's locked-down connection --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine as a run opens it, with a snapshot attached and a view on it."""
    file = tmp_path_factory.mktemp("snapshot") / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        make(connection)
    engine = open_engine({"source_snapshot": str(file)})
    engine.execute(Query('CREATE SCHEMA "source"'))
    engine.execute(Query(f'CREATE VIEW "source"."co up" AS SELECT * FROM source_snapshot.main.{quote(TABLE)}'))
    yield engine
    engine.close()


VIEW = '"source"."co up"'
STATE = (
    "SELECT name, value FROM duckdb_settings() ORDER BY name",
    "SELECT database_name, schema_name, table_name FROM duckdb_tables() ORDER BY ALL",
    "SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
)


def state_of(engine: Engine) -> list[list[tuple[Any, ...]]]:
    return [engine.execute(Query(sql)) for sql in STATE]


def test_works_on_a_locked_connection_and_leaves_it_as_it_was(locked: Engine) -> None:
    before = state_of(locked)
    some = [case for case in cases() if case.family in ("text", "table", "instant")]
    results = run_fitness(locked.connection, table=VIEW, fits=[Fit(case.name, case.type, case.arguments) for case in some])
    expected = {case.name: ("PASSED" if case.holds else "FAILED", case.looked_at, case.broken) for case in some}
    assert expected == {result.name: seen(result) for result in results}
    assert before == state_of(locked)


def test_reads_a_snapshot_by_its_full_name(locked: Engine) -> None:
    result = ask(locked.connection, "table_row_count_to_equal", table=f"source_snapshot.main.{quote(TABLE)}", value=7)
    assert seen(result) == ("PASSED", 7, 0)


def test_a_file_named_by_a_regex_is_not_read(locked: Engine, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    result = ask(locked.connection, "column_values_to_match_regex", table=VIEW, column="order", regex=f"' OR read_text('{tmp_path}/secret.txt') OR '")
    assert seen(result) == ("FAILED", 5, 5)
