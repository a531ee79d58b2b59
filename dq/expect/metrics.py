"""The one place for what Great Expectations gets wrong on DuckDB: types, exact numbers, duplicates and NULL.

Stock metrics miss duplicates with a NULL in a compound, and take a column of the data called `_num_rows` for their own. A row
for which a claim about several columns is neither true nor false breaks it here; stock SQL leaves it out without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dq.expect.condition import PAIRS, RECORDS, VALUES, Column, Condition, claim, not_empty
from dq.expect.door import MetricDomainTypes, TableMetricProvider, metric_value, sa
from dq.expect.engine import DuckDBExecutionEngine, named_type
from dq.expect.exact import exact_literal, is_number


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


def _bound(value: object) -> Any:
    return sa.literal_column(exact_literal(value))


def _value(value: object) -> Any:
    return _bound(value) if is_number(value) else sa.null() if value is None else sa.literal(value)


def _certain(condition: Condition) -> Condition:
    return sa.func.coalesce(condition, sa.false())


@claim(VALUES, "column_values.between")
def between(column: Column, *, min_value: Any, max_value: Any, strict_min: bool | None, strict_max: bool | None) -> Condition:
    """Bounds, exactly."""
    bounds = []
    if min_value is not None:
        bounds.append(column > _bound(min_value) if strict_min else column >= _bound(min_value))
    if max_value is not None:
        bounds.append(column < _bound(max_value) if strict_max else column <= _bound(max_value))
    return sa.and_(*not_empty(bounds))


@claim(VALUES, "column_values.in_set")
def in_set(column: Column, *, value_set: Sequence[Any] | None) -> Condition:
    """One of several values; numbers exactly."""
    return column.in_([_value(value) for value in not_empty(value_set) if value is not None])


@claim(VALUES, "column_values.not_in_set")
def not_in_set(column: Column, *, value_set: Sequence[Any] | None) -> Condition:
    """None of several values; numbers exactly."""
    return column.not_in([_value(value) for value in not_empty(value_set) if value is not None])


def _repeats(key: Any, *, rows: Any, where: Condition) -> Condition:
    """Say that a key stands in more than one row; nothing is NULL on either side of the IN (a row with NULLs in it is not)."""
    source = rows.subquery() if hasattr(rows, "subquery") else rows
    return key.in_(sa.select(key).select_from(source).where(where).group_by(key).having(sa.func.count() > 1).correlate(None))


@claim(VALUES, "column_values.unique", sees="_table")
def unique(column: Column, *, _table: Any) -> Condition:
    """No other row has the value; NULL is nobody's duplicate."""
    return sa.not_(_repeats(column, rows=_table, where=column.is_not(None)))


@claim(RECORDS, "compound_columns.unique", sees="_table")
def unique_compound(column_list: Sequence[Column], *, _table: Any) -> Condition:
    """No other row has the values together; NULL equals NULL."""
    return sa.not_(_repeats(sa.func.row(*column_list), rows=_table, where=sa.true()))


@claim(PAIRS, "column_pair_values.a_greater_than_b")
def pair_greater(column_a: Column, column_b: Column, *, or_equal: bool | None) -> Condition:
    """A > B; a NULL is not greater than anything."""
    if or_equal:
        return _certain(sa.or_(column_a >= column_b, sa.and_(column_a.is_(None), column_b.is_(None))))
    return _certain(column_a > column_b)


@claim(PAIRS, "column_pair_values.in_set")
def pair_in_set(column_a: Column, column_b: Column, *, value_pairs_set: Sequence[Any] | None) -> Condition:
    """(A, B) is one of the pairs; numbers exactly, None in a pair means NULL."""
    pairs = [(_value(one), _value(other)) for one, other in not_empty(value_pairs_set)]
    return _certain(sa.or_(*(sa.and_(column_a == one, column_b == other) for one, other in pairs)))


@claim(RECORDS, "multicolumn_sum.equal")
def sum_equals(column_list: Sequence[Column], *, sum_total: Any) -> Condition:
    """The columns of a row add up, exactly; with a NULL among them they do not."""
    total = column_list[0]
    for column in column_list[1:]:
        total = total + column
    return _certain(total == _bound(sum_total))
