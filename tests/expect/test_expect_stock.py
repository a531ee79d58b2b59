"""Every stock expectation of the installed Great Expectations is right on DuckDB, or refused with a reason."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from one_fit import seen
from stock_cases import ASKED, Case, cases
from stock_table import COLUMNS, TABLE, column, make, type_of

from dq.contract.claims import Fit as ContractFit
from dq.contract.models import Entity
from dq.contract.reading import read_contract
from dq.expect.door import BatchExpectation, get_expectation_impl, gx
from dq.expect.fitness import Fit, FitResult, run_fitness
from dq.expect.known import COMMON, IGNORE_ROW_IF, STOCK
from dq.expect.native import NATIVE
from dq.expect.population import BY_DEFAULT
from dq.expect.refuse import refusal
from dq.sql import quote

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stock")]  # every expectation is run once, for all tests here

CONTRACT = Path(__file__).parents[2] / "expectations"
CASES = list(cases())
RUN = [name for name, stock in STOCK.items() if not stock.refused]
# With two values and seven rows something must stand twice.
NEVER_TRUE = {("expect_compound_columns_to_be_unique", "boolean")}
UNFINISHED = {name for name, stock in STOCK.items() if "unfinished" in stock.refused}


def _answered(cases: Sequence[Case]) -> dict[str, FitResult]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Jakarta'")
        make(connection)
        fits = [Fit(case.name, case.type, case.arguments) for case in cases]
        return {result.name: result for result in run_fitness(connection, table=quote(TABLE), fits=fits)}


@pytest.fixture(scope="module")
def by_gx() -> dict[str, FitResult]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dq.expect.population.claim", lambda *_: None)
        return _answered(CASES)


@pytest.fixture(scope="module")
def natively() -> dict[str, FitResult]:
    return _answered([case for case in CASES if case.type in NATIVE])


@pytest.mark.parametrize("type_", RUN)
def test_gives_the_right_answer_and_the_exact_count(type_: str, by_gx: dict[str, FitResult]) -> None:
    assert _right(type_) == {case.name: seen(by_gx[case.name]) for case in CASES if case.type == type_}


@pytest.mark.parametrize("type_", sorted(NATIVE))
def test_gives_the_same_natively(type_: str, natively: dict[str, FitResult], by_gx: dict[str, FitResult]) -> None:
    names = list(_right(type_))
    assert [by_gx[name] for name in names] == [natively[name] for name in names]


def _right(type_: str) -> dict[str, tuple[str, int, int]]:
    return {case.name: ("PASSED" if case.holds else "FAILED", case.looked_at, case.broken) for case in CASES if case.type == type_}


@pytest.mark.parametrize("type_", RUN)
def test_is_asked_what_is_true_and_what_is_false_of_every_family_of_types(type_: str) -> None:
    families = ("table",) if STOCK[type_].counts == "table" else STOCK[type_].on
    expected = {family: {False} if (type_, family) in NEVER_TRUE else {True, False} for family in families}
    actual = {family: {case.holds for case in CASES if (case.type, case.family) == (type_, family)} for family in families}
    assert expected == actual


def test_every_stock_expectation_of_the_installed_version_is_known() -> None:
    from great_expectations.expectations import core  # noqa: PLC0415 - the door silences what it warns of

    installed = {module.name for module in pkgutil.iter_modules(core.__path__) if not module.ispkg}
    assert set(STOCK) == installed


def test_every_expectation_that_is_not_refused_has_its_cases() -> None:
    assert set(RUN) == set(ASKED)


def test_every_argument_that_all_expectations_take_is_known() -> None:
    assert {name for name in BatchExpectation.__fields__ if name not in COMMON} == set()


@pytest.mark.parametrize("type_", sorted(set(STOCK) - UNFINISHED))
def test_takes_the_arguments_that_are_known_and_no_others(type_: str) -> None:
    fields = get_expectation_impl(type_).__fields__
    expected = {*STOCK[type_].arguments, *(name for name in COMMON if name in fields)}
    assert expected == set(fields)


@pytest.mark.parametrize("type_", sorted(set(STOCK) - UNFINISHED))
def test_needs_the_arguments_that_are_known_to_be_needed(type_: str) -> None:
    fields = get_expectation_impl(type_).__fields__
    needed = {name for name, field in fields.items() if field.required}
    assert needed <= set(STOCK[type_].arguments[: STOCK[type_].required])


@pytest.mark.parametrize("type_", sorted(UNFINISHED))
def test_what_is_called_unfinished_cannot_be_made(type_: str) -> None:
    with pytest.raises(gx.exceptions.ExpectationNotFoundError):
        get_expectation_impl(type_)


@pytest.mark.parametrize("type_", [name for name, stock in STOCK.items() if "ignore_row_if" in stock.arguments and not stock.refused])
def test_the_rule_for_missing_values_is_the_one_that_we_count_by(type_: str) -> None:
    field = get_expectation_impl(type_).__fields__["ignore_row_if"]
    counts = STOCK[type_].counts
    expected = (BY_DEFAULT[counts], set(IGNORE_ROW_IF[counts]))
    assert expected == (field.default, choices(field.outer_type_) or expected[1])  # one of them takes any text


def choices(type_: object) -> set[str]:
    """Return the texts of the literals in a type."""
    return {item for part in get_args(type_) for item in ({part} if isinstance(part, str) else choices(part))}


@pytest.mark.parametrize("type_", [name for name, stock in STOCK.items() if stock.refused])
def test_what_is_refused_says_why(type_: str) -> None:
    expected = f"'{type_}' is refused: {STOCK[type_].refused}"
    assert expected == refusal(type_, {}, {})


TYPES = {name: type_of(name) for name in COLUMNS} | {"uh": "UHUGEINT", "f": "DOUBLE", "list": "INTEGER[]", "blob": "BLOB"}
TEXT, INTEGER, DECIMAL, DATE, INSTANT, JSON = (column(family) for family in ("text", "integer", "decimal", "date", "instant", "json"))

REFUSED = [
    ("expect_column_values_to_be_unique", {"column": TEXT, "mostly": 0.99}, "'mostly' is refused: a claim holds for every row"),
    ("expect_column_values_to_be_unique", {"column": TEXT, "row_condition": "x"}, "'row_condition' is refused: a condition that matches no row"),
    ("expect_column_values_to_be_unique", {"column": TEXT, "result_format": "SUMMARY"}, "'result_format' is refused: results are always exact counts"),
    ("expect_column_values_to_be_unique", {"column": TEXT, "catch_exceptions": False}, "'catch_exceptions' is refused"),
    ("expect_column_values_to_be_unique", {"columm": TEXT}, "no argument is called 'columm'; did you mean 'column'?"),
    ("expect_column_values_to_be_uniqe", {"column": TEXT}, "no stock expectation is called 'expect_column_values_to_be_uniqe'; did you mean"),
    ("expect_column_values_to_be_unique", {}, "'column' is missing"),
    ("expect_column_values_to_be_unique", {"column": "ordr"}, "no column is called 'ordr'; did you mean 'order'?"),
    ("expect_column_values_to_be_unique", {"column": 7}, "'column' is text"),
    ("expect_column_values_to_be_unique", {"column": "list"}, "and list is INTEGER[]"),
    ("expect_column_values_to_be_unique", {"column": "blob"}, "and blob is BLOB"),
    ("expect_column_values_to_be_unique", {"column": {"$PARAMETER": "x"}}, "'column' is a parameter of a suite: write its value"),
    ("expect_column_values_to_be_between", {"column": INTEGER}, "claims nothing without 'min_value' or 'max_value'"),
    ("expect_column_values_to_be_between", {"column": INTEGER, "min_value": 2, "max_value": 1}, "'min_value' is greater than 'max_value'"),
    (
        "expect_column_values_to_be_between",
        {"column": INTEGER, "max_value": 9_007_199_254_740_993},
        "has more digits than Great Expectations keeps of a number (15)",
    ),
    (
        "expect_column_values_to_be_between",
        {"column": DECIMAL, "max_value": 0.30000000000000004},
        "has more digits than Great Expectations keeps of a number (15)",
    ),
    ("expect_column_values_to_be_between", {"column": DECIMAL, "max_value": float("nan")}, "nan is not a number"),
    ("expect_column_values_to_be_between", {"column": INTEGER, "max_value": 1.5}, "1.5 is not a whole number"),
    ("expect_column_values_to_be_between", {"column": INTEGER, "max_value": True}, "True is not a whole number"),
    ("expect_column_values_to_be_between", {"column": DATE, "max_value": "2024-10-20"}, "'2024-10-20' is not a date, as in 2024-10-20 without quotes"),
    ("expect_column_values_to_be_between", {"column": INSTANT, "max_value": "2024-10-20T17:00:00Z"}, "is not a moment with its offset"),
    (
        "expect_column_values_to_be_between",
        {"column": TEXT, "max_value": "z"},
        "needs integer or decimal or date or instant or timestamp, and order is VARCHAR",
    ),
    ("expect_column_values_to_be_between", {"column": "f", "max_value": 1}, "and f is DOUBLE"),
    ("expect_column_values_to_be_between", {"column": "uh", "max_value": 1}, "and uh is UHUGEINT"),
    ("expect_column_values_to_be_between", {"column": INTEGER, "max_value": 1, "strict_max": 1}, "'strict_max' is true or false"),
    ("expect_column_values_to_be_in_set", {"column": TEXT, "value_set": []}, "'value_set' is a list of values, not empty"),
    ("expect_column_values_to_be_in_set", {"column": TEXT, "value_set": "abc"}, "'value_set' is a list of values, not empty"),
    ("expect_column_values_to_be_in_set", {"column": TEXT, "value_set": ["a", "a"]}, "'value_set' names a value twice"),
    ("expect_column_values_to_be_in_set", {"column": TEXT, "value_set": ["a", None]}, "NULL is never equal to anything: use the expectations about NULL"),
    ("expect_column_values_to_be_in_set", {"column": TEXT, "value_set": [1]}, "1 is not text"),
    ("expect_column_values_to_be_in_set", {"column": DECIMAL, "value_set": [9007199254740992.5]}, "has more digits than Great Expectations keeps"),
    ("expect_column_values_to_be_in_set", {"column": column("uuid"), "value_set": ["A"]}, "is not a UUID in lower case"),
    ("expect_column_values_to_be_in_set", {"column": JSON, "value_set": ["{}"]}, "and select is JSON"),
    ("expect_column_distinct_values_to_be_in_set", {"column": TEXT, "value_set": ["2024-10-20"]}, "would read its text as dates"),
    ("expect_column_most_common_value_to_be_in_set", {"column": column("uuid"), "value_set": ["x"]}, "and it's is UUID"),
    ("expect_column_values_to_match_regex", {"column": INTEGER, "regex": "x"}, "needs text, and a b is BIGINT"),
    ("expect_column_values_to_match_regex", {"column": TEXT, "regex": 1}, "'regex' is text"),
    ("expect_column_values_to_match_regex_list", {"column": TEXT, "regex_list": []}, "'regex_list' is a list of texts, not empty"),
    (
        "expect_column_values_to_match_regex_list",
        {"column": TEXT, "regex_list": ["x"], "match_on": "al"},
        "'match_on' is one of any, all; found 'al'; did you mean 'all'?",
    ),
    ("expect_column_sum_to_be_between", {"column": DECIMAL, "max_value": 1}, "Great Expectations makes a float of it, which loses digits"),
    ("expect_column_max_to_be_between", {"column": DECIMAL, "max_value": 1}, "Great Expectations makes a float of it, which loses digits"),
    ("expect_column_min_to_be_between", {"column": DECIMAL, "max_value": 1}, "Great Expectations makes a float of it, which loses digits"),
    ("expect_column_mean_to_be_between", {"column": DECIMAL, "max_value": 1}, "Great Expectations makes a float of it, which loses digits"),
    ("expect_column_mean_to_be_between", {"column": INTEGER, "max_value": 1}, "needs an integer of at most 32 bits, and a b is BIGINT"),
    ("expect_column_median_to_be_between", {"column": DECIMAL, "max_value": 1}, "Great Expectations makes a float of it, which loses digits"),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": DECIMAL, "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}},
        "Great Expectations makes a float of it, which loses digits",
    ),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": column("small integer"), "quantile_ranges": {"quantiles": [0.5, 0.7], "value_ranges": [[0, 1]]}},
        "'quantile_ranges' is a table with 'quantiles' and as many 'value_ranges'",
    ),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": column("small integer"), "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}, "allow_relative_error": True},
        "'allow_relative_error' is false: an answer that may be off proves nothing",
    ),
    ("expect_column_pair_values_to_be_equal", {"column_A": TEXT, "column_B": TEXT}, "names a column twice"),
    ("expect_column_pair_values_to_be_equal", {"column_A": TEXT, "column_B": INTEGER}, "compares columns of different types: order is VARCHAR, a b is BIGINT"),
    ("expect_column_pair_values_to_be_equal", {"column_A": DATE, "column_B": INSTANT}, "compares columns of different types"),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": TEXT, "column_B": column("text", "copy"), "ignore_row_if": "never"},
        "'ignore_row_if' is one of both_values_are_missing, either_value_is_missing, neither; found 'never'",
    ),
    (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": TEXT, "column_B": DATE, "value_pairs_set": [["a"]]},
        "'value_pairs_set' is a list of pairs, not empty",
    ),
    ("expect_column_pair_values_to_be_in_set", {"column_A": TEXT, "column_B": INTEGER, "value_pairs_set": [["a", "b"]]}, "'b' is not a whole number"),
    ("expect_compound_columns_to_be_unique", {"column_list": [TEXT]}, "'column_list' needs at least two columns"),
    ("expect_compound_columns_to_be_unique", {"column_list": "order"}, "'column_list' is a list of texts, not empty"),
    ("expect_column_to_exist", {"column": TEXT, "column_index": 0}, "'column_index' is a number from 1, as Great Expectations does not look at 0"),
    ("expect_column_type_to_be", {"column": INTEGER, "type_": "bigint"}, "DuckDB writes no type as 'bigint'; did you mean 'BIGINT'?"),
    ("expect_column_type_to_be", {"column": INSTANT, "type_": "INSTANT"}, "DuckDB writes no type as 'INSTANT'"),
    ("expect_column_values_to_be_in_type_list", {"column": INTEGER, "type_list": ["INT"]}, "DuckDB writes no type as 'INT'"),
    ("expect_table_row_count_to_equal", {"value": 1.5}, "1.5 is not a whole number"),
]


@pytest.mark.parametrize(("type_", "arguments", "expected"), REFUSED, ids=[f"{type_}-{place}" for place, (type_, _, _) in enumerate(REFUSED)])
def test_is_refused_with_a_reason(type_: str, arguments: dict[str, object], expected: str) -> None:
    actual = refusal(type_, arguments, TYPES)
    assert expected in str(actual)


SHIPPED = [(entity, item) for entity in read_contract(CONTRACT).entities for item in entity.fit]


@pytest.mark.parametrize(("entity", "item"), SHIPPED, ids=[f"{entity.name}-{item.name}" for entity, item in SHIPPED])
@pytest.mark.parametrize("name", ["text", "sql"])
def test_no_fit_of_the_shipped_contract_is_refused(entity: Entity, item: ContractFit, name: str) -> None:
    assert refusal(item.type, item.arguments, {column.name: getattr(column.type, name) for column in entity.columns}) is None
