"""No value of a row is told, logged or fetched without need; the engine's locked-down connection stays as it was."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from one_fit import SECRET, ask, seen
from stock_cases import cases
from stock_table import TABLE, make

from dq.engine import Engine, open_engine
from dq.expect.fitness import Fit, run_fitness
from dq.sql import Query, quote


def test_no_value_of_a_row_is_told_logged_or_printed(connection: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    number = 2_147_483_629  # DuckDB names it when it overflows
    connection.execute(f"CREATE TABLE t AS SELECT '{SECRET}' AS mail, '{SECRET}' AS other, {number} AS a, 100 AS b FROM range(2)")
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
    assert ({"FAILED", "NOT PROVEN"}, []) == ({result.outcome for result in results}, [value for value in (SECRET, str(number)) if value in told])


class Recorder:
    """A connection that remembers what it was asked, and what was fetched."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.asked: Counter[str] = Counter()
        self.fetched: list[Any] = []

    def execute(self, statement: str, *values: Any) -> Recorder:
        """Remember the statement."""
        self.asked[f"{statement} {values}"] += 1
        self.connection.execute(statement, *values)
        return self

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.connection, name)
        return self._fetching(found) if name.startswith("fetch") else found

    def _fetching(self, fetch: Callable[..., Any]) -> Callable[..., Any]:
        def fetched(*how: Any) -> Any:
            self.fetched.append(fetch(*how))
            return self.fetched[-1]

        return fetched


@pytest.mark.parametrize("way", ["natively", "by_gx"])
def test_no_value_that_breaks_a_claim_is_fetched(way: str, connection: Any, request: pytest.FixtureRequest) -> None:
    if way == "by_gx":
        request.getfixturevalue("all_by_gx")
    connection.execute(f"CREATE TABLE t AS SELECT '{SECRET}' AS mail, '{SECRET}' AS other FROM range(2)")
    recorder = Recorder(connection)
    fits = [
        Fit("unique", "expect_column_values_to_be_unique", {"column": "mail"}),
        Fit("regex", "expect_column_values_to_match_regex", {"column": "mail", "regex": "^x"}),
        Fit("compound", "expect_compound_columns_to_be_unique", {"column_list": ["mail", "other"]}),
        Fit("pair", "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "mail", "column_B": "other"}),
    ]
    run_fitness(recorder, table="t", fits=fits)
    assert ([item for item in recorder.fetched if SECRET in repr(item)], len(recorder.fetched) >= len(fits)) == ([], True)


@pytest.mark.usefixtures("all_by_gx")
def test_what_is_answered_is_not_asked_again_because_another_claim_crashes(connection: Any) -> None:
    connection.execute("CREATE TABLE t AS SELECT 2147483647 AS a, 1 AS b, 2 AS c")
    recorder = Recorder(connection)
    pairs = [Fit(f"{a}{b}", "expect_column_pair_values_to_be_equal", {"column_A": a, "column_B": b}) for a in "abc" for b in "abc" if a != b]
    overflows = [Fit(f"overflow {total}", "expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": total}) for total in range(3)]
    run_fitness(recorder, table="t", fits=[*pairs, *overflows])
    counted = {statement: count for statement, count in recorder.asked.items() if " = " in statement and " + " not in statement}
    assert 2 * len(pairs) == len(counted)  # the rows that break each, and none of them
    assert max(counted.values()) <= 2  # once more where another crashed beside it


class Failing(Recorder):
    """A connection that fails while it reads, and names what it read."""

    def execute(self, statement: str, *values: Any) -> Recorder:
        """Fail where a regex is asked for."""
        if "regexp_matches" in statement:
            message = f"IO Error: cannot read on after {SECRET}"
            raise duckdb.OperationalError(message)
        return super().execute(statement, *values)


def test_what_great_expectations_would_log_of_a_failure_is_kept_back(
    connection: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    connection.execute(f"CREATE TABLE t AS SELECT '{SECRET}' AS mail")
    result = ask(Failing(connection), "column_values_to_match_regex", column="mail", regex="^x")
    assert (result.reason, SECRET in "".join((repr(result), caplog.text, *capfd.readouterr()))) == ("DuckDB could not answer (IO Error)", False)


MESSAGES = [
    (f"(_duckdb.ConversionException) Conversion Error: Could not convert string '{SECRET}' to INT32\n[SQL: x]", "DuckDB could not answer (Conversion Error)"),
    (f'Could not parse "metric_value" of {SECRET} (of type "x")', "Great Expectations could not answer"),
    ("(_duckdb.BinderException) Binder Error: No function matches\nLINE 1: SELECT 1\n[SQL: x]", "Binder Error: No function matches"),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_a_crash_is_told_in_its_own_words_only_where_no_row_was_read(message: str, expected: str) -> None:
    from dq.expect.asking import _one_line  # noqa: PLC0415 - imports Great Expectations, which the tests above do when they must

    assert expected == _one_line(message)


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
