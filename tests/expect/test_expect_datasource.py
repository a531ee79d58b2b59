"""Anyone uses DuckDB as a data source of Great Expectations: own suites, checkpoints and actions, on files, views and queries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import duckdb
import pytest

from dq.expect.datasource import lend, quiet_context
from dq.expect.door import gx, sa
from dq.expect.known import NO_SQL, STOCK
from dq.sql import quote

gxe = gx.expectations

ROWS = """
    SELECT unnest(['A-1', 'A-2', 'b', 'b', NULL]) AS "order", unnest([1, 2, 2, NULL, NULL]) AS "_num_rows",
        unnest(['0.10', '9007199254740993.00', '0.30', '0.30', NULL])::DECIMAL(38,2) AS amount, DATE '2024-10-20' AS day
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE coupons AS {ROWS}")
        connection.execute('CREATE SCHEMA "odd one"')
        connection.execute('CREATE VIEW "odd one"."a.b" AS SELECT * FROM coupons LIMIT 3')
        connection.execute('CREATE TABLE "a.b" AS SELECT * FROM coupons LIMIT 2')
    return path


@pytest.fixture
def store(file: Path) -> Iterator[Any]:
    source = quiet_context().data_sources.add_duckdb("store", connection_string=f"duckdb:///{file}?access_mode=read_only")
    yield source
    source.get_execution_engine().close()


def validated(asset: Any, *expectations: Any) -> list[Any]:
    """Return one result for each, in the same order."""
    for place, expectation in enumerate(expectations):
        expectation.meta = {"place": place}
    suite = gx.ExpectationSuite(name="suite", expectations=list(expectations))
    found = asset.add_batch_definition_whole_table("whole").get_batch().validate(suite)
    return sorted(found.results, key=lambda result: result.expectation_config.meta["place"])


def crash_of(result: Any) -> str | None:
    info = result.exception_info
    if "raised_exception" in info:
        return str(info["exception_message"]) if info["raised_exception"] else None
    return str(next(iter(info.values()))["exception_message"])


class Remember(gx.checkpoint.actions.ValidationAction):
    """An action that remembers whether what it was told of had succeeded."""

    type: Literal["remember"] = "remember"
    told: ClassVar[list[bool]] = []

    def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, Any]:  # noqa: ARG002 - GX's signature
        """Remember."""
        self.told.append(checkpoint_result.success)
        return {}


def test_a_checkpoint_on_a_file_runs_its_actions(file: Path) -> None:
    Remember.told.clear()
    context = quiet_context()
    store = context.data_sources.add_duckdb("store", connection_string=f"duckdb:///{file}?access_mode=read_only")
    whole = store.add_table_asset("coupons").add_batch_definition_whole_table("whole")
    suite = context.suites.add(gx.ExpectationSuite("coupons", expectations=[gxe.ExpectColumnValuesToMatchRegex(column="order", regex="^A")]))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="coupons", data=whole, suite=suite))
    checkpoint = context.checkpoints.add(gx.Checkpoint(name="coupons", validation_definitions=[definition], actions=[Remember(name="remember")]))
    result = checkpoint.run()
    (found,) = next(iter(result.run_results.values())).results
    assert (
        result.success,
        found.result["element_count"],
        found.result["missing_count"],
        found.result["unexpected_count"],
        Remember.told,
    ) == (False, 5, 1, 2, [False])


def test_a_file_is_read_and_never_written(file: Path, store: Any) -> None:
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    asset = store.add_table_asset("coupons")
    validated(asset, gxe.ExpectCompoundColumnsToBeUnique(column_list=["order", "_num_rows"]), gxe.ExpectColumnValuesToBeUnique(column="order"))
    assert (before, [file]) == (hashlib.sha256(file.read_bytes()).hexdigest(), sorted(file.parent.iterdir()))


REFERENCES = [
    ("coupons", 5),
    ("main.coupons", 5),
    ('"a.b"', 2),
    (sa.quoted_name('"odd one"."a.b"', quote=False), 3),  # Great Expectations takes the first and last quotes of a text off
]


@pytest.mark.parametrize(("table", "rows"), REFERENCES)
def test_a_table_is_named_as_after_from(store: Any, table: str, rows: int) -> None:
    asset = store.add_table_asset("asset", table_name=table)
    (result,) = validated(asset, gxe.ExpectTableRowCountToEqual(value=rows))
    assert (True, rows) == (result.success, result.result["observed_value"])


def test_every_keyword_of_the_engine_is_a_column() -> None:
    with duckdb.connect() as connection:
        words = [word for (word,) in connection.execute("SELECT keyword_name FROM duckdb_keywords() ORDER BY 1").fetchall()]
        connection.execute(f"CREATE TABLE t AS SELECT {', '.join(f'1 AS {quote(word)}' for word in words)} FROM range(2)")
        (result,) = validated(lend(quiet_context(), connection).add_table_asset("t"), gxe.ExpectCompoundColumnsToBeUnique(column_list=words))
        assert result.result["unexpected_count"] == 2


def test_a_query_is_an_asset_too(store: Any) -> None:
    asset = store.add_query_asset("asset", query='SELECT "order" AS code, day FROM coupons WHERE amount > 1')
    types, codes = validated(asset, gxe.ExpectColumnTypeToBe(column="day", type_="DATE"), gxe.ExpectColumnValuesToBeInSet(column="code", value_set=["A-2"]))
    assert (types.success, codes.success, codes.result["element_count"]) == (True, True, 1)


def test_a_bound_that_stood_in_a_file_as_text_is_a_moment(store: Any) -> None:
    results = validated(
        store.add_table_asset("coupons"), *(gxe.ExpectColumnValuesToBeBetween(column="day", max_value=day) for day in ("2024-10-20", "2024-10-19"))
    )
    assert sorted(result.result["unexpected_count"] for result in results) == [0, 5]


def test_a_day_is_a_bound(store: Any) -> None:
    (result,) = validated(store.add_table_asset("coupons"), gxe.ExpectColumnValuesToBeBetween(column="day", min_value=date(2024, 10, 21)))
    assert result.result["unexpected_count"] == 5


NEAR = [
    (gxe.ExpectColumnValuesToBeInSet(column="near", value_set=[0.1]), 1),
    (gxe.ExpectColumnValuesToNotBeInSet(column="near", value_set=[0.1]), 1),
    (gxe.ExpectColumnValuesToBeBetween(column="near", max_value=0.1), 1),
    (gxe.ExpectColumnPairValuesToBeInSet(column_A="near", column_B="one", value_pairs_set=[(0.1, 1)]), 1),
    (gxe.ExpectMulticolumnSumToEqual(column_list=["near", "one"], sum_total=1.1), 1),
]


@pytest.mark.parametrize(("expectation", "expected"), NEAR, ids=lambda item: getattr(item, "expectation_type", ""))
def test_a_number_near_another_is_not_the_same(store: Any, expectation: Any, expected: int) -> None:
    query = "SELECT unnest(['0.1', '0.10000000000000000001'])::DECIMAL(38,20) AS near, 1 AS one"
    (result,) = validated(store.add_query_asset("near", query=query), expectation)
    assert expected == result.result["unexpected_count"]


WITHOUT_SQL = [
    gxe.ExpectColumnValuesToBeDateutilParseable(column="order"),
    gxe.ExpectColumnValuesToBeDecreasing(column="order"),
    gxe.ExpectColumnValuesToBeIncreasing(column="order"),
    gxe.ExpectColumnValuesToBeJsonParseable(column="order"),
    gxe.ExpectColumnValuesToMatchJsonSchema(column="order", json_schema={}),
    gxe.ExpectColumnValuesToMatchStrftimeFormat(column="order", strftime_format="%Y"),
]


def test_what_is_refused_for_want_of_sql_has_none(store: Any) -> None:
    results = validated(store.add_table_asset("coupons"), *WITHOUT_SQL)
    refused = {name for name, stock in STOCK.items() if stock.refused == NO_SQL}
    assert refused == {result.expectation_config.type for result in results if not result.success and crash_of(result)}


def test_duplicates_are_counted_and_listed_beside_a_column_called_num_rows(store: Any) -> None:
    asset = store.add_table_asset("coupons")
    one, two = validated(asset, gxe.ExpectColumnValuesToBeUnique(column="order"), gxe.ExpectCompoundColumnsToBeUnique(column_list=["order", "amount"]))
    assert ([one.result["unexpected_count"], one.result["partial_unexpected_list"]], two.result["unexpected_count"]) == ([2, ["b", "b"]], 2)


ROUNDED = [
    gxe.ExpectColumnSumToBeBetween(column="amount", max_value=9_007_199_254_740_993),
    gxe.ExpectColumnMaxToBeBetween(column="amount", max_value=9_007_199_254_740_992),
    gxe.ExpectColumnMinToBeBetween(column="AMOUNT", max_value=1),
    gxe.ExpectColumnMeanToBeBetween(column="amount", max_value=1),
    gxe.ExpectColumnMedianToBeBetween(column="amount", max_value=1),
    gxe.ExpectColumnStdevToBeBetween(column="amount", max_value=1),
    gxe.ExpectColumnQuantileValuesToBeBetween(column="amount", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 1]]}),
]


def test_every_aggregate_of_a_decimal_column_is_refused_and_no_other_claim(store: Any) -> None:
    asset = store.add_table_asset("coupons")
    fine = [gxe.ExpectColumnMaxToBeBetween(column="_num_rows", max_value=2), gxe.ExpectColumnValuesToBeBetween(column="amount", max_value=10**16)]
    results = validated(asset, *ROUNDED, *fine)
    told = {
        result.expectation_config.type: "makes a float of a DECIMAL column's aggregate" in str(crash_of(result)) for result in results if not result.success
    }
    assert ({expectation.expectation_type: True for expectation in ROUNDED}, 2) == (told, sum(result.success for result in results))


def test_a_bound_of_more_digits_than_great_expectations_keeps_is_an_error(store: Any) -> None:
    (result,) = validated(store.add_table_asset("coupons"), gxe.ExpectColumnValuesToBeBetween(column="amount", max_value=9_007_199_254_740_993))
    assert (result.success, "at most 15 digits" in str(crash_of(result))) == (False, True)


EMPTY = [
    gxe.ExpectColumnValuesToBeInSet(column="order", value_set=[]),
    gxe.ExpectColumnValuesToNotBeInSet(column="order", value_set=[]),
    gxe.ExpectColumnPairValuesToBeInSet(column_A="order", column_B="amount", value_pairs_set=[]),
]


@pytest.mark.parametrize("expectation", EMPTY, ids=lambda expectation: expectation.expectation_type)
def test_a_claim_of_an_empty_list_is_an_error(store: Any, expectation: Any) -> None:
    (result,) = validated(store.add_table_asset("coupons"), expectation)
    assert (result.success, crash_of(result)) == (False, "the list is empty: it claims nothing")


def test_a_query_that_fails_disturbs_no_other_claim(store: Any) -> None:
    asset = store.add_table_asset("coupons")
    bad, good, last = validated(
        asset,
        gxe.ExpectColumnValuesToMatchRegex(column="order", regex="(?=x)"),
        gxe.ExpectColumnValuesToMatchRegex(column="order", regex="."),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="order", column_B="order"),
    )
    assert [crash_of(bad) is not None, crash_of(good), crash_of(last)] == [True, None, None]
    assert [good.success, last.success] == [True, True]


def test_a_database_in_memory_is_one_database() -> None:
    source = quiet_context().data_sources.add_duckdb("memory", connection_string="duckdb:///:memory:")
    source.get_execution_engine().rows(f"CREATE TABLE coupons AS {ROWS}")
    (result,) = validated(source.add_table_asset("coupons"), gxe.ExpectTableRowCountToEqual(value=5))
    source.get_execution_engine().close()
    assert result.success


def test_a_lent_connection_stays_open_and_its_transaction_untouched() -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE coupons AS {ROWS}")
        connection.begin()
        connection.execute("DELETE FROM coupons WHERE amount IS NULL")
        source = lend(quiet_context(), connection)
        (result,) = validated(source.add_table_asset("coupons"), gxe.ExpectTableRowCountToEqual(value=4))
        source.get_execution_engine().close()
        connection.rollback()
        assert (result.success, connection.execute("SELECT count(*) FROM coupons").fetchall()) == (True, [(5,)])


def test_other_data_sources_keep_their_own_metrics() -> None:
    pandas = pytest.importorskip("pandas")
    asset = quiet_context().data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": pandas.DataFrame({"code": ["A-1", "b"]})})
    result = batch.validate(gxe.ExpectColumnValuesToMatchRegex(column="code", regex="(?=A)A"))
    assert (result.success, result.result["unexpected_count"]) == (False, 1)
