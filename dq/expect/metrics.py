"""The one place for the metrics that Great Expectations lacks or gets wrong on DuckDB.

Types, regex, LIKE, exact numbers, duplicates (stock ones miss those with a NULL in a compound, and take a column of the data
called `_num_rows` for their own) and NULL: a row for which a claim about several columns is neither true nor false breaks it
here; stock SQL leaves it out without a word. Each is registered for `DuckDBExecutionEngine` only; other engines keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

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
from dq.expect.exact import exact_literal, is_number

Column = Any  # a SQLAlchemy column
Condition = Any  # a SQLAlchemy condition: true for a row that keeps the claim

_VALUES = (ColumnMapMetricProvider, column_condition_partial, ())
_PAIRS = (ColumnPairMapMetricProvider, column_pair_condition_partial, ("column_A", "column_B"))
_RECORDS = (MulticolumnMapMetricProvider, multicolumn_condition_partial, ("column_list",))


class ColumnTypes(TableMetricProvider):
    """Names and types of the asset's columns as DuckDB writes them; for attached tables, views and queries alike."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict[str, Any], **_: Any) -> list[dict[str, Any]]:
        selectable, _compute, _accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        select = sa.select(sa.text("*")).select_from(selectable).compile(dialect=execution_engine.engine.dialect)
        described = execution_engine.rows(f"DESCRIBE {select}")
        return [{"name": name, "type": named_type(type_)(), "primary_key": False} for name, type_, *_rest in described]


def _claim(about: tuple[Any, Any, tuple[str, ...]], metric: str, *keys: str, filters: bool = True) -> Callable[[Callable[..., Condition]], type]:
    """Register a condition on rows as a metric of the DuckDB engine.

    Args:
        about: a column's values, pairs or records.
        metric: the stock metric that it takes the place of.
        keys: what the condition is given by name: arguments of the claim, or `_table`, the rows it looks at.
        filters: whether the stock metric takes a row condition; its keys must be the same.
    """
    base, condition_partial, columns = about
    domain = ("batch_id", "table", *columns, *(("row_condition", "condition_parser") if filters else ()), "ignore_row_if")

    def register(condition: Callable[..., Condition]) -> type:
        def holds(_provider: type, *asked: Any, **given: Any) -> Condition:
            return condition(*asked, **{key: given.get(key) for key in keys})

        arguments = tuple(key for key in keys if key != "_table")
        body = {"condition_metric_name": metric, "condition_value_keys": arguments, "_duckdb": condition_partial(engine=DuckDBExecutionEngine)(holds)}
        provider: Any = type(condition.__name__, (base,), body if about is _VALUES else {**body, "condition_domain_keys": domain})
        provider.condition_metric_name = f"duckdb.{metric}"  # registered; under two stock names queries would go without a FROM
        return cast("type", provider)

    return register


def _bound(value: object) -> Any:
    return sa.literal_column(exact_literal(value))


def _value(value: object) -> Any:
    return _bound(value) if is_number(value) else sa.null() if value is None else sa.literal(value)


def _certain(condition: Condition) -> Condition:
    return sa.func.coalesce(condition, sa.false())


def _given(items: Sequence[Any] | None) -> Sequence[Any]:
    """Return a list that is not empty; an empty one claims nothing and is an error."""
    if not items:
        message = "the list is empty: it claims nothing"
        raise ValueError(message)
    return items


@_claim(_VALUES, "column_values.between", "min_value", "max_value", "strict_min", "strict_max")
def between(column: Column, *, min_value: Any, max_value: Any, strict_min: bool | None, strict_max: bool | None) -> Condition:
    """Bounds, exactly."""
    bounds = []
    if min_value is not None:
        bounds.append(column > _bound(min_value) if strict_min else column >= _bound(min_value))
    if max_value is not None:
        bounds.append(column < _bound(max_value) if strict_max else column <= _bound(max_value))
    return sa.and_(*_given(bounds))


@_claim(_VALUES, "column_values.in_set", "value_set")
def in_set(column: Column, *, value_set: Sequence[Any] | None) -> Condition:
    """One of several values; numbers exactly."""
    return column.in_([_value(value) for value in _given(value_set) if value is not None])


@_claim(_VALUES, "column_values.not_in_set", "value_set")
def not_in_set(column: Column, *, value_set: Sequence[Any] | None) -> Condition:
    """None of several values; numbers exactly."""
    return column.not_in([_value(value) for value in _given(value_set) if value is not None])


def _repeats(key: Any, *, rows: Any, where: Condition) -> Condition:
    """Say that a key stands in more than one row; nothing is NULL on either side of the IN (a row with NULLs in it is not)."""
    source = rows.subquery() if hasattr(rows, "subquery") else rows
    return key.in_(sa.select(key).select_from(source).where(where).group_by(key).having(sa.func.count() > 1).correlate(None))


@_claim(_VALUES, "column_values.unique", "_table")
def unique(column: Column, *, _table: Any) -> Condition:
    """No other row has the value; NULL is nobody's duplicate."""
    return sa.not_(_repeats(column, rows=_table, where=column.is_not(None)))


@_claim(_RECORDS, "compound_columns.unique", "_table")
def unique_compound(column_list: Sequence[Column], *, _table: Any) -> Condition:
    """No other row has the values together; NULL equals NULL."""
    return sa.not_(_repeats(sa.func.row(*column_list), rows=_table, where=sa.true()))


def _any_or_all(conditions: Sequence[Condition], match_on: str | None) -> Condition:
    return (sa.and_ if match_on == "all" else sa.or_)(*conditions)


def _regex(column: Column, regex: str) -> Condition:
    """RE2, searched anywhere in the text: anchor it with ^ and $."""
    return sa.func.regexp_matches(column, regex)


@_claim(_VALUES, "column_values.match_regex", "regex")
def match_regex(column: Column, *, regex: str) -> Condition:
    """A match somewhere in the text."""
    return _regex(column, regex)


@_claim(_VALUES, "column_values.not_match_regex", "regex")
def not_match_regex(column: Column, *, regex: str) -> Condition:
    """No match anywhere in the text."""
    return sa.not_(_regex(column, regex))


@_claim(_VALUES, "column_values.match_regex_list", "regex_list", "match_on")
def match_regex_list(column: Column, *, regex_list: Sequence[str] | None, match_on: str | None) -> Condition:
    """One of several, or all of them."""
    return _any_or_all([_regex(column, regex) for regex in _given(regex_list)], match_on)


@_claim(_VALUES, "column_values.not_match_regex_list", "regex_list")
def not_match_regex_list(column: Column, *, regex_list: Sequence[str] | None) -> Condition:
    """None of several."""
    return sa.not_(sa.or_(*(_regex(column, regex) for regex in _given(regex_list))))


@_claim(_VALUES, "column_values.match_like_pattern", "like_pattern", "escape")
def match_like(column: Column, *, like_pattern: str, escape: str | None) -> Condition:
    """LIKE."""
    return column.like(like_pattern, escape=escape)


@_claim(_VALUES, "column_values.not_match_like_pattern", "like_pattern", "escape")
def not_match_like(column: Column, *, like_pattern: str, escape: str | None) -> Condition:
    """NOT LIKE."""
    return sa.not_(column.like(like_pattern, escape=escape))


@_claim(_VALUES, "column_values.match_like_pattern_list", "like_pattern_list", "match_on", "escape")
def match_like_list(column: Column, *, like_pattern_list: Sequence[str] | None, match_on: str | None, escape: str | None) -> Condition:
    """LIKE one of several, or all of them."""
    return _any_or_all([column.like(pattern, escape=escape) for pattern in _given(like_pattern_list)], match_on)


@_claim(_VALUES, "column_values.not_match_like_pattern_list", "like_pattern_list", "escape")
def not_match_like_list(column: Column, *, like_pattern_list: Sequence[str] | None, escape: str | None) -> Condition:
    """NOT LIKE any of several."""
    return sa.not_(sa.or_(*(column.like(pattern, escape=escape) for pattern in _given(like_pattern_list))))


@_claim(_PAIRS, "column_pair_values.a_greater_than_b", "or_equal")
def pair_greater(column_a: Column, column_b: Column, *, or_equal: bool | None) -> Condition:
    """A > B; a NULL is not greater than anything."""
    if or_equal:
        return _certain(sa.or_(column_a >= column_b, sa.and_(column_a.is_(None), column_b.is_(None))))
    return _certain(column_a > column_b)


@_claim(_PAIRS, "column_pair_values.in_set", "value_pairs_set", filters=False)
def pair_in_set(column_a: Column, column_b: Column, *, value_pairs_set: Sequence[Any] | None) -> Condition:
    """(A, B) is one of the pairs; numbers exactly, None in a pair means NULL."""
    pairs = [(_value(one), _value(other)) for one, other in _given(value_pairs_set)]
    return _certain(sa.or_(*(sa.and_(column_a == one, column_b == other) for one, other in pairs)))


@_claim(_RECORDS, "multicolumn_sum.equal", "sum_total")
def sum_equals(column_list: Sequence[Column], *, sum_total: Any) -> Condition:
    """The columns of a row add up, exactly; with a NULL among them they do not."""
    total = column_list[0]
    for column in column_list[1:]:
        total = total + column
    return _certain(total == _bound(sum_total))
