"""The one place that knows Great Expectations' stock expectations by name without importing it: arguments, population, what is refused.

A committed copy, held against the installed Great Expectations by a test: a new stock expectation, or a new argument of an
old one, fails that test until it stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Counts = Literal["values", "rows", "pairs", "records", "column", "table"]

# Families of column types, and what a kind of claim can be made about.
ANY = ("text", "json", "integer", "decimal", "boolean", "date", "instant", "timestamp", "uuid")
SCALAR = tuple(family for family in ANY if family != "json")
COMMON_VALUE = tuple(family for family in SCALAR if family != "uuid")  # Great Expectations finds no UUID in a set of texts
TEXT = ("text",)
ORDERED = ("integer", "decimal", "date", "instant", "timestamp")
EXACT_AGGREGATE = ("integer", "date", "instant", "timestamp")
INTEGER = ("integer",)
SMALL_INTEGER = ("small integer",)  # up to 32 bits: exact in a float

NO_SQL = "Great Expectations has no SQL for it"
FLOATING = "it is a statistic in floating point: its answer depends on the order of the rows and proves nothing"
SHARE = "a share of the rows is 'mostly' under another name: claim it of every row"
RAW_SQL = "it looks at 200 rows of a query at most: write an [[invariant]]"
ELSEWHERE = "it reads a table that the contract does not name: write [[counts]]"
UNFINISHED = "it is unfinished in Great Expectations and cannot run"

# What every expectation takes, and why a contract may not.
COMMON = {
    "mostly": "a claim holds for every row or it does not hold; take the rows that may differ out of the SQL",
    "row_condition": "a condition that matches no row passes in silence; filter in the SQL, where rows are counted",
    "condition_parser": "a condition that matches no row passes in silence; filter in the SQL, where rows are counted",
    "result_format": "results are always exact counts and never rows or values",
    "catch_exceptions": "a crash is always NOT PROVEN and disturbs no other",
    "meta": "it has no effect",
    "id": "it has no effect; name the fit with 'name'",
    "notes": "it has no effect",
    "description": "it has no effect; name the fit with 'name'",
    "severity": "the fitness of a source is always critical",
    "rendered_content": "it has no effect",
    "windows": "a claim may not depend on earlier runs",
    "batch_id": "the asset is the entity",
    "library_metadata": "it has no effect",
}


@dataclass(frozen=True, slots=True)
class Stock:
    """One stock expectation.

    Attributes:
        arguments: what it takes apart from COMMON, the required ones first.
        required: how many of them are required.
        one_of: at least one of these must be given, or it claims nothing.
        counts: its population: non-NULL `values` of a column; `rows` of a column, NULL or not; `pairs` and `records` that
            `ignore_row_if` leaves; a claim about a `column`'s values or the `table` as a whole.
        on: the families of types that its columns may have.
        refused: why it is never run; '' where it is right on DuckDB.
    """

    arguments: tuple[str, ...]
    required: int
    counts: Counts
    on: tuple[str, ...] = ANY
    one_of: tuple[str, ...] = ()
    refused: str = ""


_BOUNDS = ("min_value", "max_value")
_STRICT = ("strict_min", "strict_max")


def _values(*arguments: str, on: tuple[str, ...] = ANY, required: int | None = None, one_of: tuple[str, ...] = (), refused: str = "") -> Stock:
    count = 1 + len(arguments) if required is None else required
    return Stock(("column", *arguments), count, "values", on, one_of, refused)


def _rows(*arguments: str) -> Stock:
    return Stock(("column", *arguments), 1, "rows")


def _pairs(*arguments: str, required: int, on: tuple[str, ...] = SCALAR, refused: str = "") -> Stock:
    return Stock(("column_A", "column_B", *arguments), required, "pairs", on, refused=refused)


def _records(*arguments: str, required: int = 1, on: tuple[str, ...] = SCALAR, refused: str = "") -> Stock:
    return Stock(("column_list", *arguments), required, "records", on, refused=refused)


def _column(*arguments: str, on: tuple[str, ...] = SCALAR, required: int = 1, one_of: tuple[str, ...] = (), refused: str = "") -> Stock:
    return Stock(("column", *arguments), required, "column", on, one_of, refused)


def _table(*arguments: str, required: int = 0, one_of: tuple[str, ...] = (), refused: str = "") -> Stock:
    return Stock(arguments, required, "table", one_of=one_of, refused=refused)


def _between(on: tuple[str, ...], *, refused: str = "") -> Stock:
    return _column(*_BOUNDS, *_STRICT, on=on, one_of=_BOUNDS, refused=refused)


STOCK: dict[str, Stock] = {
    # one value at a time
    "expect_column_value_lengths_to_be_between": _values(*_BOUNDS, *_STRICT, on=TEXT, required=1, one_of=_BOUNDS),
    "expect_column_value_lengths_to_equal": _values("value", on=TEXT),
    "expect_column_values_to_be_between": _values(*_BOUNDS, *_STRICT, on=ORDERED, required=1, one_of=_BOUNDS),
    "expect_column_values_to_be_in_set": _values("value_set", on=SCALAR),
    "expect_column_values_to_not_be_in_set": _values("value_set", on=SCALAR),
    "expect_column_values_to_be_unique": _values(),
    "expect_column_values_to_match_like_pattern": _values("like_pattern", "escape", on=TEXT, required=2),
    "expect_column_values_to_match_like_pattern_list": _values("like_pattern_list", "match_on", "escape", on=TEXT, required=2),
    "expect_column_values_to_not_match_like_pattern": _values("like_pattern", "escape", on=TEXT, required=2),
    "expect_column_values_to_not_match_like_pattern_list": _values("like_pattern_list", "escape", on=TEXT, required=2),
    "expect_column_values_to_match_regex": _values("regex", on=TEXT),
    "expect_column_values_to_match_regex_list": _values("regex_list", "match_on", on=TEXT, required=2),
    "expect_column_values_to_not_match_regex": _values("regex", on=TEXT),
    "expect_column_values_to_not_match_regex_list": _values("regex_list", on=TEXT),
    "expect_column_values_to_be_dateutil_parseable": _values(refused=NO_SQL),
    "expect_column_values_to_be_decreasing": _values("strictly", required=1, refused=NO_SQL),
    "expect_column_values_to_be_increasing": _values("strictly", required=1, refused=NO_SQL),
    "expect_column_values_to_be_json_parseable": _values(refused=NO_SQL),
    "expect_column_values_to_match_json_schema": _values("json_schema", refused=NO_SQL),
    "expect_column_values_to_match_strftime_format": _values("strftime_format", refused=NO_SQL),
    "expect_column_value_z_scores_to_be_less_than": _values("threshold", "double_sided", refused=FLOATING),
    "expect_column_values_to_not_be_outliers": _values("method", "multiplier", required=1, refused=FLOATING),
    "expect_column_values_to_be_null": _rows(),
    "expect_column_values_to_not_be_null": _rows(),
    # several columns of a row
    "expect_column_pair_values_a_to_be_greater_than_b": _pairs("or_equal", "ignore_row_if", required=2, on=ORDERED),
    "expect_column_pair_values_to_be_equal": _pairs("ignore_row_if", required=2),
    "expect_column_pair_values_to_be_in_set": _pairs("value_pairs_set", "ignore_row_if", required=3),
    "expect_compound_columns_to_be_unique": _records("ignore_row_if"),
    "expect_multicolumn_sum_to_equal": _records("sum_total", "ignore_row_if", required=2, on=("integer", "decimal")),
    "expect_multicolumn_values_to_be_equal": _records("ignore_row_if"),
    "expect_select_column_values_to_be_unique_within_record": _records("ignore_row_if"),
    "expect_multicolumn_values_to_be_unique": _records("column", "ignore_row_if", refused=UNFINISHED),
    # a column as a whole
    "expect_column_distinct_values_to_be_in_set": _column("value_set", required=2),
    "expect_column_distinct_values_to_contain_set": _column("value_set", required=2),
    "expect_column_distinct_values_to_equal_set": _column("value_set", required=2),
    "expect_column_most_common_value_to_be_in_set": _column("value_set", "ties_okay", required=2, on=COMMON_VALUE),
    "expect_column_unique_value_count_to_be_between": _between(ANY),
    "expect_column_max_to_be_between": _between(EXACT_AGGREGATE),
    "expect_column_min_to_be_between": _between(EXACT_AGGREGATE),
    "expect_column_sum_to_be_between": _between(INTEGER),
    "expect_column_mean_to_be_between": _between(SMALL_INTEGER),
    "expect_column_median_to_be_between": _between(SMALL_INTEGER),
    "expect_column_quantile_values_to_be_between": _column("quantile_ranges", "allow_relative_error", required=2, on=SMALL_INTEGER),
    "expect_column_stdev_to_be_between": _between(INTEGER, refused=FLOATING),
    "expect_column_kl_divergence_to_be_less_than": _column(
        *("partition_object", "threshold", "internal_weight_holdout", "tail_weight_holdout", "bucketize_data", *_BOUNDS), refused=FLOATING
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": _between(ANY, refused=SHARE),
    "expect_column_proportion_of_unique_values_to_be_between": _between(ANY, refused=SHARE),
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than": _table(refused=UNFINISHED),
    "expect_column_chisquare_test_p_value_to_be_greater_than": _table(refused=UNFINISHED),
    "expect_column_pair_cramers_phi_value_to_be_less_than": _table(refused=UNFINISHED),
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": _table(refused=UNFINISHED),
    # the table as a whole
    "expect_column_to_exist": _table("column", "column_index", required=1),
    "expect_column_type_to_be": _table("column", "type_", required=2),
    "expect_column_values_to_be_of_type": _table("column", "type_", required=2),
    "expect_column_values_to_be_in_type_list": _table("column", "type_list", required=2),
    "expect_table_column_count_to_be_between": _table(*_BOUNDS, one_of=_BOUNDS),
    "expect_table_column_count_to_equal": _table("value", required=1),
    "expect_table_columns_to_match_ordered_list": _table("column_list", required=1),
    "expect_table_columns_to_match_set": _table("column_set", "exact_match", required=1),
    "expect_table_row_count_to_be_between": _table(*_BOUNDS, *_STRICT, one_of=_BOUNDS),
    "expect_table_row_count_to_equal": _table("value", required=1),
    "expect_table_row_count_to_equal_other_table": _table("other_table_name", required=1, refused=ELSEWHERE),
    "expect_query_results_to_match_comparison": _table("base_query", "comparison_data_source_name", "comparison_query", required=3, refused=RAW_SQL),
    "unexpected_rows_expectation": _table("unexpected_rows_query", required=1, refused=RAW_SQL),
}

CHOICES: dict[str, tuple[str, ...]] = {
    "match_on": ("any", "all"),
}

IGNORE_ROW_IF: dict[Counts, tuple[str, ...]] = {
    "pairs": ("both_values_are_missing", "either_value_is_missing", "neither"),
    "records": ("all_values_are_missing", "any_value_is_missing", "never"),
}
