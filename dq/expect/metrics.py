"""The one place for the metrics that Great Expectations lacks or gets wrong on DuckDB: types, regex, LIKE, exact bounds, NULL in pairs.

Each is registered for `DuckDBExecutionEngine` only; other engines keep the stock ones. A row for which a claim about several
columns is neither true nor false (a NULL in one of them) breaks it here; stock SQL leaves it out without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dq.expect.door import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    MetricDomainTypes,
    MulticolumnMapMetricProvider,
    TableMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
    metric_value,
    multicolumn_condition_partial,
    sa,
)
from dq.expect.engine import DuckDBExecutionEngine, named_type
from dq.expect.exact import exact_literal

Column = Any  # a SQLAlchemy column
Condition = Any  # a SQLAlchemy condition


def _exact(value: object) -> Any:
    return sa.literal_column(exact_literal(value))


def _certain(condition: Condition) -> Condition:
    return sa.func.coalesce(condition, sa.false())


class ColumnTypes(TableMetricProvider):
    """Names and types of the asset's columns as DuckDB writes them; for attached tables, views and queries alike."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)
    default_kwarg_values = {"include_nested": True}

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict[str, Any], **_: Any) -> list[dict[str, Any]]:
        selectable, _compute, _accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        select = sa.select(sa.text("*")).select_from(selectable).compile(dialect=execution_engine.engine.dialect)
        described = execution_engine.rows(f"DESCRIBE {select}")
        return [{"name": name, "type": named_type(type_)(), "primary_key": False} for name, type_, *_rest in described]


class Between(ColumnMapMetricProvider):
    """Bounds, exactly."""

    condition_metric_name = "column_values.between"
    condition_value_keys = ("min_value", "max_value", "strict_min", "strict_max")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, min_value: Any = None, max_value: Any = None, **how: Any) -> Condition:
        bounds = []
        if min_value is not None:
            bounds.append(column > _exact(min_value) if how.get("strict_min") else column >= _exact(min_value))
        if max_value is not None:
            bounds.append(column < _exact(max_value) if how.get("strict_max") else column <= _exact(max_value))
        if not bounds:
            message = "min_value and max_value cannot both be missing"
            raise ValueError(message)
        return sa.and_(*bounds)


def _matches(column: Column, regex: str) -> Condition:
    return sa.func.regexp_matches(column, regex)


def _list_of(patterns: Sequence[str] | None, match_on: str | None) -> Any:
    """Return how conditions of a list are joined; an empty list claims nothing and is an error."""
    if not patterns:
        message = "at least one pattern is needed"
        raise ValueError(message)
    return sa.and_ if match_on == "all" else sa.or_


class MatchRegex(ColumnMapMetricProvider):
    """RE2, searched anywhere in the text: anchor it with ^ and $."""

    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, regex: str, **_: Any) -> Condition:
        return _matches(column, regex)


class NotMatchRegex(ColumnMapMetricProvider):
    """No match anywhere in the text."""

    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, regex: str, **_: Any) -> Condition:
        return sa.not_(_matches(column, regex))


class MatchRegexList(ColumnMapMetricProvider):
    """One of several, or all of them."""

    condition_metric_name = "column_values.match_regex_list"
    condition_value_keys = ("regex_list", "match_on")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, regex_list: Sequence[str], match_on: str | None = None, **_: Any) -> Condition:
        return _list_of(regex_list, match_on)(*(_matches(column, regex) for regex in regex_list))


class NotMatchRegexList(ColumnMapMetricProvider):
    """None of several."""

    condition_metric_name = "column_values.not_match_regex_list"
    condition_value_keys = ("regex_list",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, regex_list: Sequence[str], **_: Any) -> Condition:
        return sa.not_(_list_of(regex_list, "any")(*(_matches(column, regex) for regex in regex_list)))


class MatchLike(ColumnMapMetricProvider):
    """LIKE."""

    condition_metric_name = "column_values.match_like_pattern"
    condition_value_keys = ("like_pattern", "escape")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, like_pattern: str, escape: str | None = None, **_: Any) -> Condition:
        return column.like(like_pattern, escape=escape)


class NotMatchLike(ColumnMapMetricProvider):
    """NOT LIKE."""

    condition_metric_name = "column_values.not_match_like_pattern"
    condition_value_keys = ("like_pattern", "escape")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, like_pattern: str, escape: str | None = None, **_: Any) -> Condition:
        return sa.not_(column.like(like_pattern, escape=escape))


class MatchLikeList(ColumnMapMetricProvider):
    """LIKE one of several, or all of them."""

    condition_metric_name = "column_values.match_like_pattern_list"
    condition_value_keys = ("like_pattern_list", "match_on", "escape")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, like_pattern_list: Sequence[str], match_on: str | None = None, escape: str | None = None, **_: Any) -> Condition:
        return _list_of(like_pattern_list, match_on)(*(column.like(pattern, escape=escape) for pattern in like_pattern_list))


class NotMatchLikeList(ColumnMapMetricProvider):
    """NOT LIKE any of several."""

    condition_metric_name = "column_values.not_match_like_pattern_list"
    condition_value_keys = ("like_pattern_list", "escape")

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Column, like_pattern_list: Sequence[str], escape: str | None = None, **_: Any) -> Condition:
        return sa.not_(_list_of(like_pattern_list, "any")(*(column.like(pattern, escape=escape) for pattern in like_pattern_list)))


class PairGreater(ColumnPairMapMetricProvider):
    """A > B; a NULL is not greater than anything."""

    condition_metric_name = "column_pair_values.a_greater_than_b"
    condition_domain_keys = ("batch_id", "table", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ("or_equal",)

    @column_pair_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column_A: Column, column_B: Column, *, or_equal: bool | None = None, **_: Any) -> Condition:  # noqa: N803 - GX's names
        if or_equal:
            return _certain(sa.or_(column_A >= column_B, sa.and_(column_A.is_(None), column_B.is_(None))))
        return _certain(column_A > column_B)


class PairInSet(ColumnPairMapMetricProvider):
    """(A, B) is one of the pairs; None in a pair means NULL."""

    condition_metric_name = "column_pair_values.in_set"
    condition_domain_keys = ("batch_id", "table", "column_A", "column_B", "ignore_row_if")
    condition_value_keys = ("value_pairs_set",)

    @column_pair_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column_A: Column, column_B: Column, value_pairs_set: Sequence[Any], **_: Any) -> Condition:  # noqa: N803 - GX's names
        if not value_pairs_set:
            message = "at least one pair is needed"
            raise ValueError(message)
        return _certain(sa.or_(*(sa.and_(column_A == one, column_B == other) for one, other in value_pairs_set)))


class SumEquals(MulticolumnMapMetricProvider):
    """The columns of a row add up, exactly; with a NULL among them they do not."""

    condition_metric_name = "multicolumn_sum.equal"
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ("sum_total",)

    @multicolumn_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column_list: Sequence[Column], sum_total: Any, **_: Any) -> Condition:
        total = column_list[0]
        for column in column_list[1:]:
            total = total + column
        return _certain(total == _exact(sum_total))
